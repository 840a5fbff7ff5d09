/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gangway-store is killed while it imports, commits, tags and removes: at random moments, several hundred times, and
 * before each single one of the system calls that change something. After each the store is swept, and compared with
 * what it may be: every image that was reported, or was there before, has each of its bytes; an operation that nobody
 * heard the end of has happened or has not; and there is no folder without a row, nor a row without a folder. Beside
 * every third one a second operation goes on, and has to succeed.
 *
 * What an image holds follows from numbers: its layers are made of seeds, "3 5" is layer 5 on layer 3.
 */

#include <sqlite3.h>
#include <sys/stat.h>

#include "../unit/unit.h"
#include "backend/store.h"
#include "store/store-run.h"

#define BASE "100000000"
/* With sanitizers each takes many times as long, and what they look for is found by fewer. */
#define N_KILLS      (g_getenv("GANGWAY_SANITIZE") ? 40U : 240U)
#define LONGEST      (200 * G_TIME_SPAN_MILLISECOND)
#define N_SEEDS      6
#define N_FILES      4
#define FIRST_COMMIT 10 /* seeds of what containers write */

static const char *const names[] = {"a", "b", "c", "d"};

typedef struct World {
        char *path;
        char *sources; /* a tree, and an archive where they are real, for each seed */
        bool real;
        Store *store;
        GHashTable *images; /* seeds by name */
        gint64 usual;       /* how long an operation takes that is not killed, in microseconds */
        unsigned n_kills, n_unheard, n_happened;
} World;

/* What is asked for, and what it makes of the image `name`: NULL where it is removed. */
typedef struct Request {
        GStrv words;
        int fd;
        const char *name;
        char *seeds;
} Request;

static void request_done(Request *request)
{
        g_strfreev(request->words);
        safe_close(request->fd);
        g_free(request->seeds);
}

static guint64 file_size(int seed, int file)
{
        return (guint64) (seed * 7919 + file * 104729) % 120000 + 1;
}

static void make_tree_of(const char *folder, int seed)
{
        g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
        for (int i = 0; i < N_FILES; i++) {
                g_autofree char *path = g_strdup_printf("%s/s%d-%d", folder, seed, i);

                g_assert_true(store_run_fill(path, file_size(seed, i), (guint32) (seed * 16 + i)));
        }
}

static bool is_tree_of(const char *folder, int seed)
{
        for (int i = 0; i < N_FILES; i++) {
                g_autofree char *path = g_strdup_printf("%s/s%d-%d", folder, seed, i);

                if (!store_run_is_filled(path, file_size(seed, i), (guint32) (seed * 16 + i)))
                        return false;
        }
        return true;
}

static char *source_path(const World *w, int seed, const char *suffix)
{
        return g_strdup_printf("%s/%d%s", w->sources, seed, suffix);
}

static void make_sources(World *w)
{
        w->sources = make_tree();
        for (int seed = 1; seed < FIRST_COMMIT + N_SEEDS; seed++) {
                g_autofree char *folder = source_path(w, seed, ""), *archive = source_path(w, seed, ".tar");
                const char *const argv[] = {"/bin/tar", "-cf", archive, "-C", folder, ".", NULL};
                g_autoptr(GError) error = NULL;

                make_tree_of(folder, seed);
                g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL, 0, NULL, NULL, NULL, NULL, NULL, &error));
                g_assert_no_error(error);
        }
}

/* The script of an image for the program that stands in for gangway-unpack. */
static char *make_script(const int *seeds, int n)
{
        GString *script = g_string_new(NULL);

        for (int i = 0; i < n; i++) {
                g_string_append_printf(script, "layer %d sha256:%064d\nfolder %d\n", i, seeds[i], i);
                for (int k = 0; k < N_FILES; k++)
                        g_string_append_printf(script, "fill %d/s%d-%d %" G_GUINT64_FORMAT " %d\n", i, seeds[i], k,
                                               file_size(seeds[i], k), seeds[i] * 16 + k);
                g_string_append_printf(script, "say unpacked %d sha256:%064d 1000\nend\n", i, seeds[i]);
        }
        g_string_append_printf(script, "say done %d 0\n", n);
        return g_string_free(script, FALSE);
}

