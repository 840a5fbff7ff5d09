/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * CONTAINER:PATH taken apart, and how files are shown.
 */

#include "ctl/container-file.h"
#include "ctl/file-listing.h"
#include "unit.h"

static void test_paths(void)
{
        static const struct {
                const char *text, *container, *path;
        } cases[] = {
                {"c:/etc", "c", "/etc"},
                {"c:etc/x", "c", "/etc/x"},
                {"c:", "c", "/"},
                {"1000/c:/", "1000/c", "/"},
                {"c://a//b/./../d/", "c", "/a/d"},
                {"c:/a:b", "c", "/a:b"},
                {"c:/../../x", "c", "/x"},
                {"c:/d/.", "c", "/d"},
        };
        char *container = NULL, *path = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *name = NULL, *found = NULL;

                g_assert_true(container_file_split(cases[i].text, &name, &found));
                g_assert_cmpstr(name, ==, cases[i].container);
                g_assert_cmpstr(found, ==, cases[i].path);
        }
        g_assert_false(container_file_split("c", &container, &path));
        g_assert_false(container_file_split(":/x", &container, &path));
        g_assert_null(container);

        g_assert_cmpstr(path_below("/a/b", "/"), ==, "/a/b");
        g_assert_cmpstr(path_below("/a/b", "/a"), ==, "/b");
        g_assert_cmpstr(path_below("/a", "/a"), ==, "/");
        g_assert_cmpstr(path_below("/", "/"), ==, "/");
        g_assert_null(path_below("/ab", "/a"));
        g_assert_null(path_below("/", "/a"));
}

static void test_listing(void)
{
        static const struct {
                const char *type;
                uint32_t mode;
                const char *text;
        } modes[] = {
                {"file", 0644, "-rw-r--r--"},   {"directory", 01777, "drwxrwxrwt"}, {"directory", 01770, "drwxrwx--T"},
                {"file", 04755, "-rwsr-xr-x"},  {"file", 06644, "-rwSr-Sr--"},      {"symlink", 0777, "lrwxrwxrwx"},
                {"character", 0, "c---------"}, {"new", 0, "?---------"},
        };
        g_autofree char *plain = listing_name("a b ä"), *escape = listing_name("a\033[2J\n\xe2\x80\xaex");

        for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
                g_autofree char *text = listing_mode(modes[i].type, modes[i].mode);
                g_assert_cmpstr(text, ==, modes[i].text);
        }
        g_assert_cmpstr(plain, ==, "a b ä");
        g_autofree char *bytes = listing_name("\xff ok \xc3");
        g_assert_cmpstr(bytes, ==, "\\377 ok \\303");
        g_assert_cmpstr(escape, ==, "a\\033[2J\\012\\342\\200\\256x");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-container-file/paths", test_paths);
        g_test_add_func("/ctl-container-file/listing", test_listing);
        return g_test_run();
}
