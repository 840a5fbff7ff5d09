/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The store's records, written by gangway-store and read as the daemon reads them: images, their names and owners, what
 * goes and what stays while it is used, caches, and the sweep of what a killed helper left behind.
 */

#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "store-fixture.h"
#include "util/error.h"

#define BASE   "100000000"
#define SYSTEM "-1"

/* A digest that is told apart by its last digit. */
static char *digest(char digit)
{
        return g_strdup_printf("sha256:%063d%c", 0, digit);
}

/* Imports an image with a layer for each digit, lowest first. */
static GStrv import(const Fixture *f, const char *owner, const char *name, const char *digits)
{
        g_autoptr(GString) script = g_string_new(NULL);
        _cleanup_close_ int fd = -1;

        for (unsigned i = 0; digits[i]; i++) {
                g_autofree char *text = digest(digits[i]);

                g_string_append_printf(script,
                                       "layer %u %s\nfolder %u\nfile %u/f%c content\nsay unpacked %u %s 100\nend\n", i,
                                       text, i, i, digits[i], i, text);
        }
        g_string_append_printf(script, "say done %zu 0\n", strlen(digits));
        fd = store_run_script(script->str);
        return STORE_OK(f->path, fd, "import", owner, name, "0", "0", "", BASE, "1000000", "1000");
}

static void import_quietly(const Fixture *f, const char *owner, const char *name, const char *digits)
{
        g_strfreev(import(f, owner, name, digits));
}

static StoreImage *find(const Fixture *f, uint32_t uid, const char *name)
{
        StoreImage *image = NULL;
        int r = store_find_image(f->store, uid, name, &image);

        g_assert_cmpint(r, ==, image ? 0 : -ENOENT);
        return image;
}

static char *top_folder(const Fixture *f, uint32_t uid, const char *name)
{
        g_autoptr(StoreImage) image = find(f, uid, name);

        g_assert_nonnull(image);
        return g_strdup(((StoreLayer *) g_ptr_array_index(image->layers, 0))->folder);
}

static guint64 freed(GStrv answer)
{
        guint64 bytes = g_ascii_strtoull(store_run_find(answer, "freed"), NULL, 10);

        g_strfreev(answer);
        return bytes;
}

static void assert_counts(const Fixture *f, unsigned layers, unsigned caches)
{
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 0);
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, layers);
        g_assert_cmpuint(store_run_count(f->path, "caches"), ==, caches);
}

static void test_empty(Fixture *f, gconstpointer data)
{
        g_autoptr(GPtrArray) images = NULL, more = NULL;
        g_autofree char *database = g_build_filename(f->path, "gangway.db", NULL);
        struct stat st;

        g_assert_null(find(f, 1000, "x"));
        g_assert_cmpint(store_list_images(f->store, STORE_UID_ALL, &images), ==, 0);
        g_assert_cmpuint(images->len, ==, 0);
        g_strfreev(STORE_OK(f->path, -1, "sweep"));
        g_strfreev(STORE_OK(f->path, -1, "sweep"));
        assert_counts(f, 0, 0);
        g_assert_cmpint(stat(database, &st), ==, 0);
        g_assert_cmpint(st.st_mode & 07777, ==, 0600);
        g_assert_cmpint(stat(f->path, &st), ==, 0);
        g_assert_cmpint(store_list_images(f->store, STORE_UID_ALL, &more), ==, 0);
        g_assert_cmpuint(more->len, ==, 0);
}

