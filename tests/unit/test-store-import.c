/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Imports, with a program in the place of the unpacker that says what the test wants (tests/store/fake-unpack.c): what
 * becomes of a right answer, that a wrong one leaves nothing behind, and what a layer that is there already saves.
 */

#include <poll.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "store-fixture.h"
#include "util/error.h"
#include "util/string-message.h"

#define BASE 100000000U
#define ONE  "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define NEW  "sha256:3333333333333333333333333333333333333333333333333333333333333333"
#define TWO  "sha256:2222222222222222222222222222222222222222222222222222222222222222"

#define IMPORT(owner, name, platform) "import", owner, name, "5001", "5001", platform, "100000000", "1000000", "1000"

static GStrv run_script(const Fixture *f, const char *owner, const char *name, const char *script)
{
        _cleanup_close_ int fd = store_run_script(script);

        return STORE_RUN(f->path, fd, IMPORT(owner, name, ""));
}

static StoreImage *find(const Fixture *f, uint32_t uid, const char *name)
{
        StoreImage *image = NULL;

        g_assert_cmpint(store_find_image(f->store, uid, name, &image), ==, 0);
        return image;
}

static const StoreLayer *layer(const StoreImage *image, unsigned i)
{
        return g_ptr_array_index(image->layers, i);
}

static char *file_of(const Fixture *f, const StoreImage *image, unsigned i, const char *name)
{
        g_autofree char *root = store_layer_path(f->store, layer(image, i)->folder);

        return g_build_filename(root, name, NULL);
}

static void assert_nothing(const Fixture *f)
{
        g_autoptr(GPtrArray) images = NULL;

        g_assert_cmpint(store_list_images(f->store, STORE_UID_ALL, &images), ==, 0);
        g_assert_cmpuint(images->len, ==, 0);
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 0);
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 0);
}

static const char whole[] = "layer 0 " ONE "\nfolder 0\nfile 0/a lower\nsay unpacked 0 " ONE " 5\nend\n"
                            "say setting env A=1\nsay setting env B=\nsay setting user app\n"
                            "layer 1 \"\"\nfolder 1\nfolder 1/d\nwhiteout 1/gone\nsay opaque 1 d\n"
                            "say progress 10 0\nsay unpacked 1 " TWO " 7\nend\n"
                            "say setting entrypoint /bin/sh\nsay setting entrypoint -c\n"
                            "say setting cmd x\nsay setting working-dir /srv\n"
                            "say platform linux/arm/v6\n"
                            "say done 2 3\n";

static void test_whole(Fixture *f, gconstpointer data)
{
        g_auto(GStrv) answer = store_run_ok(run_script(f, "1000", "img", whole));
        g_autoptr(StoreImage) image = find(f, 1000, "img");
        g_autofree char *lower = file_of(f, image, 1, "a"), *folder = file_of(f, image, 0, "d");
        g_autofree char *whiteout = file_of(f, image, 0, "gone"), *chain = NULL, *env = NULL, *entrypoint = NULL;
        char value[8] = "";
        struct stat st;

        g_assert_cmpstr(store_run_find(answer, "image"), ==, "img");
        g_assert_cmpstr(store_run_find(answer, "size"), ==, "12");
        g_assert_cmpstr(store_run_find(answer, "skipped-devices"), ==, "3");
        g_assert_cmpstr(store_run_find(answer, "digest"), ==, image->digest);
        chain = g_compute_checksum_for_string(G_CHECKSUM_SHA256, ONE " " TWO, -1);
        g_assert_cmpstr(image->digest + strlen("sha256:"), ==, chain);
        g_assert_cmpuint(image->size, ==, 12);

        env = g_strjoinv(" ", image->env);
        g_assert_cmpstr(env, ==, "A=1 B=");
        entrypoint = g_strjoinv(" ", image->entrypoint);
        g_assert_cmpstr(entrypoint, ==, "/bin/sh -c");
        g_assert_cmpstr(image->cmd[0], ==, "x");
        g_assert_cmpstr(image->user, ==, "app");
        g_assert_cmpstr(image->working_dir, ==, "/srv");
        g_assert_cmpstr(image->platform, ==, "linux/arm/v6");

        g_assert_cmpuint(image->layers->len, ==, 2);
        g_assert_cmpuint(layer(image, 0)->id_base, ==, BASE);
        g_assert_cmpint(lstat(lower, &st), ==, 0);
        g_assert_cmpuint(st.st_uid, ==, BASE);
        g_assert_cmpint(lstat(whiteout, &st), ==, 0);
        g_assert_true(S_ISCHR(st.st_mode) && st.st_rdev == 0);
        g_assert_cmpint(getxattr(folder, "trusted.overlay.opaque", value, sizeof(value)), ==, 1);
        g_assert_cmpstr(value, ==, "y");
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 0);
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 2);
}

