/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a container wrote becomes a layer: all that makes a file what it is has to come along, and nothing that ties it
 * to the place where it was.
 */

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "backend/store.h"
#include "store/store-run.h"
#include "unit.h"
#include "util/error.h"

#define BASE "100000000"
#define MEBI (1 << 20)

typedef struct Fixture {
        char *path;
        char *upper;
        int fd; /* of upper */
        Store *store;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
        f->path = make_tree();
        g_assert_cmpint(store_open(f->path, &f->store), ==, 0);
        f->upper = g_build_filename(f->path, "upper", NULL);
        g_assert_cmpint(mkdir(f->upper, 0755), ==, 0);
        f->fd = open(f->upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
        g_assert_cmpint(f->fd, >=, 0);
}

static void tear_down(Fixture *f, gconstpointer data)
{
        g_assert_null(store_close(f->store));
        safe_close(f->fd);
        g_free(f->upper);
        remove_tree(&f->path);
}

/* Below the upper folder, and below the layer that was made of it. */
static char *in_upper(const Fixture *f, const char *name)
{
        return g_build_filename(f->upper, name, NULL);
}

static char *in_layer(const Fixture *f, const char *name)
{
        g_autoptr(StoreImage) image = NULL;
        g_autofree char *root = NULL;

        g_assert_cmpint(store_find_image(f->store, 1000, "img", &image), ==, 0);
        root = store_layer_path(f->store, ((StoreLayer *) g_ptr_array_index(image->layers, 0))->folder);
        return g_build_filename(root, name, NULL);
}

static void write_file(const Fixture *f, const char *name, const char *text, mode_t mode)
{
        g_autofree char *path = in_upper(f, name);

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        g_assert_cmpint(chmod(path, mode), ==, 0);
}

static void make_folder(const Fixture *f, const char *name)
{
        g_autofree char *path = in_upper(f, name);

        g_assert_cmpint(mkdir(path, 0755), ==, 0);
}

static void make_node(const Fixture *f, const char *name, mode_t mode, dev_t device)
{
        g_autofree char *path = in_upper(f, name);

        g_assert_cmpint(mknod(path, mode, device), ==, 0);
}

static void set_attribute(const Fixture *f, const char *name, const char *attribute, const char *value)
{
        g_autofree char *path = in_upper(f, name);

        g_assert_cmpint(lsetxattr(path, attribute, value, strlen(value), 0), ==, 0);
}

static void assert_attribute(const Fixture *f, const char *name, const char *attribute, const char *value)
{
        g_autofree char *path = in_layer(f, name);
        char found[64] = "";
        ssize_t size = lgetxattr(path, attribute, found, sizeof(found) - 1);

        if (!value) {
                g_assert_cmpint(size, ==, -1);
                g_assert_cmpint(errno, ==, ENODATA);
        } else
                g_assert_cmpstr(found, ==, value);
}

static struct stat stat_in_layer(const Fixture *f, const char *name)
{
        g_autofree char *path = in_layer(f, name);
        struct stat st;

        if (lstat(path, &st) < 0)
                g_error("%s: %s", path, g_strerror(errno));
        return st;
}

static bool is_in_layer(const Fixture *f, const char *name)
{
        g_autofree char *path = in_layer(f, name);
        struct stat st;

        return lstat(path, &st) == 0;
}

static GStrv commit(const Fixture *f, const char *stub, const char *other_stub)
{
        return STORE_OK(f->path, f->fd, "commit", "1000", "img", "0", BASE, "", stub, other_stub);
}

static void test_metadata(Fixture *f, gconstpointer data)
{
        static const struct timespec times[] = {{1000000001, 123456789}, {1000000002, 987654321}};
        g_autofree char *file = in_upper(f, "d/file"), *folder = in_upper(f, "d"), *link = in_upper(f, "link");
        g_autofree char *copy = NULL, *copied_link = NULL, *text = NULL;
        char target[64] = "";
        struct stat st;

        make_folder(f, "d");
        write_file(f, "d/file", "text", 0644);
        g_assert_cmpint(chown(file, 100000001, 100000002), ==, 0);
        g_assert_cmpint(chmod(file, 06751), ==, 0);
        g_assert_cmpint(utimensat(AT_FDCWD, file, times, 0), ==, 0);
        g_assert_cmpint(symlink("../to nowhere", link), ==, 0);
        g_assert_cmpint(lchown(link, 100000003, 100000004), ==, 0);
        g_assert_cmpint(utimensat(AT_FDCWD, link, times, AT_SYMLINK_NOFOLLOW), ==, 0);
        make_node(f, "fifo", S_IFIFO | 0640, 0);
        make_node(f, "socket", S_IFSOCK | 0600, 0);
        g_assert_cmpint(chmod(folder, 01770), ==, 0);
        g_assert_cmpint(utimensat(AT_FDCWD, folder, times, 0), ==, 0);
        g_assert_cmpint(chown(f->upper, 100000000, 100000000), ==, 0);
        g_assert_cmpint(chmod(f->upper, 0751), ==, 0);
        g_strfreev(commit(f, "x", "y"));

        st = stat_in_layer(f, "d/file");
        g_assert_cmpuint(st.st_uid, ==, 100000001);
        g_assert_cmpuint(st.st_gid, ==, 100000002);
        g_assert_cmpint(st.st_mode, ==, S_IFREG | 06751);
        g_assert_cmpint(st.st_mtim.tv_sec, ==, times[1].tv_sec);
        g_assert_cmpint(st.st_mtim.tv_nsec, ==, times[1].tv_nsec);
        g_assert_cmpint(st.st_atim.tv_nsec, ==, times[0].tv_nsec);
        copy = in_layer(f, "d/file");
        g_assert_true(g_file_get_contents(copy, &text, NULL, NULL));
        g_assert_cmpstr(text, ==, "text");

        st = stat_in_layer(f, "link");
        g_assert_cmpuint(st.st_uid, ==, 100000003);
        g_assert_cmpint(st.st_mtim.tv_nsec, ==, times[1].tv_nsec);
        copied_link = in_layer(f, "link");
        g_assert_cmpint(readlink(copied_link, target, sizeof(target) - 1), ==, strlen("../to nowhere"));
        g_assert_cmpstr(target, ==, "../to nowhere");

        g_assert_cmpint(stat_in_layer(f, "fifo").st_mode, ==, S_IFIFO | 0640);
        g_assert_cmpint(stat_in_layer(f, "socket").st_mode, ==, S_IFSOCK | 0600);
        st = stat_in_layer(f, "d");
        g_assert_cmpint(st.st_mode, ==, S_IFDIR | 01770);
        g_assert_cmpint(st.st_mtim.tv_nsec, ==, times[1].tv_nsec);
        st = stat_in_layer(f, ".");
        g_assert_cmpuint(st.st_uid, ==, 100000000);
        g_assert_cmpint(st.st_mode, ==, S_IFDIR | 0751);
}

static void test_overlay(Fixture *f, gconstpointer data)
{
        static const char *const gone[] = {"origin", "impure", "nlink", "upper", "uuid"};
        static const char *const kept[] = {"opaque", "redirect", "metacopy", "whiteout", "overlay.opaque"};
        static const char capability[] = "\x01\x00\x00\x03\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                                         "\x00\x00\xe1\xf5\x05";
        g_autofree char *file = in_upper(f, "file"), *copy = NULL;
        char found[64];
        struct stat st;

        make_node(f, "removed", S_IFCHR, makedev(0, 0));
        make_node(f, "device", S_IFCHR | 0666, makedev(1, 3));
        make_node(f, "block", S_IFBLK | 0600, makedev(7, 0));
        make_folder(f, "d");
        for (size_t i = 0; i < G_N_ELEMENTS(gone); i++) {
                g_autofree char *name = g_strconcat("trusted.overlay.", gone[i], NULL);

                set_attribute(f, "d", name, "v");
        }
        for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
                g_autofree char *name = g_strconcat("trusted.overlay.", kept[i], NULL);

                set_attribute(f, "d", name, "v");
        }
        write_file(f, "file", "text", 0755);
        set_attribute(f, "file", "user.note", "hello");
        g_assert_cmpint(setxattr(file, "security.capability", capability, sizeof(capability) - 1, 0), ==, 0);
        set_attribute(f, ".", "trusted.overlay.impure", "y");
        set_attribute(f, ".", "trusted.overlay.opaque", "y");
        {
                g_auto(GStrv) answer = commit(f, "x", "y");

                g_assert_cmpstr(store_run_find(answer, "skipped-devices"), ==, "2");
        }

        st = stat_in_layer(f, "removed");
        g_assert_true(S_ISCHR(st.st_mode) && st.st_rdev == 0);
        g_assert_false(is_in_layer(f, "device"));
        g_assert_false(is_in_layer(f, "block"));
        for (size_t i = 0; i < G_N_ELEMENTS(gone); i++) {
                g_autofree char *name = g_strconcat("trusted.overlay.", gone[i], NULL);

                assert_attribute(f, "d", name, NULL);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
                g_autofree char *name = g_strconcat("trusted.overlay.", kept[i], NULL);

                assert_attribute(f, "d", name, "v");
        }
        assert_attribute(f, ".", "trusted.overlay.impure", NULL);
        assert_attribute(f, ".", "trusted.overlay.opaque", "y");
        assert_attribute(f, "file", "user.note", "hello");
        /* For root of the user namespace that begins at 100000000. */
        copy = in_layer(f, "file");
        g_assert_cmpint(getxattr(copy, "security.capability", found, sizeof(found)), ==, sizeof(capability) - 1);
        g_assert_cmpmem(found, sizeof(capability) - 1, capability, sizeof(capability) - 1);
}