static Request new_import(const World *w, const char *name)
{
        const char *const words[] = {"import", "1000", name, "0", "0", "", BASE, "100000000", "1000", NULL};
        Request request = {.words = g_strdupv((GStrv) words), .fd = -1, .name = name};
        int first = g_random_int_range(1, N_SEEDS + 1), n = g_random_int_range(1, 4);
        int seeds[3];

        if (w->real) {
                g_autofree char *path = source_path(w, first, ".tar");

                request.fd = open(path, O_RDONLY | O_CLOEXEC);
                request.seeds = g_strdup_printf("%d", first);
        } else {
                g_autoptr(GString) text = g_string_new(NULL);
                g_autofree char *script = NULL;

                for (int i = 0; i < n; i++) {
                        seeds[i] = (first + i) % N_SEEDS + 1;
                        g_string_append_printf(text, "%s%d", i > 0 ? " " : "", seeds[i]);
                }
                script = make_script(seeds, n);
                request.fd = store_run_script(script);
                request.seeds = g_strdup(text->str);
        }
        g_assert_cmpint(request.fd, >=, 0);
        return request;
}

static Request new_commit(const World *w, const char *name, const char *parent, const char *parent_seeds)
{
        g_autoptr(StoreImage) image = NULL;
        int seed = FIRST_COMMIT + g_random_int_range(0, N_SEEDS);
        g_autofree char *folder = source_path(w, seed, ""), *layer = NULL;
        Request request = {.name = name};

        if (parent_seeds)
                g_assert_cmpint(store_find_image(w->store, 1000, parent, &image), ==, 0);
        layer = g_strdup_printf("%" G_GINT64_FORMAT,
                                image ? ((StoreLayer *) g_ptr_array_index(image->layers, 0))->id : (gint64) 0);
        request.words = g_strdupv((char *[]){"commit", "1000", (char *) name, layer, BASE, "", NULL});
        request.fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        request.seeds = parent_seeds ? g_strdup_printf("%s %d", parent_seeds, seed) : g_strdup_printf("%d", seed);
        return request;
}

static Request new_removal(const char *name)
{
        return (Request){.words = g_strdupv((char *[]){"remove", "1000", (char *) name, NULL}), .fd = -1, .name = name};
}

static Request new_tag(const char *name, const char *other, const char *other_seeds)
{
        return (Request){.words = g_strdupv((char *[]){"tag", "1000", (char *) other, "1000", (char *) name, NULL}),
                         .fd = -1,
                         .name = name,
                         .seeds = g_strdup(other_seeds)};
}

/* More imports than anything else, since they take longest and do most. */
static Request new_request(const World *w)
{
        const char *name = names[g_random_int_range(0, G_N_ELEMENTS(names))];
        const char *other = names[g_random_int_range(0, G_N_ELEMENTS(names))];
        const char *seeds = g_hash_table_lookup(w->images, name), *other_seeds = g_hash_table_lookup(w->images, other);
        int kind = g_random_int_range(0, 10);

        if (kind < 2 && seeds)
                return new_removal(name);
        if (kind < 4 && other_seeds)
                return new_tag(name, other, other_seeds);
        /* Not higher and higher. */
        if (kind < 6 && (!other_seeds || (strlen(other_seeds) < 20 && !strchr(other_seeds, '1'))))
                return new_commit(w, name, other, other_seeds);
        return new_import(w, name);
}

static bool image_is(const World *w, const char *name, const char *seeds)
{
        g_autoptr(StoreImage) image = NULL;
        g_auto(GStrv) list = seeds ? g_strsplit(seeds, " ", -1) : NULL;
        int r = store_find_image(w->store, 1000, name, &image);

        g_assert_cmpint(r, ==, image ? 0 : -ENOENT);
        if (!image || !seeds)
                return !image && !seeds;
        if (image->layers->len != g_strv_length(list))
                return false;
        for (unsigned i = 0; i < image->layers->len; i++) {
                const StoreLayer *layer = g_ptr_array_index(image->layers, image->layers->len - 1 - i);
                g_autofree char *root = store_layer_path(w->store, layer->folder);

                if (!is_tree_of(root, (int) g_ascii_strtoll(list[i], NULL, 10)))
                        return false;
        }
        return true;
}

