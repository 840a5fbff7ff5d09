/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A folder's entries: their order, their pages, and what stays true while others come and go. */

#include <errno.h>

#include "files-tree.h"

static int count_entry(const char *name, const FileEntry *entry, void *userdata)
{
        (*(unsigned *) userdata)++;
        return 0;
}

static int append_name(const char *name, const FileEntry *entry, void *userdata)
{
        g_string_append_printf(userdata, "%s:%s%s%s ", name, entry->type, *entry->target ? ">" : "", entry->target);
        return 0;
}

static void assert_lists(Fixture *f, const char *path, size_t limit, const char *after, const char *expected)
{
        g_autoptr(GString) text = g_string_new("");
        FilesError error;
        int r = files_list(&f->view, path, limit, after, append_name, text, &error);

        if (r < 0)
                g_error("%s", error.sentence);
        g_assert_cmpstr(text->str, ==, expected);
}

static void test_list(Fixture *f, gconstpointer data)
{
        FilesError error;
        unsigned n = 0;

        make_file(f->root, "b", "");
        make_file(f->root, "\xff\xfe", "");
        make_link(f, "a", "nowhere");
        make_folder(f->root, "c");
        g_assert_cmpint(mkfifoat(f->root, "B", 0600), ==, 0);
        make_link(f, "folder", "/c");
        make_file(f->root, "c/.x", "");
        assert_lists(f, "/", 0, "",
                     "B:fifo a:symlink>nowhere b:file c:directory etc:directory folder:symlink>/c \xff\xfe:file ");
        assert_lists(f, "", 2, "", "B:fifo a:symlink>nowhere ");
        assert_lists(f, "", 2, "a", "b:file c:directory ");
        assert_lists(f, "", 9, "f", "folder:symlink>/c \xff\xfe:file ");
        assert_lists(f, "", 9, "\xff\xfe", "");
        assert_lists(f, "folder", 0, "", ".x:file ");
        assert_error(files_list(&f->view, "b", 0, "", count_entry, &n, &error), &error, NOT_A_DIRECTORY, "'b'");
        assert_error(files_list(&f->view, "B", 0, "", count_entry, &n, &error), &error, NOT_A_DIRECTORY, "'B'");
        assert_error(files_list(&f->view, "x", 0, "", count_entry, &n, &error), &error, NO_SUCH_FILE, "'x'");
        assert_error(files_list(&f->view, "../root", 0, "", count_entry, &n, &error), &error, INVALID_ARGS, "leaves");
        g_assert_cmpuint(n, ==, 0);
}

static int check_next(const char *name, const FileEntry *entry, void *userdata)
{
        g_autofree char *expected = g_strdup_printf("%0200u", (*(unsigned *) userdata)++);

        g_assert_cmpstr(name, ==, expected);
        return 0;
}

static void test_list_many(Fixture *f, gconstpointer data)
{
        g_autofree char *last = NULL, *after = g_strdup("");
        FilesError error;
        unsigned n = 0;

        make_many(f, FILES_ENTRIES_MAX);
        g_assert_cmpint(files_list(&f->view, "many", 0, "", check_next, &n, &error), ==, 0);
        g_assert_cmpuint(n, ==, FILES_ENTRIES_MAX);

        last = g_strdup_printf("many/%0200u", FILES_ENTRIES_MAX);
        make_file(f->root, last, "");
        n = 0;
        assert_error(files_list(&f->view, "many", 0, "", count_entry, &n, &error), &error, LIMITS_EXCEEDED, "limit");
        g_assert_cmpuint(n, ==, 0);
        for (unsigned before = 1; n > before || before == 1;) {
                before = n;
                g_assert_cmpint(files_list(&f->view, "many", 1000, after, check_next, &n, &error), ==, 0);
                g_assert_cmpuint(n - before, ==, MIN(1000, FILES_ENTRIES_MAX + 1 - before));
                if (n == before)
                        break;
                g_free(after);
                after = g_strdup_printf("%0200u", n - 1);
        }
        g_assert_cmpuint(n, ==, FILES_ENTRIES_MAX + 1);
}

static void come_and_go(Fixture *f)
{
        for (unsigned i = 0; i < 50; i++) {
                g_autofree char *name = g_strdup_printf("many/x%03u", i * 2);

                make_file(f->root, name, "");
        }
        for (unsigned i = 0; i < 50; i++) {
                g_autofree char *name = g_strdup_printf("many/x%03u", i * 2);

                (void) unlinkat(f->root, name, 0);
                /* And what is there changes between a file and a link. */
                (void) renameat2(f->root, "many/x001", f->root, "link", RENAME_EXCHANGE);
        }
}

static int count_lasting(const char *name, const FileEntry *entry, void *userdata)
{
        unsigned number = (unsigned) strtoul(name + 1, NULL, 10);

        ((unsigned *) userdata)[0]++;
        if (number % 2 == 1)
                ((unsigned *) userdata)[1]++;
        g_assert_true(number == 1 || g_str_equal(entry->type, "file"));
        return 0;
}

/* What stays is there in every listing, and a page that is not full is the last. */
static void test_list_while_changing(Fixture *f, gconstpointer data)
{
        gint64 end = g_get_monotonic_time() + SWAP_MICROSECONDS;
        unsigned short_pages = 0;
        pid_t pid;

        make_folder(f->root, "many");
        make_link(f, "link", "nowhere");
        for (unsigned i = 0; i < 50; i++) {
                g_autofree char *name = g_strdup_printf("many/x%03u", i * 2 + 1);

                make_file(f->root, name, "");
        }
        pid = start_child(come_and_go, f);
        while (g_get_monotonic_time() < end) {
                unsigned counts[2] = {0}, all[2] = {0};
                FilesError error;

                g_assert_cmpint(files_list(&f->view, "many", 40, "", count_lasting, counts, &error), ==, 0);
                g_assert_cmpuint(counts[0], ==, 40);
                g_assert_cmpint(files_list(&f->view, "many", 0, "", count_lasting, all, &error), ==, 0);
                g_assert_cmpuint(all[1], ==, 50);
                if (all[0] > 50)
                        short_pages++;
        }
        end_child(pid);
        g_assert_cmpuint(short_pages, >, 0);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        if (!can_mount())
                return 0;
        add("/files-list/plain", test_list);
        add("/files-list/many", test_list_many);
        add("/files-list/while-changing", test_list_while_changing);
        return g_test_run();
}
