/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The rules for images' names and for references. */

#include <glib.h>
#include <string.h>

#include "model/image-name.h"

#define FIVE(c)           c c c c c
#define TWO_HUNDRED_FIFTY FIVE(FIVE("abcdefghij"))

static void test_valid(void)
{
        static const char *const names[] = {"a",
                                            "Z",
                                            "0",
                                            "debian",
                                            "debian:12",
                                            "host:5000/a/b_c:1.0-rc1+x",
                                            "x@sha256:0123",
                                            "a.b",
                                            "a/",
                                            "a//b",
                                            "docker://a",
                                            TWO_HUNDRED_FIFTY "12345"};

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_test_message("'%s'", names[i]);
                g_assert_true(image_name_is_valid(names[i]));
        }
}

static void test_invalid(void)
{
        static const char *const names[] = {"",
                                            "-a",
                                            ".",
                                            "..",
                                            "/a",
                                            ":a",
                                            "_a",
                                            "a..b",
                                            "a..",
                                            "a b",
                                            "a\tb",
                                            "a\nb",
                                            "a\\b",
                                            "a%b",
                                            "a$b",
                                            "a'b",
                                            "a~",
                                            "a?",
                                            "[::1]/a",
                                            "\xc3\xa9",
                                            "a\xc3",
                                            "a\x7f",
                                            TWO_HUNDRED_FIFTY "123456"};

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *escaped = g_strescape(names[i], NULL);

                g_test_message("'%s'", escaped);
                g_assert_false(image_name_is_valid(names[i]));
                g_assert_false(image_reference_is_valid(names[i]));
        }
}

/* Each of the 255 bytes, as a name's first and as its second character. */
static void test_every_byte(void)
{
        for (int byte = 1; byte < 256; byte++) {
                char first[] = {(char) byte, 'x', '\0'}, second[] = {'x', (char) byte, 'x', '\0'};
                bool letter = g_ascii_isalnum((char) byte);

                g_test_message("byte %d", byte);
                g_assert_cmpint(image_name_is_valid(first), ==, letter);
                g_assert_cmpint(image_name_is_valid(second), ==, letter || strchr("._:/@+-", byte) != NULL);
        }
}

static void test_reference(void)
{
        static const char *const good[] = {"debian", "debian:12", "localhost:5000/a/b:1",
                                           "host.example:443/a/b_c-d.e@sha256:0123"};
        static const char *const bad[] = {"docker://debian", "a//b", "a/", "a:", "a@", "a:/b", "a/:b", "a@:b"};

        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                g_test_message("'%s'", good[i]);
                g_assert_true(image_reference_is_valid(good[i]));
        }
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_test_message("'%s'", bad[i]);
                g_assert_false(image_reference_is_valid(bad[i]));
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/image-name/valid", test_valid);
        g_test_add_func("/image-name/invalid", test_invalid);
        g_test_add_func("/image-name/every-byte", test_every_byte);
        g_test_add_func("/image-name/reference", test_reference);
        return g_test_run();
}
