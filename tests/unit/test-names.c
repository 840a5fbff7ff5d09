/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The rule for names, and what is made of one. */

#include <glib.h>
#include <string.h>

#include "model/names.h"

#define TEN(c) c c c c c c c c c c
#define SIXTY  TEN("abcdef")

static void test_valid(void)
{
        static const char *const names[] = {"a", "Z", "0", "9lives", "a.b_c-d", "a..b", "a-", SIXTY "123"};

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_test_message("'%s'", names[i]);
                g_assert_true(name_is_valid(names[i]));
        }
}

static void test_invalid(void)
{
        static const char *const names[] = {"",    "-a",       ".a",    "..",    "_a",        "a b",
                                            "a/b", "a:b",      "a@b",   "a\n",   "a\\",       "a%b",
                                            "a,b", "\xc3\xa9", "a\xc3", "a\x7f", SIXTY "1234"};

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_test_message("'%s'", names[i]);
                g_assert_false(name_is_valid(names[i]));
        }
}

/* Each of the 256 bytes, as a name's first and as its second character. */
static void test_every_byte(void)
{
        for (int byte = 1; byte < 256; byte++) {
                char first[] = {(char) byte, 'x', '\0'}, second[] = {'x', (char) byte, '\0'};
                bool letter = g_ascii_isalnum((char) byte);

                g_test_message("byte %d", byte);
                g_assert_cmpint(name_is_valid(first), ==, letter);
                g_assert_cmpint(name_is_valid(second), ==, letter || byte == '_' || byte == '.' || byte == '-');
        }
}

static void test_made_of_it(void)
{
        g_autofree char *id = name_to_id(1000, "a.b-c"), *unit = name_to_unit(0, "web"), *slice = uid_to_slice(1000);
        g_autofree char *last_id = name_to_id(4294967294U, "x"), *last_unit = name_to_unit(4294967294U, "x");
        g_autofree char *last_slice = uid_to_slice(4294967294U);

        g_assert_cmpstr(id, ==, "1000-a.b-c");
        g_assert_cmpstr(unit, ==, "gangway-0-web.scope");
        g_assert_cmpstr(slice, ==, "gangway-1000.slice");
        g_assert_cmpstr(last_id, ==, "4294967294-x");
        g_assert_cmpstr(last_unit, ==, "gangway-4294967294-x.scope");
        g_assert_cmpstr(last_slice, ==, "gangway-4294967294.slice");
}

static void test_generated(void)
{
        g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        for (int i = 0; i < 64; i++) {
                char *name = name_generate();

                g_assert_true(name_is_valid(name));
                g_assert_cmpuint(strlen(name), ==, 9);
                g_assert_cmpint(name[0], ==, 'c');
                g_assert_cmpuint(strspn(name + 1, "0123456789abcdef"), ==, 8);
                g_hash_table_add(names, name);
        }
        /* Two of 64 are the same once in two million runs, three never. */
        g_assert_cmpuint(g_hash_table_size(names), >=, 63);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/names/valid", test_valid);
        g_test_add_func("/names/invalid", test_invalid);
        g_test_add_func("/names/every-byte", test_every_byte);
        g_test_add_func("/names/made-of-it", test_made_of_it);
        g_test_add_func("/names/generated", test_generated);
        return g_test_run();
}