static void test_content(Fixture *f, gconstpointer data)
{
        g_autofree char *sparse = in_upper(f, "sparse"), *a = in_upper(f, "a"), *b = in_upper(f, "d/b"), *copy = NULL;
        g_autofree char *large = g_malloc(20 * MEBI), *large_path = in_upper(f, "large"), *found = NULL;
        _cleanup_close_ int fd = -1, copied = -1;
        struct stat st;
        char byte = 0;
        size_t size;

        fd = open(sparse, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        g_assert_cmpint(pwrite(fd, "x", 1, 100 * MEBI), ==, 1);
        g_assert_cmpint(ftruncate(fd, 300 * MEBI), ==, 0);
        make_folder(f, "d");
        write_file(f, "a", "linked", 0644);
        g_assert_cmpint(link(a, b), ==, 0);
        write_file(f, "empty", "", 0644);
        for (size_t i = 0; i < 20 * MEBI; i++)
                large[i] = (char) (i * 31 + (i >> 12));
        g_assert_true(g_file_set_contents(large_path, large, 20 * MEBI, NULL));
        g_strfreev(commit(f, "x", "y"));

        st = stat_in_layer(f, "sparse");
        g_assert_cmpint(st.st_size, ==, 300 * MEBI);
        g_assert_cmpint(st.st_blocks * 512, <, MEBI);
        copy = in_layer(f, "sparse");
        copied = open(copy, O_RDONLY | O_CLOEXEC);
        g_assert_cmpint(pread(copied, &byte, 1, 100 * MEBI), ==, 1);
        g_assert_cmpint(byte, ==, 'x');
        g_assert_cmpuint(stat_in_layer(f, "a").st_ino, ==, stat_in_layer(f, "d/b").st_ino);
        g_assert_cmpuint(stat_in_layer(f, "a").st_nlink, ==, 2);
        g_assert_cmpint(stat_in_layer(f, "empty").st_size, ==, 0);
        g_free(copy);
        copy = in_layer(f, "large");
        g_assert_true(g_file_get_contents(copy, &found, &size, NULL));
        g_assert_cmpmem(found, size, large, 20 * MEBI);
}

static void test_stubs(Fixture *f, gconstpointer data)
{
        static const struct timespec times[] = {{1000000001, 0}, {1000000002, 0}};
        g_autofree char *etc = in_upper(f, "etc"), *link = in_upper(f, "etc/link");
        g_auto(GStrv) answer = NULL;

        make_folder(f, "etc");
        make_folder(f, "a");
        make_folder(f, "a/b");
        make_folder(f, "a/b/c");
        make_folder(f, "used");
        write_file(f, "used/file", "", 0644);
        write_file(f, "etc/hosts", "", 0644);
        write_file(f, "etc/full", "text", 0644);
        g_assert_cmpint(symlink("../used", link), ==, 0);
        g_assert_cmpint(utimensat(AT_FDCWD, etc, times, 0), ==, 0);
        answer = STORE_OK(f->path, f->fd, "commit", "1000", "img", "0", BASE, "", "/a", "/a/b", "a/b/c/", "/used",
                          "/etc/hosts", "/etc/full", "/etc/link", "/etc/link/file", "/missing", "/", "", "/../x");

        g_assert_false(is_in_layer(f, "a"));
        g_assert_true(is_in_layer(f, "used/file"));
        g_assert_false(is_in_layer(f, "etc/hosts"));
        g_assert_true(is_in_layer(f, "etc/full"));
        g_assert_true(is_in_layer(f, "etc/link"));
        g_assert_cmpint(stat_in_layer(f, "etc").st_mtim.tv_sec, ==, 1000000002);
        /* The container has what it had. */
        g_assert_true(g_file_test(link, G_FILE_TEST_EXISTS));
}

static void test_image(Fixture *f, gconstpointer data)
{
        static const char digest[] = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
        g_autofree char *script = g_strdup_printf("layer 0 %s\nfolder 0\nsay unpacked 0 %s 5\nend\n"
                                                  "say setting env A=1\nsay setting cmd sh\nsay done 1 0\n",
                                                  digest, digest);
        _cleanup_close_ int source = store_run_script(script), file = -1;
        g_autoptr(StoreImage) below = NULL, image = NULL, alone = NULL;
        g_autofree char *layer = NULL, *path = in_upper(f, "file");
        const StoreLayer *top;

        g_strfreev(STORE_OK(f->path, source, "import", "1000", "img", "0", "0", "", BASE, "1000", "10"));
        g_assert_cmpint(store_find_image(f->store, 1000, "img", &below), ==, 0);
        layer = g_strdup_printf("%" G_GINT64_FORMAT, ((StoreLayer *) g_ptr_array_index(below->layers, 0))->id);
        write_file(f, "file", "text", 0644);

        /* In the place of the image that it lies on. */
        g_strfreev(STORE_OK(f->path, f->fd, "commit", "1000", "img", layer, "200015872", ""));
        g_assert_cmpint(store_find_image(f->store, 1000, "img", &image), ==, 0);
        g_assert_cmpuint(image->layers->len, ==, 2);
        top = g_ptr_array_index(image->layers, 0);
        g_assert_cmpuint(top->id_base, ==, 200015872);
        g_assert_cmpuint(image->size, ==, 5 + 4096);
        g_assert_cmpstr(image->digest, ==, "");
        g_assert_null(image->env[0]);

        g_strfreev(STORE_OK(f->path, f->fd, "commit", "1000", "alone", "0", BASE, "linux/arm64"));
        g_assert_cmpint(store_find_image(f->store, 1000, "alone", &alone), ==, 0);
        g_assert_cmpstr(image->platform, ==, "");
        g_assert_cmpstr(alone->platform, ==, "linux/arm64");
        STORE_ERROR(f->path, f->fd, SD_BUS_ERROR_INVALID_ARGS, "is no platform", "commit", "1000", "x", "0", BASE,
                    "arm64");
        g_assert_cmpuint(alone->layers->len, ==, 1);

        STORE_ERROR(f->path, f->fd, ERROR_NOT_COMMITTABLE, "not there any more", "commit", "1000", "x", "4711", BASE,
                    "");
        file = open(path, O_RDONLY | O_CLOEXEC);
        STORE_ERROR(f->path, file, SD_BUS_ERROR_INVALID_ARGS, "no folder", "commit", "1000", "x", "0", BASE, "");
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 3);
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 0);
}

