/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The machine stops before new layers are known to be on the disk: they go with what stands on them, and what they were
 * to replace comes back. The records are put into the state that they have in that moment, since it is too short to be
 * hit.
 */

#include <sqlite3.h>

#include "store-fixture.h"

/* Of one layer for each digit, lowest first, by which its digest and its file are told. */
static void import(const Fixture *f, const char *name, const char *digits)
{
        g_autoptr(GString) script = g_string_new(NULL);
        _cleanup_close_ int fd = -1;

        for (unsigned i = 0; digits[i]; i++)
                g_string_append_printf(script,
                                       "layer %u sha256:%063d%c\nfolder %u\nfile %u/%c x\n"
                                       "say unpacked %u sha256:%063d%c 1\nend\n",
                                       i, 0, digits[i], i, i, digits[i], i, 0, digits[i]);
        g_string_append_printf(script, "say setting env FROM=%s\nsay done %zu 0\n", digits, strlen(digits));
        fd = store_run_script(script->str);
        g_strfreev(STORE_OK(f->path, fd, "import", "1000", name, "0", "0", "", "100000000", "1000", "10"));
}

static void change(const Fixture *f, const char *sql)
{
        g_autofree char *database = g_build_filename(f->path, "gangway.db", NULL);
        sqlite3 *records = NULL;

        g_assert_cmpint(sqlite3_open(database, &records), ==, SQLITE_OK);
        if (sqlite3_exec(records, sql, NULL, NULL, NULL) != SQLITE_OK)
                g_error("%s: %s", sql, sqlite3_errmsg(records));
        g_assert_cmpint(sqlite3_close(records), ==, SQLITE_OK);
}

/* As if the layer with this digit had come just before the machine stopped, and as if it had not. */
static void unsettle(const Fixture *f, char digit, const char *boot_id)
{
        g_autofree char *sql =
                g_strdup_printf("UPDATE layers SET boot_id = '%s' WHERE digest LIKE '%%%c'", boot_id, digit);

        change(f, sql);
}

/* As if newer, which has a name of its own here, had been imported in the place of name. */
static void supersede(const Fixture *f, const char *name, const char *newer)
{
        g_autofree char *sql = g_strdup_printf(
                "UPDATE images SET superseded = (SELECT id FROM images WHERE name = '%s')"
                " WHERE name = '%s' AND superseded = 0; UPDATE images SET name = '%s' WHERE name = '%s'",
                newer, name, name, newer);

        change(f, sql);
}

/* Its digits, or NULL. */
static char *find(const Fixture *f, const char *name)
{
        g_autoptr(StoreImage) image = NULL;
        int r = store_find_image(f->store, 1000, name, &image);

        g_assert_cmpint(r, ==, image ? 0 : -ENOENT);
        return image ? g_strdup(image->env[0] + strlen("FROM=")) : NULL;
}

static void assert_image(const Fixture *f, const char *name, const char *digits)
{
        g_autofree char *found = find(f, name);

        g_assert_cmpstr(found, ==, digits);
}

static void sweep(const Fixture *f)
{
        g_strfreev(STORE_OK(f->path, -1, "sweep"));
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 0);
}

static void test_settles(Fixture *f, gconstpointer data)
{
        import(f, "a", "12");
        import(f, "b", "1");
        unsettle(f, '1', "");
        sweep(f);
        assert_image(f, "a", "12");

        /* Another run of the machine. Only what was not settled goes. */
        unsettle(f, '2', "another");
        sweep(f);
        assert_image(f, "a", NULL);
        assert_image(f, "b", "1");
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 1);
        import(f, "a", "12");
        unsettle(f, '1', "another");
        sweep(f);
        assert_image(f, "a", NULL);
        assert_image(f, "b", NULL);
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 0);
}

static char *read_boot_id(void)
{
        char *id = NULL;

        g_assert_true(g_file_get_contents("/proc/sys/kernel/random/boot_id", &id, NULL, NULL));
        return g_strstrip(id);
}

/* The helper was killed, and the machine goes on: then all is there, and the next one does what is left. */
static void test_killed(Fixture *f, gconstpointer data)
{
        g_autofree char *boot_id = read_boot_id();

        import(f, "a", "1");
        import(f, "newer", "2");
        supersede(f, "a", "newer");
        unsettle(f, '2', boot_id);
        assert_image(f, "a", "2");
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 2);
        sweep(f);
        assert_image(f, "a", "2");
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 1);
        unsettle(f, '2', "");
        sweep(f);
        assert_image(f, "a", "2");
}

static void test_comes_back(Fixture *f, gconstpointer data)
{
        import(f, "a", "1");
        import(f, "newer", "2");
        import(f, "newest", "3");
        supersede(f, "a", "newer");
        supersede(f, "a", "newest");
        assert_image(f, "a", "3");
        unsettle(f, '2', "another");
        unsettle(f, '3', "another");
        sweep(f);
        assert_image(f, "a", "1");
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 1);

        /* The one in the middle. */
        import(f, "newer", "2");
        import(f, "newest", "3");
        supersede(f, "a", "newer");
        supersede(f, "a", "newest");
        unsettle(f, '2', "another");
        sweep(f);
        assert_image(f, "a", "3");
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 1);
}

/* Whoever removes an image does not want the one before it. */
static void test_removed(Fixture *f, gconstpointer data)
{
        import(f, "a", "1");
        import(f, "newer", "2");
        supersede(f, "a", "newer");
        g_strfreev(STORE_OK(f->path, -1, "remove", "1000", "a"));
        assert_image(f, "a", NULL);
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 0);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/store-settle/" name, Fixture, NULL, set_up, function, tear_down)
        if (!store_run_is_possible())
                return 0;
        ADD("settles", test_settles);
        ADD("killed", test_killed);
        ADD("comes-back", test_comes_back);
        ADD("removed", test_removed);
        return g_test_run();
}