#define PIECE(index, digest, name)                                                                                     \
        "layer " index " " digest "\nfolder " index "\nfile " index "/" name " x\nsay unpacked " index " " digest      \
        " 1\nend\n"

#define LAYER(rest) "layer 0 " ONE "\nfolder 0\n" rest
#define ENDED(rest) LAYER("say unpacked 0 " ONE " 5\nend\n" rest)

static const struct {
        const char *script;
        const char *name;
        const char *part; /* of the sentence */
} wrong[] = {
        {"", SD_BUS_ERROR_FAILED, "status 0 before it was done"},
        {"exit 3", SD_BUS_ERROR_FAILED, "status 3 before it was done"},
        {LAYER("exit 3"), SD_BUS_ERROR_FAILED, "status 3 before it was done"},
        {LAYER("signal 11"), ERROR_INVALID_IMAGE, "signal 11"},
        {LAYER("signal 9"), SD_BUS_ERROR_FAILED, "was killed"},
        {"say error org.gangway1.Error.InvalidImage this-is-no-archive\n", ERROR_INVALID_IMAGE, "this-is-no-archive"},
        {LAYER("say error org.gangway1.Error.StoreFull no-room\n"), ERROR_STORE_FULL, "make room"},
        {LAYER("say error org.gangway1.Error.StoreReadOnly no-room\n"), ERROR_STORE_READ_ONLY, "mount it writable"},
        {"say error org.freedesktop.DBus.Error.AccessDenied because\n", ERROR_INVALID_IMAGE, "because"},
        {"say error nonsense \xff\x01\n", ERROR_INVALID_IMAGE, "\xef\xbf\xbd "},
        {"say error org.gangway1.Error.InvalidImage\n", ERROR_INVALID_IMAGE, "without a reason"},
        {"say hello\n", ERROR_INVALID_IMAGE, "hello"},
        {"say ready\n", ERROR_INVALID_IMAGE, "ready"},
        {"say layer 0\n", ERROR_INVALID_IMAGE, "too few words"},
        {"say layer 0 \"\" x\n", ERROR_INVALID_IMAGE, "too many"},
        {"say layer 1 \"\"\n", ERROR_INVALID_IMAGE, "out of its order"},
        {"say layer -1 \"\"\n", ERROR_INVALID_IMAGE, "out of its order"},
        {"say layer x \"\"\n", ERROR_INVALID_IMAGE, "out of its order"},
        {"say layer 0 sha256:1\n", ERROR_INVALID_IMAGE, "digest"},
        {"say layer 0 " ONE "1\n", ERROR_INVALID_IMAGE, "digest"},
        {"say layer 0 sha512:1111111111111111111111111111111111111111111111111111111111111111\n", ERROR_INVALID_IMAGE,
         "digest"},
        {"say layer 0 sha256:111111111111111111111111111111111111111111111111111111111111111G\n", ERROR_INVALID_IMAGE,
         "digest"},
        {"say layer 0 ../../../../../../../etc/passwd\n", ERROR_INVALID_IMAGE, "digest"},
        {LAYER("say layer 1 \"\"\n"), ERROR_INVALID_IMAGE, "out of its order"},
        {LAYER("say unpacked 1 " ONE " 5\n"), ERROR_INVALID_IMAGE, "has not begun"},
        {"say unpacked 0 " ONE " 5\n", ERROR_INVALID_IMAGE, "has not begun"},
        {LAYER("say unpacked 0 " TWO " 5\n"), ERROR_INVALID_IMAGE, "not that of the layer"},
        {LAYER("say unpacked 0 \"\" 5\n"), ERROR_INVALID_IMAGE, "not that of the layer"},
        {LAYER("say unpacked 0 " ONE " -5\n"), ERROR_INVALID_IMAGE, "size"},
        {LAYER("say unpacked 0 " ONE " 1000001\n"), ERROR_INVALID_IMAGE, "size"},
        {ENDED("layer 1 \"\"\nfolder 1\nsay unpacked 1 " TWO " 999996\nend\n"), ERROR_INVALID_IMAGE, "size"},
        {ENDED("say done 2 0\n"), ERROR_INVALID_IMAGE, "before the end"},
        {ENDED("say done 1 -1\n"), ERROR_INVALID_IMAGE, "before the end"},
        {LAYER("say done 1 0\n"), ERROR_INVALID_IMAGE, "before the end"},
        {"say done 0 0\n", ERROR_INVALID_IMAGE, "before the end"},
        {"say progress -1 0\n", ERROR_INVALID_IMAGE, "no number"},
        {"say progress 1 x\n", ERROR_INVALID_IMAGE, "no number"},
        {"say setting colour red\n", ERROR_INVALID_IMAGE, "setting"},
        {"say setting env A\n", ERROR_INVALID_IMAGE, "value"},
        {"say setting env =A\n", ERROR_INVALID_IMAGE, "value"},
        {"say setting cmd \xff\n", ERROR_INVALID_IMAGE, "setting"},
        {"say setting working-dir srv\n", ERROR_INVALID_IMAGE, "value"},
        {"say platform amd64\n", ERROR_INVALID_IMAGE, "platform that is none"},
        {"say platform windows/amd64\n", ERROR_INVALID_IMAGE, "platform that is none"},
        {"say platform linux/x86_64\n", ERROR_INVALID_IMAGE, "not normalised"},
        {"say platform linux/amd64\nsay platform linux/amd64\n", ERROR_INVALID_IMAGE, "second platform"},
        {"say platform linux/amd64 x\n", ERROR_INVALID_IMAGE, "too many"},
        {"say opaque 0 d\n", ERROR_INVALID_IMAGE, "out of its layer"},
        {LAYER("say opaque 1 d\n"), ERROR_INVALID_IMAGE, "out of its layer"},
        {LAYER("say opaque 0 d\n"), ERROR_INVALID_IMAGE, "folder that is none"},
        {LAYER("say opaque 0 ..\n"), ERROR_INVALID_IMAGE, "folder that is none"},
        {LAYER("say opaque 0 ../../..\n"), ERROR_INVALID_IMAGE, "folder that is none"},
        {LAYER("file 0/d x\nsay opaque 0 d\n"), ERROR_INVALID_IMAGE, "folder that is none"},
        {LAYER("symlink 0/d /etc\nsay opaque 0 d\n"), ERROR_INVALID_IMAGE, "folder that is none"},
        {LAYER("folder 0/e\nsymlink 0/d e\nsay opaque 0 d\n"), ERROR_INVALID_IMAGE, "folder that is none"},
        {LAYER("symlink 0/d ..\nsay opaque 0 d/0\n"), ERROR_INVALID_IMAGE, "folder that is none"},
        /* What it says is whole, and is not there, or is something else. */
        {"layer 0 " ONE "\nsay unpacked 0 " ONE " 5\nend\nsay done 1 0\n", ERROR_INVALID_IMAGE, "no folder"},
        {"layer 0 " ONE "\nfile 0 x\nsay unpacked 0 " ONE " 5\nend\nsay done 1 0\n", ERROR_INVALID_IMAGE, "no folder"},
        {"layer 0 " ONE "\nsymlink 0 /\nsay unpacked 0 " ONE " 5\nend\nsay done 1 0\n", ERROR_INVALID_IMAGE,
         "no folder"},
};

