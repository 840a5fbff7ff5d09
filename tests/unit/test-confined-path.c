/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Look-ups below a container's root: whatever stands in the way, nothing outside is reached and nothing blocks. The
 * tree has a folder `root` and, beside it, what must not be seen.
 */

#include <errno.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "unit.h"
#include "util/confined-path.h"

#define OWNER 1234U
#define GROUP 2345U

typedef struct Fixture {
        char *tree;
        int outside;
        int root;
} Fixture;

static void make_file(int folder, const char *path, const char *text)
{
        _cleanup_close_ int fd = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
}

static void make_folder(int folder, const char *path)
{
        g_assert_cmpint(mkdirat(folder, path, 0755), ==, 0);
}

static void make_link(Fixture *f, const char *path, const char *target)
{
        g_assert_cmpint(symlinkat(target, f->root, path), ==, 0);
}

static void fixture_set_up(Fixture *f, gconstpointer data)
{
        f->tree = make_tree();
        f->outside = open(f->tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        make_file(f->outside, "secret", "outside");
        make_folder(f->outside, "root");
        f->root = openat(f->outside, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        make_folder(f->root, "etc");
        make_file(f->root, "etc/passwd", "inside");
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
        safe_close(f->root);
        safe_close(f->outside);
        remove_tree(&f->tree);
}

static void assert_reads(Fixture *f, const char *path, const char *expected)
{
        _cleanup_close_ int fd = confined_open(f->root, path, O_RDONLY);
        char text[64] = {0};

        g_test_message("%s", path);
        g_assert_cmpint(fd, >=, 0);
        assert_cloexec(fd);
        g_assert_cmpint(read(fd, text, sizeof(text) - 1), >=, 0);
        g_assert_cmpstr(text, ==, expected);
}

static void test_plain(Fixture *f, gconstpointer data)
{
        assert_reads(f, "etc/passwd", "inside");
        assert_reads(f, "/etc/passwd", "inside");
        assert_reads(f, "//etc/./passwd", "inside");
        g_assert_cmpint(confined_open(f->root, "/etc/nonesuch", O_RDONLY), ==, -ENOENT);
        g_assert_cmpint(confined_open(f->root, "/etc/passwd/x", O_RDONLY), ==, -ENOTDIR);
        g_assert_cmpint(confined_open(f->root, "/etc/passwd", O_RDONLY | O_DIRECTORY), ==, -ENOTDIR);
        g_assert_cmpint(confined_open(-1, "/etc/passwd", O_RDONLY), ==, -EBADF);
}

static void test_dot_dot(Fixture *f, gconstpointer data)
{
        assert_reads(f, "../etc/passwd", "inside");
        assert_reads(f, "/../../../../../../etc/passwd", "inside");
        assert_reads(f, "etc/../../etc/passwd", "inside");
        g_assert_cmpint(confined_open(f->root, "../secret", O_RDONLY), ==, -ENOENT);
        g_assert_cmpint(confined_open(f->root, "etc/../../secret", O_RDONLY), ==, -ENOENT);
}

static void test_symlinks(Fixture *f, gconstpointer data)
{
        g_autofree char *absolute = g_build_filename(f->tree, "secret", NULL);

        make_link(f, "absolute", "/etc/passwd");
        make_link(f, "climbing", "../../../../etc/passwd");
        make_link(f, "folder", "/etc");
        make_link(f, "real", absolute);
        make_link(f, "near", "../secret");
        make_link(f, "loop", "loop");
        assert_reads(f, "absolute", "inside");
        assert_reads(f, "climbing", "inside");
        assert_reads(f, "folder/passwd", "inside");
        assert_reads(f, "folder/../etc/passwd", "inside");
        g_assert_cmpint(confined_open(f->root, "real", O_RDONLY), ==, -ENOENT);
        g_assert_cmpint(confined_open(f->root, "near", O_RDONLY), ==, -ENOENT);
        g_assert_cmpint(confined_open(f->root, "loop", O_RDONLY), ==, -ELOOP);
        g_assert_cmpint(confined_open(f->root, "absolute", O_RDONLY | O_NOFOLLOW), ==, -ELOOP);
}

/* With the real root as the root there is a /proc: its links jump without a path, and no confinement would hold them.
 */
static void test_magic_links(Fixture *f, gconstpointer data)
{
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        g_autofree char *link = g_build_filename(f->tree, "root", "magic", NULL);
        g_autofree char *below = g_build_filename(link, "etc", NULL);
        g_autofree char *by_fd = g_strdup_printf("/proc/self/fd/%d/secret", f->outside);

        make_link(f, "magic", "/proc/self/root");
        g_assert_cmpint(confined_open(root, "/proc/self/root", O_PATH), ==, -ELOOP);
        g_assert_cmpint(confined_open(root, "/proc/self/cwd", O_PATH | O_DIRECTORY), ==, -ELOOP);
        g_assert_cmpint(confined_open(root, link, O_PATH), ==, -ELOOP);
        g_assert_cmpint(confined_open(root, below, O_PATH), ==, -ELOOP);
        g_assert_cmpint(confined_open(root, by_fd, O_RDONLY), ==, -ELOOP);
}

/* What a person read and agreed to is what is opened: no part of the path leads elsewhere. */
static void test_literal(Fixture *f, gconstpointer data)
{
        g_autofree char *real = g_canonicalize_filename(f->tree, NULL);
        g_autofree char *folder = g_build_filename(real, "root", "etc", NULL);
        g_autofree char *file = g_build_filename(real, "root", "etc", "passwd", NULL);
        g_autofree char *link = g_build_filename(real, "root", "link", NULL);
        g_autofree char *through = g_build_filename(link, "x", NULL);
        _cleanup_close_ int fd = confined_open_literal(folder), file_fd = confined_open_literal(file);

        g_assert_cmpint(fd, >=, 0);
        assert_cloexec(fd);
        g_assert_cmpint(faccessat(fd, "passwd", F_OK, 0), ==, 0);
        make_folder(f->root, "etc/x");
        make_link(f, "link", "etc");
        g_assert_cmpint(file_fd, >=, 0);
        g_assert_cmpint(confined_open_literal(link), ==, -ELOOP);
        g_assert_cmpint(confined_open_literal(through), ==, -ELOOP);
        g_assert_cmpint(confined_open_literal("/proc/self/root"), ==, -ELOOP);
        g_assert_cmpint(confined_open_literal("/nonexistent"), ==, -ENOENT);
}

/* Nobody writes into it: an open that waits would wait until the test's time is up. */
static void test_fifo(Fixture *f, gconstpointer data)
{
        _cleanup_close_ int reader = -1, path = -1;

        g_assert_cmpint(mkfifoat(f->root, "fifo", 0600), ==, 0);
        reader = confined_open(f->root, "fifo", O_RDONLY);
        g_assert_cmpint(reader, >=, 0);
        assert_cloexec(reader);
        g_assert_cmpint(fcntl(reader, F_GETFL) & O_NONBLOCK, ==, O_NONBLOCK);
        reader = safe_close(reader);
        g_assert_cmpint(confined_open(f->root, "fifo", O_WRONLY), ==, -ENXIO);
        path = confined_open(f->root, "fifo", O_PATH);
        g_assert_cmpint(path, >=, 0);
        assert_cloexec(path);
}

static void assert_made(Fixture *f, const char *path, uid_t uid, gid_t gid, mode_t mode)
{
        struct stat st;

        g_test_message("%s", path);
        g_assert_cmpint(fstatat(f->root, path, &st, AT_SYMLINK_NOFOLLOW), ==, 0);
        g_assert_cmpuint(st.st_mode, ==, S_IFDIR | mode);
        g_assert_cmpuint(st.st_uid, ==, uid);
        g_assert_cmpuint(st.st_gid, ==, gid);
}

static bool needs_root(void)
{
        if (geteuid() == 0)
                return false;
        g_test_skip("only root makes folders for others");
        return true;
}

static void test_make(Fixture *f, gconstpointer data)
{
        struct stat st;
        mode_t mask;

        if (needs_root())
                return;
        g_assert_cmpint(fchmodat(f->root, "etc", 0500, 0), ==, 0);
        mask = umask(077);
        g_assert_cmpint(confined_make_directory(f->root, "/etc//a/b/", OWNER, GROUP), ==, 1);
        g_assert_cmpint(umask(mask), ==, 077);
        assert_made(f, "etc", 0, 0, 0500);
        assert_made(f, "etc/a", OWNER, GROUP, 0755);
        assert_made(f, "etc/a/b", OWNER, GROUP, 0755);

        g_assert_cmpint(confined_make_directory(f->root, "etc/a/b", 0, 0), ==, 0);
        g_assert_cmpint(confined_make_directory(f->root, "/", OWNER, GROUP), ==, 0);
        g_assert_cmpint(confined_make_directory(f->root, "", OWNER, GROUP), <=, 0);
        assert_made(f, "etc/a/b", OWNER, GROUP, 0755);

        /* Afterwards the process is what it was. */
        make_file(f->root, "after", "");
        g_assert_cmpint(fstatat(f->root, "after", &st, 0), ==, 0);
        g_assert_cmpuint(st.st_uid, ==, geteuid());
        g_assert_cmpuint(st.st_gid, ==, getegid());
        g_assert_cmpint(prctl(PR_GET_SECUREBITS) & SECBIT_NO_SETUID_FIXUP, ==, 0);
}

static void test_make_confined(Fixture *f, gconstpointer data)
{
        struct stat st;

        if (needs_root())
                return;
        make_link(f, "folder", "/etc");
        make_link(f, "up", "../../..");
        g_assert_cmpint(confined_make_directory(f->root, "folder/x", OWNER, GROUP), ==, 1);
        assert_made(f, "etc/x", OWNER, GROUP, 0755);
        g_assert_cmpint(confined_make_directory(f->root, "up/y/../z", OWNER, GROUP), ==, 1);
        assert_made(f, "y", OWNER, GROUP, 0755);
        assert_made(f, "z", OWNER, GROUP, 0755);
        g_assert_cmpint(confined_make_directory(f->root, "../../w", OWNER, GROUP), ==, 1);
        assert_made(f, "w", OWNER, GROUP, 0755);
        g_assert_cmpint(fstatat(f->outside, "w", &st, 0), ==, -1);
        g_assert_cmpint(fstatat(f->outside, "y", &st, 0), ==, -1);
        g_assert_cmpint(fstatat(f->outside, "z", &st, 0), ==, -1);
}

static void test_make_in_the_way(Fixture *f, gconstpointer data)
{
        if (needs_root())
                return;
        make_link(f, "loop", "loop");
        make_link(f, "dangling", "/nonexistent");
        g_assert_cmpint(confined_make_directory(f->root, "etc/passwd", OWNER, GROUP), ==, -ENOTDIR);
        g_assert_cmpint(confined_make_directory(f->root, "etc/passwd/x", OWNER, GROUP), ==, -ENOTDIR);
        g_assert_cmpint(confined_make_directory(f->root, "loop/x", OWNER, GROUP), ==, -ELOOP);
        g_assert_cmpint(confined_make_directory(f->root, "dangling/x", OWNER, GROUP), ==, -ENOENT);
        g_assert_cmpint(faccessat(f->root, "nonexistent", F_OK, 0), ==, -1);
}

/* "There already" would be wrong: no folder is. */
static void test_make_dangling(Fixture *f, gconstpointer data)
{
        int r;

        if (needs_root())
                return;
        make_link(f, "dangling", "/nonexistent");
        r = confined_make_directory(f->root, "dangling", OWNER, GROUP);
        g_assert_cmpint(r, !=, 0);
        if (r > 0)
                assert_made(f, "nonexistent", OWNER, GROUP, 0755);
}

static void assert_file(Fixture *f, const char *path)
{
        struct stat st;

        g_assert_cmpint(fstatat(f->root, path, &st, AT_SYMLINK_NOFOLLOW), ==, 0);
        g_assert_cmpuint(st.st_mode, ==, S_IFREG | 0644);
        g_assert_cmpuint(st.st_uid, ==, OWNER);
        g_assert_cmpint(st.st_size, ==, 0);
}

/* A mount point is opened as it is, or made: a folder, or an empty file. What was made is counted. */
static void test_mount_point(Fixture *f, gconstpointer data)
{
        static const struct {
                const char *path;
                bool is_folder;
                unsigned made;
        } points[] = {
                {"/etc", true, 0},      {"etc/passwd", false, 0}, {"/etc/a/b", true, 2}, {"/etc/a/b", true, 0},
                {"/etc/c/d", false, 2}, {"/etc/c/e", false, 1},   {"/up/x", true, 1},    {"/etc", false, 0},
                {"/nowhere", true, 2},  {"/etc/file", false, 3},  {"/away/y", true, 2},
        };

        if (needs_root())
                return;
        make_link(f, "up", "../../..");
        make_link(f, "nowhere", "/m/n");
        make_link(f, "etc/file", "../run/a/b");
        make_link(f, "away", "../../../../nonexistent");
        for (size_t i = 0; i < G_N_ELEMENTS(points); i++) {
                unsigned made = 99;
                _cleanup_close_ int fd =
                        confined_open_mount_point(f->root, points[i].path, points[i].is_folder, OWNER, GROUP, &made);

                g_test_message("%s: %d", points[i].path, fd);
                g_assert_cmpint(fd, >=, 0);
                assert_cloexec(fd);
                g_assert_cmpuint(made, ==, points[i].made);
        }
        assert_made(f, "etc/a/b", OWNER, GROUP, 0755);
        assert_made(f, "etc/c", OWNER, GROUP, 0755);
        assert_file(f, "etc/c/d");
        assert_file(f, "etc/c/e");
        assert_made(f, "x", OWNER, GROUP, 0755);
        assert_made(f, "m/n", OWNER, GROUP, 0755);
        assert_made(f, "run/a", OWNER, GROUP, 0755);
        assert_file(f, "run/a/b");
        assert_made(f, "nonexistent/y", OWNER, GROUP, 0755);
        g_assert_cmpint(faccessat(f->outside, "x", F_OK, 0), ==, -1);
        g_assert_cmpint(faccessat(f->outside, "nonexistent", F_OK, 0), ==, -1);
}

/* What was made for a mount is nothing that anybody has written. */
static void test_mount_point_times(Fixture *f, gconstpointer data)
{
        static const struct timespec times[] = {{.tv_sec = 1000, .tv_nsec = 1}, {.tv_sec = 2000, .tv_nsec = 2}};
        static const char *const paths[] = {"etc/file", "etc/folder/file", "etc/folder"};
        struct stat st;
        unsigned made;

        for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
                _cleanup_close_ int fd = -1;

                g_assert_cmpint(utimensat(f->root, "etc", times, 0), ==, 0);
                fd = confined_open_mount_point(f->root, paths[i], i == 2, OWNER, GROUP, &made);
                g_assert_cmpint(fd, >=, 0);
                g_assert_cmpint(fstatat(f->root, "etc", &st, 0), ==, 0);
                g_assert_cmpint(st.st_mtim.tv_sec, ==, 2000);
                g_assert_cmpint(st.st_mtim.tv_nsec, ==, 2);
        }
        g_assert_cmpint(confined_make_directory(f->root, "etc/written", OWNER, GROUP), ==, 1);
        g_assert_cmpint(fstatat(f->root, "etc", &st, 0), ==, 0);
        g_assert_cmpint(st.st_mtim.tv_sec, !=, 2000);
}

static void test_mount_point_fails(Fixture *f, gconstpointer data)
{
        unsigned made = 99;

        if (needs_root())
                return;
        make_link(f, "loop", "loop");
        make_link(f, "one", "two");
        make_link(f, "two", "./../one/x");
        g_assert_cmpint(confined_open_mount_point(f->root, "etc/passwd", true, 0, 0, &made), ==, -ENOTDIR);
        g_assert_cmpint(confined_open_mount_point(f->root, "etc/passwd/x", false, 0, 0, &made), ==, -ENOTDIR);
        g_assert_cmpint(confined_open_mount_point(f->root, "loop", true, 0, 0, &made), ==, -ELOOP);
        g_assert_cmpint(confined_open_mount_point(f->root, "one/y", true, 0, 0, &made), ==, -ELOOP);
        g_assert_cmpuint(made, ==, 99);
}

static void add(const char *name, void (*function)(Fixture *, gconstpointer))
{
        g_test_add(name, Fixture, NULL, fixture_set_up, function, fixture_tear_down);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add("/confined-path/plain", test_plain);
        add("/confined-path/dot-dot", test_dot_dot);
        add("/confined-path/symlinks", test_symlinks);
        add("/confined-path/magic-links", test_magic_links);
        add("/confined-path/literal", test_literal);
        add("/confined-path/fifo", test_fifo);
        add("/confined-path/make", test_make);
        add("/confined-path/make-confined", test_make_confined);
        add("/confined-path/make-in-the-way", test_make_in_the_way);
        add("/confined-path/make-dangling", test_make_dangling);
        add("/confined-path/mount-point", test_mount_point);
        add("/confined-path/mount-point-times", test_mount_point_times);
        add("/confined-path/mount-point-fails", test_mount_point_fails);
        return g_test_run();
}