static void test_names(Fixture *f, gconstpointer data)
{
        g_autoptr(StoreImage) own = NULL, system = NULL, of = NULL;
        g_autoptr(GPtrArray) own_list = NULL, all = NULL;

        import_quietly(f, SYSTEM, "debian", "1");
        import_quietly(f, "1000", "debian", "12");
        import_quietly(f, "1000", "alpine", "3");
        import_quietly(f, "1001", "private", "4");

        own = find(f, 1000, "debian");
        g_assert_cmpint(own->owner, ==, 1000);
        g_assert_cmpuint(own->layers->len, ==, 2);
        g_assert_cmpuint(own->size, ==, 200);
        system = find(f, 1001, "debian");
        g_assert_cmpint(system->owner, ==, STORE_OWNER_SYSTEM);
        g_assert_cmpint(store_find_image_of(f->store, STORE_OWNER_SYSTEM, "debian", &of), ==, 0);
        g_assert_cmpint(of->id, ==, system->id);
        g_assert_null(find(f, 1000, "private"));
        g_assert_null(find(f, 1000, "Debian"));

        g_assert_cmpint(store_list_images(f->store, 1000, &own_list), ==, 0);
        g_assert_cmpuint(own_list->len, ==, 3);
        g_assert_cmpstr(((StoreImage *) g_ptr_array_index(own_list, 1))->name, ==, "alpine");
        g_assert_cmpint(store_list_images(f->store, STORE_UID_ALL, &all), ==, 0);
        g_assert_cmpuint(all->len, ==, 4);
}

static void test_arguments(Fixture *f, gconstpointer data)
{
        static const char *const names[] = {"", "-x", "a b", "a..b", "a\n", "ü"};
        _cleanup_close_ int fd = store_run_script("");

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                STORE_ERROR(f->path, fd, SD_BUS_ERROR_INVALID_ARGS, "no name", "import", "0", names[i], "0", "0", "",
                            BASE, "1", "1");
        STORE_ERROR(f->path, fd, SD_BUS_ERROR_INVALID_ARGS, "'x'", "import", "x", "a", "0", "0", "", BASE, "1", "1");
        STORE_ERROR(f->path, fd, SD_BUS_ERROR_INVALID_ARGS, "'-1'", "import", "0", "a", "-1", "0", "", BASE, "1", "1");
        STORE_ERROR(f->path, fd, SD_BUS_ERROR_INVALID_ARGS, "2147483647", "import", "0", "a", "0", "0", "",
                    "2147483647", "1", "1");
        STORE_ERROR(f->path, -1, SD_BUS_ERROR_INVALID_ARGS, "8 arguments", "import", "0", "a", "0", "0", "", BASE, "1",
                    "1");
        STORE_ERROR(f->path, -1, SD_BUS_ERROR_INVALID_ARGS, "no request", "explode");
        STORE_ERROR(f->path, -1, ERROR_NO_SUCH_IMAGE, "'x'", "remove", "1000", "x");
        STORE_ERROR(f->path, -1, ERROR_NO_SUCH_IMAGE, "'x'", "tag", "1000", "x", "1000", "y");
        assert_counts(f, 0, 0);
}

static void test_tag_and_remove(Fixture *f, gconstpointer data)
{
        g_autoptr(StoreImage) image = NULL;

        import_quietly(f, "1000", "a", "12");
        import_quietly(f, "1000", "b", "3");
        g_strfreev(STORE_OK(f->path, -1, "tag", "1000", "a", "1000", "a"));
        /* What the new name meant before has no other name. */
        g_strfreev(STORE_OK(f->path, -1, "tag", "1000", "a", "1000", "b"));
        assert_counts(f, 2, 0);
        g_strfreev(STORE_OK(f->path, -1, "tag", "1000", "a", SYSTEM, "c"));
        g_assert_cmpuint(freed(STORE_OK(f->path, -1, "remove", "1000", "a")), ==, 0);
        g_assert_cmpuint(freed(STORE_OK(f->path, -1, "remove", "1000", "b")), ==, 0);
        image = find(f, 77, "c");
        g_assert_cmpuint(image->layers->len, ==, 2);
        g_assert_cmpuint(freed(STORE_OK(f->path, -1, "remove", SYSTEM, "c")), ==, 200);
        assert_counts(f, 0, 0);
        STORE_ERROR(f->path, -1, ERROR_NO_SUCH_IMAGE, "of the system", "remove", SYSTEM, "c");
}