static void test_wrong(Fixture *f, gconstpointer data)
{
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                g_autofree char *script = g_strescape(wrong[i].script, NULL);

                g_test_message("%s", script);
                store_run_error(run_script(f, "1000", "img", wrong[i].script), wrong[i].name, wrong[i].part);
                assert_nothing(f);
        }
}

static void test_keeps_the_old(Fixture *f, gconstpointer data)
{
        g_autoptr(StoreImage) before = NULL;

        g_strfreev(store_run_ok(run_script(f, "1000", "img", PIECE("0", NEW, "new") "say done 1 0\n")));
        before = find(f, 1000, "img");
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i += 5) {
                g_autoptr(StoreImage) after = NULL;

                g_strfreev(run_script(f, "1000", "img", wrong[i].script));
                after = find(f, 1000, "img");
                g_assert_cmpint(after->id, ==, before->id);
                g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 0);
                g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 1);
        }
}

static void test_refuses(Fixture *f, gconstpointer data)
{
        _cleanup_close_ int fd = store_run_script(""), path = open("/etc/passwd", O_PATH | O_CLOEXEC),
                            null = open("/dev/null", O_RDWR | O_CLOEXEC), written = -1;
        g_autofree char *file = g_build_filename(f->path, "written", NULL);

        STORE_ERROR(f->path, fd, SD_BUS_ERROR_FAILED, "status 1", IMPORT("0", "a", "refuse"));
        STORE_ERROR(f->path, fd, ERROR_INVALID_IMAGE, "let go", IMPORT("0", "a", "unready"));
        STORE_ERROR(f->path, path, SD_BUS_ERROR_INVALID_ARGS, "not open for reading", IMPORT("0", "a", ""));
        written = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        STORE_ERROR(f->path, written, SD_BUS_ERROR_INVALID_ARGS, "not open for reading", IMPORT("0", "a", ""));
        STORE_ERROR(f->path, null, SD_BUS_ERROR_INVALID_ARGS, "regular file", IMPORT("0", "a", ""));
        assert_nothing(f);
}

