/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Handlers of binfmt_misc: whose programs one runs by what it compares, and the kernel's text of one. */

#include "model/binfmt-entry.h"

#include <errno.h>

#include "corpus.h"
#include "unit.h"

/* Those of qemu's scripts/qemu-binfmt-conf.sh, and other ways to say the same. Six bytes at the end of a header's first
 * twenty are what matters; the rest is as usual. */
static const struct {
        const char *architecture; /* NULL: none */
        unsigned char class, order;
        unsigned char machine[2];
} machines[] = {
        {"amd64", 2, 1, {0x3e, 0}},   {NULL, 1, 1, {0x3e, 0}} /* x32 */,
        {"386", 1, 1, {3, 0}},        {NULL, 2, 1, {3, 0}},
        {"arm", 1, 1, {0x28, 0}},     {NULL, 1, 2, {0, 0x28}},
        {"arm64", 2, 1, {0xb7, 0}},   {NULL, 2, 2, {0, 0xb7}},
        {"riscv64", 2, 1, {0xf3, 0}}, {NULL, 1, 1, {0xf3, 0}},
        {"ppc64le", 2, 1, {0x15, 0}}, {"ppc64", 2, 2, {0, 0x15}},
        {NULL, 1, 2, {0, 0x14}},      {"s390x", 2, 2, {0, 0x16}},
        {NULL, 2, 1, {0x16, 0}},      {"mips64le", 2, 1, {8, 0}},
        {"mips64", 2, 2, {0, 8}},     {"mipsle", 1, 1, {8, 0}},
        {"mips", 1, 2, {0, 8}},       {"loong64", 2, 1, {2, 1}},
        {"sparc64", 2, 2, {0, 0x2b}}, {NULL, 2, 1, {0xb7, 1}},
        {NULL, 2, 1, {0, 0}},         {NULL, 3, 1, {0xb7, 0}},
        {NULL, 2, 3, {0xb7, 0}},      {NULL, 2, 2, {0xb7, 0}},
};

static void fill(unsigned char *magic, unsigned char *mask, size_t i)
{
        static const unsigned char elf[] = {0x7f, 'E', 'L', 'F'};

        memset(magic, 0, 64);
        memset(mask, 0xff, 64);
        memcpy(magic, elf, sizeof(elf));
        magic[4] = machines[i].class;
        magic[5] = machines[i].order;
        magic[6] = 1;
        magic[machines[i].order == 1 ? 16 : 17] = 2;
        mask[machines[i].order == 1 ? 16 : 17] = 0xfe;
        memcpy(magic + 18, machines[i].machine, 2);
        memset(mask + 20, 0, 44);
}

static void test_machines(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
                unsigned char magic[64], mask[64];
                Platform platform = {};
                int r;

                fill(magic, mask, i);
                g_test_message("%s %u", machines[i].architecture, machines[i].machine[0]);
                for (size_t n = 0; n < 20; n++)
                        g_assert_cmpint(binfmt_magic_to_platform(magic, mask, n, &platform), ==, 0);
                r = binfmt_magic_to_platform(magic, mask, 20, &platform);
                g_assert_cmpint(r, ==, machines[i].architecture != NULL);
                g_assert_cmpint(binfmt_magic_to_platform(magic, mask, 64, &platform), ==, r);
                if (r > 0)
                        g_assert_cmpstr(platform.architecture, ==, machines[i].architecture);
        }
}

/* A bit that is not compared, or is another: it never becomes the handler of another architecture by the first, nor
 * stays that of its own by the second. */
static void test_bits(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(machines); i++)
                for (size_t bit = 0; machines[i].architecture && bit < 20 * 8; bit++) {
                        bool is_number = bit / 8 == (machines[i].order == 1 ? 18 : 19);
                        unsigned char magic[64], mask[64];
                        Platform platform = {};

                        fill(magic, mask, i);
                        mask[bit / 8] &= (unsigned char) ~(1U << bit % 8);
                        if (binfmt_magic_to_platform(magic, mask, 20, &platform) > 0) {
                                g_assert_cmpstr(platform.architecture, ==, machines[i].architecture);
                                g_assert_false(is_number);
                        }
                        fill(magic, mask, i);
                        if (!(mask[bit / 8] & (1U << bit % 8)))
                                continue;
                        magic[bit / 8] ^= (unsigned char) (1U << bit % 8);
                        if (binfmt_magic_to_platform(magic, mask, 20, &platform) > 0)
                                g_assert_cmpstr(platform.architecture, !=, machines[i].architecture);
                }
}

static void try_valid(const char *text, gsize size, gpointer data)
{
        Platform platform = {};

        g_assert_cmpint(binfmt_entry_parse(text, &platform), ==, 1);
        g_assert_true(platform_is_valid(&platform));
        g_assert_cmpstr(platform.os, ==, "linux");
}

static void try_idle(const char *text, gsize size, gpointer data)
{
        Platform platform = {.os = "untouched"};

        g_assert_cmpint(binfmt_entry_parse(text, &platform), ==, 0);
        g_assert_cmpstr(platform.os, ==, "untouched");
}

static void try_invalid(const char *text, gsize size, gpointer data)
{
        Platform platform = {.os = "untouched"};

        g_assert_cmpint(binfmt_entry_parse(text, &platform), ==, -EBADMSG);
        g_assert_cmpstr(platform.os, ==, "untouched");
}

static void test_corpus(void)
{
        /* Lines that end with a space, as the kernel writes them. */
        try_idle("enabled\ninterpreter /x\nflags: \noffset 0\nmagic 7f454c46\n", 0, NULL);
        try_invalid("enabled\ninterpreter /x\nflags: F\noffset 0\nmagic \n", 0, NULL);
        corpus_each("binfmt", "valid", FALSE, try_valid, NULL);
        corpus_each("binfmt", "idle", FALSE, try_idle, NULL);
        corpus_each("binfmt", "invalid", FALSE, try_invalid, NULL);
}

static void test_status(void)
{
        g_assert_true(binfmt_status_is_enabled("enabled\n"));
        g_assert_false(binfmt_status_is_enabled("disabled\n"));
        g_assert_false(binfmt_status_is_enabled(""));
        g_assert_false(binfmt_status_is_enabled("enabled, or not"));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/binfmt-entry/machines", test_machines);
        g_test_add_func("/binfmt-entry/bits", test_bits);
        g_test_add_func("/binfmt-entry/corpus", test_corpus);
        g_test_add_func("/binfmt-entry/status", test_status);
        return g_test_run();
}