static void test_hold(Fixture *f, gconstpointer data)
{
        g_autofree char *folder = NULL, *path = NULL;
        _cleanup_close_ int hold = -1, second = -1, none = -1;

        import_quietly(f, "1000", "a", "12");
        folder = top_folder(f, 1000, "a");
        path = store_layer_path(f->store, folder);
        g_assert_cmpint(store_hold_layer(f->store, folder, &hold), ==, 0);
        g_assert_cmpint(store_hold_layer(f->store, folder, &second), ==, 0);
        assert_cloexec(hold);

        /* The image goes at once, its layers when the last one lets them go. */
        g_assert_cmpuint(freed(STORE_OK(f->path, -1, "remove", "1000", "a")), ==, 0);
        g_assert_null(find(f, 1000, "a"));
        g_assert_true(g_file_test(path, G_FILE_TEST_IS_DIR));
        g_assert_cmpuint(freed(STORE_OK(f->path, -1, "collect")), ==, 0);
        hold = safe_close(hold);
        g_strfreev(STORE_OK(f->path, -1, "sweep"));
        g_assert_true(g_file_test(path, G_FILE_TEST_IS_DIR));
        second = safe_close(second);
        g_assert_cmpuint(freed(STORE_OK(f->path, -1, "collect")), ==, 200);
        assert_counts(f, 0, 0);
        g_assert_cmpint(store_hold_layer(f->store, folder, &none), ==, -ENOENT);
        g_assert_cmpint(none, ==, -1);
}

/* Somebody removes a layer between its look-up and the hold, or is about to. */
static void test_hold_too_late(Fixture *f, gconstpointer data)
{
        g_autofree char *folder = NULL, *path = NULL;
        _cleanup_close_ int hold = -1, lock = -1;
        sqlite3 *records = NULL;
        g_autofree char *database = g_build_filename(f->path, "gangway.db", NULL);

        import_quietly(f, "1000", "a", "1");
        folder = top_folder(f, 1000, "a");
        path = g_build_filename(f->path, "layers", folder, NULL);
        lock = open(path, O_RDONLY | O_CLOEXEC);
        g_assert_cmpint(flock(lock, LOCK_EX), ==, 0);
        g_assert_cmpint(store_hold_layer(f->store, folder, &hold), ==, -ENOENT);
        lock = safe_close(lock);

        g_assert_cmpint(sqlite3_open(database, &records), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_exec(records, "DELETE FROM images; DELETE FROM layers", NULL, NULL, NULL), ==, 0);
        g_assert_cmpint(sqlite3_close(records), ==, SQLITE_OK);
        g_assert_cmpint(store_hold_layer(f->store, folder, &hold), ==, -ENOENT);
        g_assert_cmpint(hold, ==, -1);
}

static char *create_cache(const Fixture *f, const char *owner, const char *id, gint64 seed)
{
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, seed);
        g_auto(GStrv) answer = STORE_OK(f->path, -1, "cache-create", owner, id, number, BASE);

        return g_strdup(store_run_find(answer, "folder"));
}