/* A commit with these bytes as settings. */
static GStrv commit_with(const Fixture *f, const char *name, const char *bytes, size_t size)
{
        _cleanup_close_ int settings = memfd_create("settings", MFD_CLOEXEC);

        g_assert_cmpint(write(settings, bytes, size), ==, (ssize_t) size);
        return store_run_with(f->path, (const int[]){f->fd, settings}, 2,
                              (const char *const[]){"commit", "1000", name, "0", BASE, "", NULL});
}

/* They are those of an image as the daemon has seen it, which may be gone by now. */
static void test_settings(Fixture *f, gconstpointer data)
{
        static const char given[] = "cmd\0sh\0env\0A=1\0user\0me\0env\0B=\0cmd\0-c\0working-dir\0/x\0cmd\0";
        static const struct {
                const char *bytes;
                size_t size;
        } bad[] = {{"env\0A=1", 7}, {"env", 4}, {"environment\0A=1", 16}, {"", 1}, {"env\0A=1\0cmd", 12}, {"x", 1}};
        g_autoptr(StoreImage) first = NULL, second = NULL;
        _cleanup_close_ int settings = -1, none = store_settings_to_fd(NULL);
        g_autofree char *env = NULL, *cmd = NULL;

        g_strfreev(store_run_ok(commit_with(f, "first", given, sizeof(given))));
        g_assert_cmpint(store_find_image(f->store, 1000, "first", &first), ==, 0);
        g_strfreev(STORE_OK(f->path, -1, "remove", "1000", "first"));

        settings = store_settings_to_fd(first);
        g_assert_cmpint(settings, >=, 0);
        g_strfreev(
                store_run_ok(store_run_with(f->path, (const int[]){f->fd, settings}, 2,
                                            (const char *const[]){"commit", "1000", "second", "0", BASE, "", NULL})));
        g_assert_cmpint(store_find_image(f->store, 1000, "second", &second), ==, 0);
        env = g_strjoinv("|", second->env);
        cmd = g_strjoinv("|", second->cmd);
        g_assert_cmpstr(env, ==, "A=1|B=");
        g_assert_cmpstr(cmd, ==, "sh|-c|");
        g_assert_null(second->entrypoint[0]);
        g_assert_cmpstr(second->user, ==, "me");
        g_assert_cmpstr(second->working_dir, ==, "/x");

        g_assert_cmpint(lseek(none, 0, SEEK_END), ==, 0);
        g_strfreev(store_run_ok(commit_with(f, "second", "", 0)));
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                store_run_error(commit_with(f, "third", bad[i].bytes, bad[i].size), SD_BUS_ERROR_INVALID_ARGS,
                                "setting");
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 0);
}

/* As deep as a container likes, and no deeper than an image may. */
static void test_deep(Fixture *f, gconstpointer data)
{
        int fd = open(f->upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        for (int i = 0; i < 1100; i++) {
                int next;

                g_assert_cmpint(mkdirat(fd, "d", 0755), ==, 0);
                next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                safe_close(fd);
                fd = next;
        }
        safe_close(fd);
        STORE_ERROR(f->path, f->fd, ERROR_NOT_COMMITTABLE, "1024 folders deep", "commit", "1000", "x", "0", BASE, "");
        g_assert_cmpuint(store_run_count(f->path, "layers"), ==, 0);
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 0);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/store-commit/" name, Fixture, NULL, set_up, function, tear_down)
        if (!store_run_is_possible())
                return 0;
        ADD("metadata", test_metadata);
        ADD("overlay", test_overlay);
        ADD("content", test_content);
        ADD("stubs", test_stubs);
        ADD("image", test_image);
        ADD("settings", test_settings);
        ADD("deep", test_deep);
        return g_test_run();
}