/* The same layer is stored once: alone, below another, and twice in one image, which then mounts it once. */
static void test_once(Fixture *f, gconstpointer data)
{
        static const char dies_unless_skipped[] = "layer 0 " ONE "\nexit 9\nend\nsay done 1 0\n";
        g_autoptr(StoreImage) a = NULL, b = NULL, c = NULL;

        g_strfreev(store_run_ok(run_script(f, "1000", "a", PIECE("0", ONE, "one") "say done 1 0\n")));
        g_strfreev(store_run_ok(run_script(f, "1000", "again", dies_unless_skipped)));
        g_strfreev(store_run_ok(
                run_script(f, "1000", "b", PIECE("0", TWO, "two") "layer 1 " ONE "\nexit 9\nend\nsay done 2 0\n")));
        g_strfreev(store_run_ok(run_script(f, "1000", "c",
                                           PIECE("0", TWO, "two") PIECE("1", ONE, "one")
                                                   PIECE("2", TWO, "two") "say done 3 0\n")));
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 2);

        a = find(f, 1000, "a");
        b = find(f, 1000, "b");
        c = find(f, 1000, "c");
        g_assert_cmpstr(layer(a, 0)->folder, ==, layer(b, 0)->folder);
        g_assert_cmpint(layer(a, 0)->id, !=, layer(b, 0)->id);
        g_assert_cmpuint(c->layers->len, ==, 2);
        g_assert_cmpstr(layer(c, 0)->folder, ==, layer(b, 1)->folder);
        g_assert_cmpstr(layer(c, 1)->folder, ==, layer(a, 0)->folder);
        g_assert_cmpuint(c->size, ==, 3);

        /* A folder goes with the last that has it. */
        g_strfreev(STORE_OK(f->path, -1, "remove", "1000", "a"));
        g_strfreev(STORE_OK(f->path, -1, "remove", "1000", "again"));
        g_strfreev(STORE_OK(f->path, -1, "remove", "1000", "c"));
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 2);
        g_strfreev(STORE_OK(f->path, -1, "remove", "1000", "b"));
        assert_nothing(f);
}