static void test_caches(Fixture *f, gconstpointer data)
{
        g_autofree char *first = NULL, *second = NULL, *seeded = NULL, *path = NULL, *copied = NULL;
        g_autoptr(GPtrArray) caches = NULL, with_seed = NULL, none = NULL;
        g_autoptr(StoreImage) image = NULL;
        _cleanup_close_ int hold = -1;
        StoreCache *cache;
        struct stat st;
        gint64 seed;

        import_quietly(f, "1000", "a", "12");
        image = find(f, 1000, "a");
        seed = ((StoreLayer *) g_ptr_array_index(image->layers, 0))->id;
        first = create_cache(f, "1000", "apt/ü", 0);
        second = create_cache(f, "1000", "apt/ü", 0);
        seeded = create_cache(f, "1000", "apt/ü", seed);
        assert_counts(f, 2, 3);

        g_assert_cmpint(store_find_caches(f->store, 1000, "apt/ü", 0, &caches), ==, 0);
        g_assert_cmpuint(caches->len, ==, 2);
        cache = g_ptr_array_index(caches, 0);
        g_assert_cmpstr(cache->folder, ==, first);
        g_assert_cmpuint(cache->id_base, ==, 100000000);
        path = store_cache_path(f->store, first);
        g_assert_cmpint(stat(path, &st), ==, 0);
        g_assert_cmpuint(st.st_uid, ==, 100000000);
        g_assert_cmpint(st.st_mode & 07777, ==, 0755);
        g_assert_cmpint(store_hold_cache(f->store, first, &hold), ==, 0);

        g_assert_cmpint(store_find_caches(f->store, 1000, "apt/ü", seed, &with_seed), ==, 0);
        g_assert_cmpuint(with_seed->len, ==, 1);
        /* It begins with a copy of the image. */
        copied = store_cache_path(f->store, seeded);
        g_assert_true(rmdir(copied) < 0 && errno == ENOTEMPTY);
        g_assert_cmpint(store_find_caches(f->store, 1001, "apt/ü", 0, &none), ==, 0);
        g_assert_cmpuint(none->len, ==, 0);
        STORE_ERROR(f->path, -1, ERROR_NO_SUCH_IMAGE, "removed meanwhile", "cache-create", "1000", "x", "4711", BASE);

        /* The seed stays as long as the cache does. */
        g_strfreev(STORE_OK(f->path, -1, "remove", "1000", "a"));
        assert_counts(f, 2, 3);
        g_strfreev(STORE_OK(f->path, -1, "sweep"));
        assert_counts(f, 2, 3);
}

/* Puts files of so many KiB into a cache, and its last use so many seconds back. */
static void age_cache(const Fixture *f, const char *folder, size_t kibibytes, time_t seconds)
{
        g_autofree char *path = g_build_filename(f->path, "caches", folder, NULL);
        g_autofree char *file = g_build_filename(path, "root", "file", NULL);
        g_autofree char *bytes = g_malloc0(kibibytes * 1024);
        const struct timespec times[] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};

        g_assert_true(g_file_set_contents(file, bytes, (gssize) (kibibytes * 1024), NULL));
        g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
}

static void assert_pruned(GStrv answer, const char *bytes, const char *layers, const char *caches)
{
        g_assert_cmpstr(store_run_find(answer, "freed"), ==, bytes);
        g_assert_cmpstr(store_run_find(answer, "layers"), ==, layers);
        g_assert_cmpstr(store_run_find(answer, "caches"), ==, caches);
        g_strfreev(answer);
}

static void test_prune(Fixture *f, gconstpointer data)
{
        g_autofree char *old = NULL, *used = NULL, *middle = NULL, *fresh = NULL, *other = NULL, *seeded = NULL;
        g_autoptr(StoreImage) image = NULL;
        _cleanup_close_ int hold = -1;

        old = create_cache(f, "1000", "old", 0);
        used = create_cache(f, "1000", "used", 0);
        middle = create_cache(f, "1000", "middle", 0);
        fresh = create_cache(f, "1000", "fresh", 0);
        other = create_cache(f, "1001", "old", 0);
        age_cache(f, old, 64, 5000);
        g_assert_cmpint(store_hold_cache(f->store, used, &hold), ==, 0);
        age_cache(f, used, 64, 4000);
        age_cache(f, middle, 64, 3000);
        age_cache(f, fresh, 64, 0);
        age_cache(f, other, 64, 6000);

        assert_pruned(STORE_OK(f->path, -1, "prune", "1000", "10000", "0"), "0", "0", "0");
        /* All four are 256 KiB: one has to go. */
        assert_pruned(STORE_OK(f->path, -1, "prune", "1000", "0", "200000"), "65536", "0", "1");
        assert_pruned(STORE_OK(f->path, -1, "prune", "1000", "1000", "0"), "65536", "0", "1");
        assert_pruned(STORE_OK(f->path, -1, "prune", "all", "1000", "0"), "65536", "0", "1");
        assert_counts(f, 0, 2);
        hold = safe_close(hold);
        assert_pruned(STORE_OK(f->path, -1, "prune", "all", "0", "0"), "131072", "0", "2");

        /* A seed that has nothing but the cache goes with it, and what is below it too. The cache has a copy of each
         * layer's file besides its own. */
        import_quietly(f, "1000", "a", "12");
        image = find(f, 1000, "a");
        seeded = create_cache(f, "1000", "s", ((StoreLayer *) g_ptr_array_index(image->layers, 0))->id);
        age_cache(f, seeded, 4, 10);
        g_strfreev(STORE_OK(f->path, -1, "remove", "1000", "a"));
        assert_pruned(STORE_OK(f->path, -1, "prune", "1000", "0", "0"), "12488", "2", "1");
        assert_counts(f, 0, 0);
}

