/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Platforms: the many spellings that become one, what is refused and how, and what fits what. */

#include "corpus.h"
#include "unit.h"
#include "util/error.h"
#include "util/platform.h"

static char *parse(const char *text)
{
        Platform platform;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = platform_parse(text, &platform, &error);

        g_assert_cmpstr(error.message, ==, NULL);
        g_assert_cmpint(r, ==, 0);
        return platform_to_text(&platform);
}

/* The rows that containerd's module "platforms" has (database.go), and the names of uname(2) and of distributions. */
static void test_spellings(void)
{
        static const char *const rows[][2] = {
                {"linux/amd64", "linux/amd64"},
                {"linux/x86_64", "linux/amd64"},
                {"linux/x86-64", "linux/amd64"},
                {"linux/amd64/v1", "linux/amd64"},
                {"linux/x86_64/v1", "linux/amd64"},
                {"linux/amd64/v2", "linux/amd64/v2"},
                {"linux/x86_64/v4", "linux/amd64/v4"},
                {"Linux/AMD64", "linux/amd64"},
                {"linux/386", "linux/386"},
                {"linux/i386", "linux/386"},
                {"linux/i486", "linux/386"},
                {"linux/i586", "linux/386"},
                {"linux/i686", "linux/386"},
                {"linux/i386/v2", "linux/386"},
                {"linux/arm64", "linux/arm64"},
                {"linux/aarch64", "linux/arm64"},
                {"linux/arm64/8", "linux/arm64"},
                {"linux/arm64/v8", "linux/arm64"},
                {"linux/arm64/v8.0", "linux/arm64"},
                {"linux/aarch64/v8", "linux/arm64"},
                {"linux/arm64/v8.2", "linux/arm64/v8.2"},
                {"linux/arm64/9", "linux/arm64/v9"},
                {"linux/arm64/9.0", "linux/arm64/v9"},
                {"linux/arm64/v9.0", "linux/arm64/v9"},
                {"linux/arm", "linux/arm/v7"},
                {"linux/arm/5", "linux/arm/v5"},
                {"linux/arm/6", "linux/arm/v6"},
                {"linux/arm/7", "linux/arm/v7"},
                {"linux/arm/8", "linux/arm/v8"},
                {"linux/arm/v6", "linux/arm/v6"},
                {"linux/armhf", "linux/arm/v7"},
                {"linux/armhf/v6", "linux/arm/v7"},
                {"linux/armel", "linux/arm/v6"},
                {"linux/armv7l", "linux/arm/v7"},
                {"linux/armv6l", "linux/arm/v6"},
                {"linux/riscv64", "linux/riscv64"},
                {"linux/ppc64el", "linux/ppc64le"},
                {"linux/mips64el", "linux/mips64le"},
                {"linux/mipsel", "linux/mipsle"},
                {"linux/loongarch64", "linux/loong64"},
                {"linux/s390x", "linux/s390x"},
                {"linux/foo/bar", "linux/foo/bar"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *text = parse(rows[i][0]), *again = parse(rows[i][1]);

                g_test_message("%s", rows[i][0]);
                g_assert_cmpstr(text, ==, rows[i][1]);
                g_assert_cmpstr(again, ==, rows[i][1]);
        }
}

static void assert_fails(const char *text, const char *name, const char *part)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Platform platform = {.os = "untouched"};
        int r = platform_parse(text, &platform, &error);

        assert_refused(r, &error, name, part);
        g_assert_cmpstr(platform.os, ==, "untouched");
        g_assert_cmpint(platform_parse(text, &platform, NULL), <, 0);
}

static void test_refused(void)
{
        assert_fails("", SD_BUS_ERROR_INVALID_ARGS, "'' is no platform; one is as 'linux/amd64'");
        assert_fails("amd64", SD_BUS_ERROR_INVALID_ARGS, "'amd64' is no platform");
        assert_fails("linux/arm/--v7", SD_BUS_ERROR_INVALID_ARGS, "is no platform");
        assert_fails("windows/amd64", ERROR_PLATFORM_NOT_SUPPORTED,
                     "'windows/amd64' is of the system 'windows', and containers are of linux");
        assert_fails("freebsd/arm64/v8", ERROR_PLATFORM_NOT_SUPPORTED, "of the system 'freebsd'");
        assert_fails("windows/--x", SD_BUS_ERROR_INVALID_ARGS, "is no platform");
}