/* Who knows the digest of a layer has not got its files; who has them shares the folder. */
static void test_digest_is_no_key(Fixture *f, gconstpointer data)
{
        static const char names_it_only[] = "layer 0 " ONE "\nexit 9\nend\nsay done 1 0\n";

        g_strfreev(store_run_ok(run_script(f, "1000", "secret", PIECE("0", ONE, "one") "say done 1 0\n")));
        store_run_error(run_script(f, "1001", "mine", names_it_only), SD_BUS_ERROR_FAILED, "status 9");
        store_run_error(run_script(f, "-1", "mine", names_it_only), SD_BUS_ERROR_FAILED, "status 9");
        g_strfreev(store_run_ok(run_script(f, "1001", "mine", PIECE("0", ONE, "one") "say done 1 0\n")));
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 1);
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 0);

        g_strfreev(STORE_OK(f->path, -1, "tag", "1000", "secret", "-1", "public"));
        g_strfreev(store_run_ok(run_script(f, "1002", "theirs", names_it_only)));
}

static char *make_file(const char *folder, const char *name, const char *text, mode_t mode)
{
        char *path = g_build_filename(folder, name, NULL);

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        g_assert_cmpint(chmod(path, mode), ==, 0);
        return path;
}

static int on_label(void *userdata, int n, char **values, char **names)
{
        GString *text = userdata;

        g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", values[0]);
        return 0;
}

static char *read_labels(const char *database)
{
        GString *text = g_string_new(NULL);
        sqlite3 *records = NULL;

        g_assert_cmpint(sqlite3_open(database, &records), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_exec(records, "SELECT value FROM image_settings WHERE kind = 'label' ORDER BY position",
                                     on_label, text, NULL),
                        ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_close(records), ==, SQLITE_OK);
        return g_string_free(text, FALSE);
}

static void test_opener(Fixture *f, gconstpointer data)
{
        static const char script[] =
                PIECE("0", ONE, "one") "open a\nopen /below/../a\nopen link\nopen locked\nopen fifo\nopen below\n"
                                       "open ../outside\nopen out\nopen /etc/passwd\nopen null\n"
                                       "open unseen/file\nsay done 1 0\n";
        static const char expected[] = "ok:text ok:text ok:text error:13 error:22 error:21 error:2 error:2 error:2 "
                                       "error:22 error:13";
        _cleanup_(remove_tree) char *folder = make_tree();
        g_autofree char *inside = g_build_filename(folder, "in", NULL), *out = NULL, *link = NULL;
        g_autofree char *fifo = NULL, *device = NULL, *below = NULL, *unseen = NULL;
        g_autofree char *values = NULL, *records = g_build_filename(f->path, "gangway.db", NULL);
        _cleanup_close_ int fd = -1;

        g_assert_cmpint(chmod(folder, 0755), ==, 0);
        g_assert_cmpint(mkdir(inside, 0755), ==, 0);
        g_free(make_file(folder, "outside", "secret", 0644));
        g_free(make_file(inside, "a", "text", 0644));
        g_free(make_file(inside, "locked", "text", 0600));
        g_free(make_file(inside, "script", script, 0644));
        link = g_build_filename(inside, "link", NULL);
        g_assert_cmpint(symlink("a", link), ==, 0);
        out = g_build_filename(inside, "out", NULL);
        g_assert_cmpint(symlink("../outside", out), ==, 0);
        fifo = g_build_filename(inside, "fifo", NULL);
        g_assert_cmpint(mkfifo(fifo, 0666), ==, 0);
        device = g_build_filename(inside, "null", NULL);
        g_assert_cmpint(mknod(device, S_IFCHR | 0666, makedev(1, 3)), ==, 0);
        below = g_build_filename(inside, "below", NULL);
        g_assert_cmpint(mkdir(below, 0755), ==, 0);
        unseen = g_build_filename(inside, "unseen", NULL);
        g_assert_cmpint(mkdir(unseen, 0700), ==, 0);

        fd = open(inside, O_PATH | O_DIRECTORY | O_CLOEXEC);
        g_strfreev(STORE_OK(f->path, fd, IMPORT("1000", "img", "")));
        values = read_labels(records);
        g_assert_cmpstr(values, ==, expected);
}