static char *make_folder(const Fixture *f, const char *kind, const char *name)
{
        char *path = g_build_filename(f->path, kind, name, NULL);
        g_autofree char *below = g_build_filename(path, "root", "x", NULL);

        g_assert_cmpint(g_mkdir_with_parents(below, 0700), ==, 0);
        return path;
}

static void test_sweep(Fixture *f, gconstpointer data)
{
        g_autofree char *folder = NULL, *layer = NULL, *kept = NULL, *a = NULL, *b = NULL, *c = NULL, *gone = NULL;
        g_autoptr(StoreImage) image = NULL;
        _cleanup_close_ int lock = -1;

        import_quietly(f, "1000", "a", "12");
        import_quietly(f, "1000", "b", "1");
        g_free(create_cache(f, "1000", "c", 0));
        kept = make_folder(f, "incoming", "kept");
        lock = open(kept, O_RDONLY | O_CLOEXEC);
        g_assert_cmpint(flock(lock, LOCK_EX), ==, 0);
        a = make_folder(f, "incoming", "left");
        b = make_folder(f, "layers", "0123456789abcdef");
        c = make_folder(f, "caches", "0123456789abcdef");

        g_strfreev(STORE_OK(f->path, -1, "sweep"));
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 1);
        g_assert_true(g_file_test(kept, G_FILE_TEST_IS_DIR));
        lock = safe_close(lock);
        g_strfreev(STORE_OK(f->path, -1, "sweep"));
        assert_counts(f, 2, 1);

        /* What is missing takes with it what can't be without it, and the rest stays. */
        folder = top_folder(f, 1000, "a");
        layer = g_build_filename(f->path, "layers", folder, NULL);
        gone = g_strdup(layer);
        remove_tree(&layer);
        layer = NULL;
        g_strfreev(STORE_OK(f->path, -1, "sweep"));
        g_assert_null(find(f, 1000, "a"));
        image = find(f, 1000, "b");
        g_assert_nonnull(image);
        assert_counts(f, 1, 1);
}

static void test_newer_version(Fixture *f, gconstpointer data)
{
        g_autofree char *database = g_build_filename(f->path, "gangway.db", NULL);
        sqlite3 *records = NULL;
        StoreImage *image = NULL;

        g_strfreev(STORE_OK(f->path, -1, "sweep"));
        g_assert_cmpint(sqlite3_open(database, &records), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_exec(records, "PRAGMA user_version = 4711", NULL, NULL, NULL), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_close(records), ==, SQLITE_OK);
        STORE_ERROR(f->path, -1, SD_BUS_ERROR_NOT_SUPPORTED, "4711", "sweep");
        g_assert_cmpint(store_find_image(f->store, 0, "x", &image), ==, -EBADMSG);

        g_assert_true(g_file_set_contents(database, "this is no database, and has never been one", -1, NULL));
        STORE_ERROR(f->path, -1, SD_BUS_ERROR_IO_ERROR, "damaged", "sweep");
        g_assert_cmpint(store_find_image(f->store, 0, "x", &image), ==, -EBADMSG);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/store/" name, Fixture, NULL, set_up, function, tear_down)
        if (!store_run_is_possible())
                return 0;
        ADD("empty", test_empty);
        ADD("names", test_names);
        ADD("arguments", test_arguments);
        ADD("tag-and-remove", test_tag_and_remove);
        ADD("hold", test_hold);
        ADD("hold-too-late", test_hold_too_late);
        ADD("caches", test_caches);
        ADD("prune", test_prune);
        ADD("sweep", test_sweep);
        ADD("newer-version", test_newer_version);
        return g_test_run();
}
