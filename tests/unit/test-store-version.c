/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Records that an older gangway made: they are read as they are, and brought to this version by the first change. */

#include <sqlite3.h>

#include "backend/store.h"
#include "store/store-run.h"
#include "unit.h"

#define ONE    "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define SCRIPT "layer 0 " ONE "\nfolder 0\nsay unpacked 0 " ONE " 5\nend\nsay setting env A=1\n"

typedef struct Fixture {
        char *path;
        char *database;
        Store *store;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
        f->path = make_tree();
        f->database = g_build_filename(f->path, "gangway.db", NULL);
        g_assert_cmpint(store_open(f->path, &f->store), ==, 0);
}

static void tear_down(Fixture *f, gconstpointer data)
{
        g_assert_null(store_close(f->store));
        g_free(f->database);
        remove_tree(&f->path);
}

static void import(const Fixture *f, const char *name, const char *rest)
{
        g_autofree char *script = g_strconcat(SCRIPT, rest, "say done 1 0\n", NULL);
        _cleanup_close_ int fd = store_run_script(script);

        g_strfreev(STORE_OK(f->path, fd, "import", "1000", name, "0", "0", "", "100000000", "1000000", "1000"));
}

static int on_number(void *userdata, int n, char **values, char **names)
{
        *(int *) userdata = (int) g_ascii_strtoll(values[0], NULL, 10);
        return 0;
}

/* Returns the number that a statement answers. */
static int run_sql(const Fixture *f, const char *sql)
{
        sqlite3 *records = NULL;
        int number = -1;

        g_assert_cmpint(sqlite3_open(f->database, &records), ==, SQLITE_OK);
        if (sqlite3_exec(records, sql, on_number, &number, NULL) != SQLITE_OK)
                g_error("%s: %s", sql, sqlite3_errmsg(records));
        g_assert_cmpint(sqlite3_close(records), ==, SQLITE_OK);
        return number;
}

static void assert_platform(const Fixture *f, const char *name, const char *platform)
{
        g_autoptr(StoreImage) image = NULL;

        g_assert_cmpint(store_find_image(f->store, 1000, name, &image), ==, 0);
        g_assert_cmpstr(image->platform, ==, platform);
        g_assert_cmpstr(image->env[0], ==, "A=1");
        g_assert_cmpuint(image->layers->len, ==, 1);
}

/* Version 1 had no platforms. */
static void test_first(Fixture *f, gconstpointer data)
{
        g_autoptr(GPtrArray) images = NULL;

        import(f, "old", "say platform linux/s390x\n");
        assert_platform(f, "old", "linux/s390x");
        run_sql(f, "ALTER TABLE images DROP COLUMN platform; PRAGMA user_version = 1");
        g_assert_null(store_close(f->store));
        g_assert_cmpint(store_open(f->path, &f->store), ==, 0);

        assert_platform(f, "old", "");
        g_assert_cmpint(store_list_images(f->store, 1000, &images), ==, 0);
        g_assert_cmpuint(images->len, ==, 1);
        g_assert_cmpint(run_sql(f, "PRAGMA user_version"), ==, 1);

        g_strfreev(STORE_OK(f->path, -1, "sweep"));
        g_assert_cmpint(run_sql(f, "PRAGMA user_version"), ==, 2);
        assert_platform(f, "old", "");
        import(f, "new", "say platform linux/arm64\n");
        g_assert_null(store_close(f->store));
        g_assert_cmpint(store_open(f->path, &f->store), ==, 0);
        assert_platform(f, "new", "linux/arm64");
        assert_platform(f, "old", "");
}

/* Whatever the first change is. */
static void test_by_change(Fixture *f, gconstpointer data)
{
        import(f, "old", "");
        run_sql(f, "ALTER TABLE images DROP COLUMN platform; PRAGMA user_version = 1");
        import(f, "new", "say platform linux/arm/v6\n");
        assert_platform(f, "new", "linux/arm/v6");
        g_strfreev(STORE_OK(f->path, -1, "tag", "1000", "new", "1000", "newer"));
        assert_platform(f, "newer", "linux/arm/v6");
        g_strfreev(STORE_OK(f->path, -1, "tag", "1000", "old", "1000", "older"));
        assert_platform(f, "older", "");
}

/* What nobody can write is read as it is. */
static void test_unknown(Fixture *f, gconstpointer data)
{
        StoreImage *image = NULL;

        import(f, "old", "");
        run_sql(f, "PRAGMA user_version = -1");
        STORE_ERROR(f->path, -1, SD_BUS_ERROR_NOT_SUPPORTED, "version -1", "sweep");
        g_assert_cmpint(store_find_image(f->store, 1000, "old", &image), ==, -EBADMSG);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        if (!store_run_is_possible())
                return 0;
        g_test_add("/store-version/first", Fixture, NULL, set_up, test_first, tear_down);
        g_test_add("/store-version/by-change", Fixture, NULL, set_up, test_by_change, tear_down);
        g_test_add("/store-version/unknown", Fixture, NULL, set_up, test_unknown, tear_down);
        return g_test_run();
}