static void test_machines(void)
{
        static const char *const rows[][2] = {
                {"x86_64", "linux/amd64"},        {"i686", "linux/386"},      {"aarch64", "linux/arm64"},
                {"armv7l", "linux/arm/v7"},       {"armv6l", "linux/arm/v6"}, {"armv5tejl", "linux/arm/v5"},
                {"ppc64le", "linux/ppc64le"},     {"s390x", "linux/s390x"},   {"riscv64", "linux/riscv64"},
                {"loongarch64", "linux/loong64"}, {"alpha", "linux/alpha"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *text = NULL;
                Platform platform;

                platform_set_machine(&platform, rows[i][0]);
                text = platform_to_text(&platform);
                g_assert_cmpstr(text, ==, rows[i][1]);
        }
}

static void test_fit(void)
{
        /* What is wanted, what there is, and whether it fits. */
        static const struct {
                const char *wanted, *there;
                bool fits;
        } rows[] = {
                {"linux/amd64", "linux/amd64", true},
                {"linux/amd64/v3", "linux/amd64", true},
                {"linux/amd64/v3", "linux/amd64/v2", true},
                {"linux/amd64", "linux/amd64/v2", false},
                {"linux/amd64/v2", "linux/amd64/v3", false},
                {"linux/arm/v7", "linux/arm/v6", true},
                {"linux/arm/v7", "linux/arm/v5", true},
                {"linux/arm/v6", "linux/arm/v7", false},
                {"linux/arm", "linux/arm/v7", true},
                {"linux/arm64", "linux/arm64/v8", true},
                {"linux/arm64", "linux/arm64/v8.1", false},
                {"linux/arm64/v8.2", "linux/arm64/v8.1", true},
                {"linux/arm64/v8.10", "linux/arm64/v8.9", true},
                {"linux/arm64", "linux/arm/v7", false},
                {"linux/amd64", "linux/386", false},
                {"linux/foo/a", "linux/foo/a", true},
                {"linux/foo/a", "linux/foo", false},
                {"linux/foo/v100", "linux/foo/v2", false},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                Platform wanted, there;

                g_test_message("%s %s", rows[i].wanted, rows[i].there);
                g_assert_cmpint(platform_parse(rows[i].wanted, &wanted, NULL), ==, 0);
                g_assert_cmpint(platform_parse(rows[i].there, &there, NULL), ==, 0);
                g_assert_cmpint(platform_fit(&wanted, &there) > 0, ==, rows[i].fits);
        }
}

/* What images say may be anything. */
static void test_documents(void)
{
        g_autofree char *text = NULL;
        Platform platform, machine;

        platform_set_machine(&machine, "x86_64");
        platform_set(&platform, "linux", "ARM64", "V8");
        text = platform_to_text(&platform);
        g_assert_cmpstr(text, ==, "linux/arm64");
        g_assert_true(platform_is_valid(&platform));
        platform_set(&platform, "windows", "amd64", NULL);
        g_assert_true(platform_is_valid(&platform));
        g_assert_cmpuint(platform_fit(&machine, &platform), ==, 0);
        platform_set(&platform, NULL, "amd64", NULL);
        g_assert_false(platform_is_valid(&platform));
        platform_set(&platform, "linux", "amd64 and more than thirty-one bytes of text", NULL);
        g_assert_false(platform_is_valid(&platform));
        platform_set(&platform, "linux", "amd64", "v1234567890123456789012345678901");
        g_assert_false(platform_is_valid(&platform));
        g_assert_cmpuint(platform_fit(&machine, &platform), ==, 0);
}

static void try_valid(const char *text, gsize size, gpointer data)
{
        g_autofree char *once = parse(text), *twice = parse(once);

        g_assert_cmpstr(once, ==, twice);
}

static void try_invalid(const char *text, gsize size, gpointer data)
{
        Platform platform;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = platform_parse(text, &platform, &error);

        g_assert_cmpint(r, <, 0);
        assert_refused(r, &error, error.name, "platform");
}

static void test_corpus(void)
{
        corpus_each("platform", "valid", TRUE, try_valid, NULL);
        corpus_each("platform", "invalid", TRUE, try_invalid, NULL);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/platform/spellings", test_spellings);
        g_test_add_func("/platform/refused", test_refused);
        g_test_add_func("/platform/machines", test_machines);
        g_test_add_func("/platform/fit", test_fit);
        g_test_add_func("/platform/documents", test_documents);
        g_test_add_func("/platform/corpus", test_corpus);
        return g_test_run();
}
