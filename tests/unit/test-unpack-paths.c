/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Paths in archives: none leads outside, the last of several of the same name wins, and names are bytes. */

#include "unpack-driver.h"
#include "util/error.h"

#define FILE(name_, data_)                                                                                             \
        {                                                                                                              \
                .name = (name_), .data = (data_)                                                                       \
        }

/* Either an error that names it, or a file inside. */
static void test_traversal(void)
{
        g_autoptr(Unpack) other = unpack_new();
        g_autofree char *outside = g_build_filename(other->tree, "new", NULL);
        const struct {
                TarEntry entries[3];
                const char *error, *path, *shows;
        } cases[] = {
                {{FILE("../escaped", "x")}, "'..'"},
                {{FILE("a/../../escaped", "x")}, "'..'"},
                {{FILE("a/..", "x")}, "'..'"},
                {{FILE("..", "x")}, "'..'"},
                {{{.name = "..", .type = '5'}}, "'..'"},
                {{FILE("/gangway-escaped", "x")}, NULL, "0/gangway-escaped", "100644 0 0 x"},
                {{FILE("//gangway-escaped", "x")}, NULL, "0/gangway-escaped", "100644 0 0 x"},
                {{FILE("/../gangway-escaped", "x")}, "'..'"},
                {{FILE("a/./b//c", "x")}, NULL, "0/a/b/c", "100644 0 0 x"},
                /* Through a symlink: in the tree of the archive, or not at all. */
                {{{.name = "l", .type = '2', .link = other->tree}, FILE("l/new", "x")}, "l/new"},
                {{{.name = "l", .type = '2', .link = ".."}, FILE("l/new", "x")}, NULL, "0/new", "100644 0 0 x"},
                {{{.name = "l", .type = '2', .link = "/"}, FILE("l/gangway-escaped", "x")},
                 NULL,
                 "0/gangway-escaped",
                 "100644 0 0 x"},
                {{{.name = "d", .type = '5'}, {.name = "l", .type = '2', .link = "../../d"}, FILE("l/f", "x")},
                 NULL,
                 "0/d/f",
                 "100644 0 0 x"},
                {{{.name = "l", .type = '2', .link = "/dev"}, FILE("l/null", "x")}, "l/null"},
                {{{.name = "l", .type = '2', .link = "l"}, FILE("l/f", "x")}, "l/f"},
                /* A symlink is replaced, and not written through. */
                {{{.name = "l", .type = '2', .link = outside}, FILE("l", "x")}, NULL, "0/l", "100644 0 0 x"},
                {{{.name = "l", .type = '2', .link = other->tree}, {.name = "l", .type = '5'}, FILE("l/f", "x")},
                 NULL,
                 "0/l/f",
                 "100644 0 0 x"},
                /* Hard links. */
                {{{.name = "h", .type = '1', .link = "/etc/passwd"}}, "'h'"},
                {{{.name = "h", .type = '1', .link = "../../sentinel"}}, "'..'"},
                {{{.name = "h", .type = '1', .link = "../sentinel"}}, "'..'"},
                {{{.name = "l", .type = '2', .link = other->tree}, {.name = "h", .type = '1', .link = "l/sentinel"}},
                 "'h'"},
                {{{.name = "l", .type = '2', .link = "../.."}, {.name = "h", .type = '1', .link = "l/sentinel"}},
                 "'h'"},
                {{{.name = "h", .type = '1', .link = "."}}, "'h'"},
                {{FILE("f", "x"), {.name = "h", .type = '1', .link = "/f"}}, NULL, "0/h", "100644 0 0 x"},
                {{FILE("f", "x"), {.name = "h", .type = '1', .link = "f"}, FILE("h", "y")},
                 NULL,
                 "0/f",
                 "100644 0 0 x"},
                {{{.name = "", .data = "x"}}, "without a name"},
                {{FILE(".", "x")}, "top folder"},
                {{{.name = ".", .type = '2', .link = "/"}}, "top folder"},
        };

        for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(GByteArray) tar = g_byte_array_new();

                for (guint j = 0; j < 3 && cases[i].entries[j].name; j++)
                        tar_add_entry(tar, &cases[i].entries[j]);
                tar_end(tar);
                g_test_message("case %u: %s", i, cases[i].entries[0].name);
                unpack_bytes(u, tar);
                if (cases[i].error)
                        unpack_assert_error(u, ERROR_INVALID_IMAGE, cases[i].error);
                else {
                        unpack_assert_done(u, 1, 0);
                        unpack_assert_shows(u, cases[i].path, cases[i].shows);
                }
        }
        g_assert_cmpint(access(outside, F_OK), ==, -1);
}