/* Waits for a folder of an import under way. */
static void wait_for_layer(const Fixture *f)
{
        gint64 end = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
        g_autofree char *incoming = g_build_filename(f->path, "incoming", NULL);

        while (g_get_monotonic_time() < end) {
                GDir *dir = g_dir_open(incoming, 0, NULL);
                const char *name = dir ? g_dir_read_name(dir) : NULL;
                g_autofree char *layer_path = name ? g_build_filename(incoming, name, "tree", "0", "x", NULL) : NULL;

                if (dir)
                        g_dir_close(dir);
                if (layer_path && g_file_test(layer_path, G_FILE_TEST_EXISTS))
                        return;
                g_assert_cmpint(poll(NULL, 0, 2), ==, 0);
        }
        g_error("no layer came");
}

static void test_cancel(Fixture *f, gconstpointer data)
{
        static const char script[] = LAYER("file 0/x y\nstall\n");

        for (int closes = 0; closes < 2; closes++) {
                _cleanup_close_ int fd = store_run_script(script);
                StoreRun run = store_run_start(f->path, fd, (const char *const[]){IMPORT("1000", "a", ""), NULL});
                siginfo_t info;

                wait_for_layer(f);
                if (closes) {
                        g_assert_cmpint(shutdown(run.socket, SHUT_WR), ==, 0);
                        store_run_error(store_run_end(&run, &info), ERROR_CANCELLED, "cancelled");
                } else {
                        g_assert_cmpint(kill(run.pid, SIGTERM), ==, 0);
                        store_run_error(store_run_end(&run, &info), ERROR_CANCELLED, "cancelled");
                }
                g_assert_cmpint(info.si_code, ==, CLD_EXITED);
                assert_nothing(f);
        }
}

/* Its lock went with it, and so did the unpacker; a sweep finds what is left. */
static void test_killed(Fixture *f, gconstpointer data)
{
        _cleanup_close_ int fd = store_run_script(LAYER("file 0/x y\nstall\n"));
        StoreRun run = store_run_start(f->path, fd, (const char *const[]){IMPORT("1000", "a", ""), NULL});
        siginfo_t info;

        wait_for_layer(f);
        g_strfreev(STORE_OK(f->path, -1, "sweep"));
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 1);
        g_assert_cmpint(kill(run.pid, SIGKILL), ==, 0);
        g_assert_null(store_run_end(&run, &info));
        g_strfreev(STORE_OK(f->path, -1, "sweep"));
        assert_nothing(f);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/store-import/" name, Fixture, NULL, set_up, function, tear_down)
        if (!store_run_is_possible())
                return 0;
        ADD("whole", test_whole);
        ADD("wrong", test_wrong);
        ADD("keeps-the-old", test_keeps_the_old);
        ADD("refuses", test_refuses);
        ADD("once", test_once);
        ADD("digest-is-no-key", test_digest_is_no_key);
        ADD("opener", test_opener);
        ADD("cancel", test_cancel);
        ADD("killed", test_killed);
        return g_test_run();
}
