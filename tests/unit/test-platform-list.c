/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What can run on a machine: the list's order, what it leaves out, and what is said to who wants more. */

#include "model/platform-list.h"
#include "model/x86-level.h"
#include "unit.h"
#include "util/error.h"

/* The list for a machine, with handlers for these platforms. */
static PlatformList *make(const char *machine, unsigned level, bool sibling, const char *const *foreign)
{
        g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(Platform));

        for (; *foreign; foreign++) {
                Platform platform;

                g_assert_cmpint(platform_parse(*foreign, &platform, NULL), ==, 0);
                g_array_append_val(array, platform);
        }
        return platform_list_new(
                &(const PlatformFacts){.machine = machine, .level = level, .runs_sibling = sibling, .foreign = array});
}

#define FOREIGN(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE         ((const char *const[]){NULL})

static void assert_list(PlatformList *list, const char *expected)
{
        g_autofree char *text = g_strjoinv(" ", (GStrv) platform_list_get(list));

        g_assert_cmpstr(text, ==, expected);
        platform_list_free(list);
}

static void test_lists(void)
{
        assert_list(make("x86_64", 1, false, NONE), "linux/amd64");
        assert_list(make("x86_64", 3, true, NONE), "linux/amd64 linux/amd64/v2 linux/amd64/v3 linux/386");
        assert_list(make("x86_64", 9, false, NONE), "linux/amd64 linux/amd64/v2 linux/amd64/v3 linux/amd64/v4");
        assert_list(make("aarch64", 0, true, NONE), "linux/arm64 linux/arm/v7 linux/arm/v6 linux/arm/v5");
        assert_list(make("armv7l", 0, true, NONE), "linux/arm/v7 linux/arm/v6 linux/arm/v5");
        assert_list(make("armv6l", 0, true, NONE), "linux/arm/v6 linux/arm/v5");
        assert_list(make("riscv64", 0, true, NONE), "linux/riscv64");
        assert_list(make("alpha", 3, true, NONE), "linux/alpha");
        g_assert_null(platform_list_free(NULL));
}

static void test_foreign(void)
{
        assert_list(make("x86_64", 2, false,
                         FOREIGN("linux/s390x", "linux/arm", "linux/amd64", "linux/arm64", "linux/arm64", "linux/386")),
                    "linux/amd64 linux/amd64/v2 linux/386 linux/arm/v7 linux/arm/v6 linux/arm/v5 linux/arm64 "
                    "linux/s390x");
        assert_list(make("aarch64", 0, false, FOREIGN("linux/amd64")), "linux/arm64 linux/amd64");
        assert_list(make("x86_64", 1, true, FOREIGN("linux/386")), "linux/amd64 linux/386");
}

static void assert_check(const PlatformList *list, const char *text, const char *const *parts)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Platform platform;
        int r;

        g_assert_cmpint(platform_parse(text, &platform, NULL), ==, 0);
        r = platform_list_check(list, &platform, &error);
        if (!parts) {
                g_assert_cmpstr(error.message, ==, NULL);
                g_assert_cmpint(r, ==, 0);
                return;
        }
        for (; parts[1]; parts++)
                if (!strstr(error.message, parts[0]))
                        g_error("'%s' is not in '%s'", parts[0], error.message);
        assert_refused(r, &error, ERROR_PLATFORM_NOT_SUPPORTED, parts[0]);
}

static void test_check(void)
{
        g_autoptr(PlatformList) list = make("x86_64", 2, false, FOREIGN("linux/arm"));

        assert_check(list, "linux/amd64", NULL);
        assert_check(list, "linux/amd64/v2", NULL);
        assert_check(list, "linux/arm/v5", NULL);
        assert_check(list, "linux/arm64",
                     FOREIGN("platform linux/arm64 can't run here", "linux/amd64, linux/amd64/v2, linux/arm/v7, ",
                             "qemu-user-static on Debian and Fedora", "flag F"));
        assert_check(list, "linux/arm/v8", FOREIGN("linux/arm/v8"));
        assert_check(list, "linux/amd64/v3", FOREIGN("linux/amd64/v3 can't run here", "processor"));
        assert_check(list, "linux/386", FOREIGN("linux/386 can't run here", "32-bit"));
        assert_check(list, "linux/amd64/baseline", FOREIGN("linux/amd64/baseline"));
}

/* A level is there with all that it takes, and not with one thing less. */
static void test_levels(void)
{
        static const X86Features full[] = {
                {0},
                {.leaf1_ecx = 0x00982201, .extended1_ecx = 0x1},
                {.leaf1_ecx = 0x38d83201, .leaf7_ebx = 0x128, .extended1_ecx = 0x21, .xcr0 = 0x6},
                {.leaf1_ecx = 0x38d83201, .leaf7_ebx = 0xd0030128, .extended1_ecx = 0x21, .xcr0 = 0xe6},
        };
        static const X86Features all = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};

        g_assert_cmpuint(x86_level(&all), ==, 4);
        for (size_t i = 0; i < G_N_ELEMENTS(full); i++) {
                const uint32_t *words = (const uint32_t *) &full[i];

                g_assert_cmpuint(x86_level(&full[i]), ==, i + 1);
                for (size_t bit = 0; bit < sizeof(X86Features) * 8; bit++) {
                        X86Features less = full[i];

                        if (!(words[bit / 32] >> bit % 32 & 1))
                                continue;
                        ((uint32_t *) &less)[bit / 32] ^= UINT32_C(1) << bit % 32;
                        g_assert_cmpuint(x86_level(&less), <, i + 1);
                }
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/platform-list/lists", test_lists);
        g_test_add_func("/platform-list/foreign", test_foreign);
        g_test_add_func("/platform-list/check", test_check);
        g_test_add_func("/platform-list/levels", test_levels);
        return g_test_run();
}