static gint64 count_rows(const World *w, const char *sql)
{
        g_autofree char *database = g_build_filename(w->path, "gangway.db", NULL);
        sqlite3_stmt *statement = NULL;
        sqlite3 *records = NULL;
        gint64 count;

        g_assert_cmpint(sqlite3_open_v2(database, &records, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_prepare_v2(records, sql, -1, &statement, NULL), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
        count = sqlite3_column_int64(statement, 0);
        g_assert_cmpint(sqlite3_finalize(statement), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_close(records), ==, SQLITE_OK);
        return count;
}

static void assert_whole(const World *w)
{
        g_autoptr(GPtrArray) images = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if (!image_is(w, names[i], g_hash_table_lookup(w->images, names[i])))
                        g_error("the image %s is not what it was", names[i]);
        g_assert_cmpint(store_list_images(w->store, STORE_UID_ALL, &images), ==, 0);
        g_assert_cmpuint(images->len, ==, g_hash_table_size(w->images));
        g_assert_cmpuint(store_run_count(w->path, "incoming"), ==, 0);
        g_assert_cmpint(count_rows(w, "SELECT count(DISTINCT folder) FROM layers"), ==,
                        store_run_count(w->path, "layers"));
        g_assert_cmpint(count_rows(w, "SELECT count(*) FROM images WHERE superseded <> 0"), ==, 0);
        g_assert_cmpint(count_rows(w, "SELECT count(*) FROM layers WHERE boot_id <> ''"), ==, 0);
}

static void take(World *w, Request *request)
{
        if (request->seeds)
                g_hash_table_insert(w->images, (gpointer) request->name, g_steal_pointer(&request->seeds));
        else
                g_hash_table_remove(w->images, request->name);
}

/* What is known after a run: an answer, or that there was none. */
static void take_answer(World *w, Request *request, GStrv answer)
{
        if (answer) {
                store_run_ok(answer);
                take(w, request);
                return;
        }
        w->n_unheard++;
        if (image_is(w, request->name, request->seeds)) {
                w->n_happened += g_strcmp0(g_hash_table_lookup(w->images, request->name), request->seeds) != 0;
                take(w, request);
        }
}

static void run_to_end(World *w, Request *request)
{
        gint64 start = g_get_monotonic_time();
        g_auto(GStrv) answer = store_run_ok(store_run(w->path, request->fd, (const char *const *) request->words));

        /* On a busy machine one may take much longer than others. */
        w->usual = (3 * w->usual + MIN(g_get_monotonic_time() - start, LONGEST)) / 4;
        take(w, request);
        assert_whole(w);
}

static void crash_once(World *w, bool bystander)
{
        _cleanup_(request_done) Request request = new_request(w), beside = {.fd = -1};
        g_auto(GStrv) answer = NULL;
        StoreRun run, other = {};
        siginfo_t info;

        if (bystander) {
                beside = new_import(w, "bystander");
                other = store_run_start(w->path, beside.fd, (const char *const *) beside.words);
        }
        run = store_run_start(w->path, request.fd, (const char *const *) request.words);
        g_usleep((gulong) g_random_int_range(0, (gint32) (w->usual * 3 / 2))); /* the moment is what is tested */
        g_assert_cmpint(kill(run.pid, SIGKILL), ==, 0);
        answer = store_run_end(&run, &info);
        w->n_kills += info.si_code == CLD_KILLED;
        g_assert_true(answer || info.si_code == CLD_KILLED);

        g_strfreev(STORE_OK(w->path, -1, "sweep"));
        if (bystander) {
                g_strfreev(store_run_ok(store_run_end(&other, NULL)));
                if (!image_is(w, "bystander", beside.seeds))
                        g_error("what was beside it is not whole");
                g_strfreev(STORE_OK(w->path, -1, "remove", "1000", "bystander"));
        }
        take_answer(w, &request, answer);
        assert_whole(w);
}

/* Returns whether the operation has so many calls. */
static bool crash_at(World *w, Request *request, unsigned call)
{
        StoreRun run = store_run_start_killed(w->path, request->fd, (const char *const *) request->words, call);
        siginfo_t info;
        g_auto(GStrv) answer = store_run_end(&run, &info);

        g_strfreev(STORE_OK(w->path, -1, "sweep"));
        take_answer(w, request, answer);
        assert_whole(w);
        return info.si_code == CLD_KILLED;
}

static void world_set_up(World *w)
{
        w->usual = 20 * G_TIME_SPAN_MILLISECOND;
        w->path = make_tree();
        make_sources(w);
        g_assert_cmpint(store_open(w->path, &w->store), ==, 0);
        w->images = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
}

static void world_tear_down(World *w)
{
        g_test_message("%u kills, %u without an answer, of which %u had happened; %" G_GINT64_FORMAT " us usually",
                       w->n_kills, w->n_unheard, w->n_happened, w->usual);
        g_hash_table_unref(w->images);
        store_close(w->store);
        remove_tree(&w->path);
        remove_tree(&w->sources);
}

static void run_crashes(bool real, unsigned n)
{
        World w = {.real = real};

        world_set_up(&w);
        for (int i = 0; i < 8; i++) {
                _cleanup_(request_done) Request request = i == 0 ? new_import(&w, "a") : new_request(&w);

                run_to_end(&w, &request);
        }
        while (w.n_kills < n)
                crash_once(&w, w.n_kills % 3 == 0);
        g_assert_cmpuint(w.n_unheard, >, n / 10);
        world_tear_down(&w);
}

/* An image of this name, whatever the last crash left of it. */
static const char *ensure(World *w, const char *name)
{
        if (!g_hash_table_contains(w->images, name)) {
                _cleanup_(request_done) Request request = new_import(w, name);

                run_to_end(w, &request);
        }
        return g_hash_table_lookup(w->images, name);
}

static const char *const kinds[] = {"import", "tag", "commit", "remove"};

/* One that makes another image of b than there is, or it could not be told whether it has happened. */
static Request new_change(World *w, size_t kind)
{
        for (;;) {
                const char *seeds = ensure(w, "a"), *now = ensure(w, "b");
                Request request = kind == 0   ? new_import(w, "b")
                                  : kind == 1 ? new_tag("b", "a", seeds)
                                  : kind == 2 ? new_commit(w, "b", "a", seeds)
                                              : new_removal("b");
                _cleanup_(request_done) Request other = {.fd = -1};

                if (g_strcmp0(request.seeds, now) != 0)
                        return request;
                request_done(&request);
                other = new_import(w, "b");
                run_to_end(w, &other);
        }
}

static void test_each_call(void)
{
        World w = {};

        world_set_up(&w);
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                bool more = true;

                for (unsigned call = 1; more; call++) {
                        _cleanup_(request_done) Request request = new_change(&w, i);

                        more = crash_at(&w, &request, call);
                        w.n_kills += more;
                }
                g_test_message("%s: %u kills so far, after %u of which it had happened", kinds[i], w.n_kills,
                               w.n_happened);
        }
        g_assert_cmpuint(w.n_kills, >, 100);
        g_assert_cmpuint(w.n_happened, >, 4);
        world_tear_down(&w);
}

static void test_scripted(void)
{
        run_crashes(false, N_KILLS);
}

static void test_real(void)
{
        g_setenv("GANGWAY_TEST_UNPACK", "/usr/libexec/gangway-unpack", TRUE);
        run_crashes(true, N_KILLS / 2);
}

int main(int argc, char **argv)
{
        const char *build = g_getenv("GANGWAY_BUILD");
        g_autofree char *program = g_build_filename(build ?: "", "src/store/gangway-store", NULL);
        g_autofree char *unpack = g_build_filename(build ?: "", "tests/store/fake-unpack", NULL);

        g_test_init(&argc, &argv, NULL);
        if (!g_getenv("GANGWAY_TEST_DIR") || !build || getuid() != 0) {
                g_print("1..0 # SKIP run it by tools/boot: not root in a throw-away system\n");
                return g_strcmp0(g_getenv("GANGWAY_MUST_RUN"), "1") == 0 ? 1 : 0;
        }
        g_setenv("TMPDIR", g_getenv("GANGWAY_TEST_DIR"), TRUE);
        g_setenv("GANGWAY_TEST_STORE", program, TRUE);
        g_setenv("GANGWAY_TEST_UNPACK", unpack, TRUE);
        g_test_add_func("/store-crash/each-call", test_each_call);
        g_test_add_func("/store-crash/scripted", test_scripted);
        g_test_add_func("/store-crash/real", test_real);
        return g_test_run();
}