/* The last one wins, whatever the two are; only folders keep what is in them. */
static void test_duplicates(void)
{
        const struct {
                TarEntry entries[4];
                const char *path, *shows;
        } cases[] = {
                {{FILE("a", "1"), FILE("a", "22")}, "0/a", "100644 0 0 22"},
                {{FILE("a", "1"), {.name = "a", .type = '5', .mode = 0700}}, "0/a", "040700 0 0"},
                {{FILE("a", "1"), {.name = "a", .type = '2', .link = "b"}}, "0/a", "120777 0 0 -> b"},
                {{{.name = "a", .type = '2', .link = "b"}, FILE("a", "1")}, "0/a", "100644 0 0 1"},
                {{FILE("a/b", "1"), FILE("a/c/d", "1"), FILE("a", "2")}, "0/a", "100644 0 0 2"},
                {{FILE("a/b", "1"), {.name = "a", .type = '2', .link = "b"}}, "0/a", "120777 0 0 -> b"},
                {{FILE("a/b", "1"), {.name = "a", .type = '5', .mode = 0711}}, "0/a/b", "100644 0 0 1"},
                {{{.name = "a", .type = '5', .mode = 0711}, {.name = "a", .type = '5', .mode = 0700}},
                 "0/a",
                 "040700 0 0"},
                {{FILE("b/c", "1"), {.name = "a", .type = '2', .link = "b"}, {.name = "a", .type = '5'}},
                 "0/a",
                 "040755 0 0"},
                {{{.name = "a", .type = '6'}, FILE("a", "1")}, "0/a", "100644 0 0 1"},
                {{FILE("a", "1"), FILE("a/b", "2")}, "0/a/b", "100644 0 0 2"},
                /* Of a file that was given twice, tar writes a link to itself. */
                {{FILE("a", "1"), {.name = "a", .type = '1', .link = "a"}}, "0/a", "100644 0 0 1"},
                {{FILE("a", "1"), {.name = "./a", .type = '1', .link = "a"}}, "0/a", "100644 0 0 1"},
                {{FILE("a", "1"), FILE("b", "2"), {.name = "b", .type = '1', .link = "a"}}, "0/b", "100644 0 0 1"},
                {{FILE("a", "1"), {.name = "b", .type = '1', .link = "a"}, {.name = "b", .type = '1', .link = "a"}},
                 "0/b",
                 "100644 0 0 1"},
                {{FILE("a/b", "1"), FILE("c", "2"), {.name = "a", .type = '1', .link = "c"}}, "0/a", "100644 0 0 2"},
        };

        for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(GByteArray) tar = g_byte_array_new();

                for (guint j = 0; j < 4 && cases[i].entries[j].name; j++)
                        tar_add_entry(tar, &cases[i].entries[j]);
                tar_end(tar);
                g_test_message("case %u", i);
                unpack_bytes(u, tar);
                unpack_assert_done(u, 1, 0);
                unpack_assert_shows(u, cases[i].path, cases[i].shows);
        }
}

/* A folder that became something else does not get the folder's mode and time in the end. */
static void test_replaced_folder(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(GByteArray) tar = tar_new(FILE("victim", "v"), {.name = "d", .type = '5', .mode = 0777, .time = 5},
                                            {.name = "d", .type = '2', .link = "victim"});

        unpack_bytes(u, tar);
        unpack_assert_done(u, 1, 0);
        unpack_assert_shows(u, "0/victim", "100644 0 0 v");
        g_assert_cmpint(unpack_stat(u, "0/victim").st_mtime, ==, 1000);
}

static void test_names(void)
{
        static const char *const names[] = {"caf\xc3\xa9",
                                            "caf\xe9",
                                            "\xff\xfe",
                                            "a\nb",
                                            "\xed\xa0\xbd\xed\xb8\x80",
                                            " ",
                                            "-rf",
                                            "\xe6\x97\xa5\xe6\x9c\xac"};

        for (guint pax = 0; pax < 2; pax++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(GByteArray) tar = g_byte_array_new();

                for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
                        g_autofree char *record = g_strdup_printf("path=%s\nlinkpath=to-%s\n", names[i], names[i]);
                        g_autofree char *link = g_strdup_printf("to-%s", names[i]);

                        /* A record ends at its length, but the helper cuts at newlines. */
                        if (pax && strchr(names[i], '\n'))
                                continue;
                        if (pax)
                                tar_add(tar, .name = "x", .type = '2', .link = "x", .pax = record);
                        else
                                tar_add(tar, .name = names[i], .type = '2', .link = link);
                }
                tar_end(tar);
                unpack_bytes(u, tar);
                unpack_assert_done(u, 1, 0);
                for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
                        g_autofree char *path = g_strdup_printf("0/%s", names[i]);
                        g_autofree char *expected = g_strdup_printf("120777 0 0 -> to-%s", names[i]);

                        if (!pax || !strchr(names[i], '\n'))
                                unpack_assert_shows(u, path, expected);
                }
        }
}

static void test_long_names(void)
{
        g_autofree char *most = g_strnfill(255, 'n'), *more = g_strnfill(256, 'n');
        g_autoptr(GString) deep = g_string_new(NULL), deeper = g_string_new(NULL);
        const struct {
                const char *name, *part;
        } cases[] = {{most}, {more, "more than 255 bytes"}, {deep->str}, {deeper->str, "more than 4095 bytes"}};

        /* The target's own path is not in the way: 16 times 255 and a few. */
        for (guint i = 0; i < 15; i++)
                g_string_append_printf(deep, "%s/", most);
        g_string_append_printf(deeper, "%s%s/%s", deep->str, most, most);
        g_string_append(deep, most);

        for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Unpack) u = unpack_new();
                const char *name = i < 2 ? cases[i].name : i == 2 ? deep->str : deeper->str;
                g_autofree char *pax = g_strdup_printf("path=%s\n", name);
                g_autoptr(GByteArray) tar = tar_new({.name = "cut", .data = "x", .pax = pax});

                unpack_bytes(u, tar);
                if (cases[i].part)
                        unpack_assert_error(u, ERROR_INVALID_IMAGE, cases[i].part);
                else
                        unpack_assert_done(u, 1, 0);
                if (i == 0) {
                        g_autofree char *path = g_strdup_printf("0/%s", most);

                        unpack_assert_shows(u, path, "100644 0 0 x");
                }
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        unpack_add_test("/unpack-paths/traversal", test_traversal);
        unpack_add_test("/unpack-paths/duplicates", test_duplicates);
        unpack_add_test("/unpack-paths/replaced-folder", test_replaced_folder);
        unpack_add_test("/unpack-paths/names", test_names);
        unpack_add_test("/unpack-paths/long-names", test_long_names);
        return g_test_run();
}
