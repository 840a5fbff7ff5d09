/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading a container's mount while the container may do as it likes with it: nothing outside is reached, and nothing
 * that could block is opened. */

#include <errno.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "files-tree.h"

static void assert_reads(const FilesView *view, const char *path, const char *expected)
{
        FilesError error;
        _cleanup_close_ int fd = files_open(view, path, &error);
        char text[64] = {0};

        g_test_message("%.80s", path);
        if (fd < 0)
                g_error("%s: %s", path, error.sentence);
        assert_cloexec(fd);
        g_assert_cmpint(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), ==, O_RDONLY);
        g_assert_cmpint(read(fd, text, sizeof(text) - 1), >=, 0);
        g_assert_cmpstr(text, ==, expected);
}

static void assert_no_open(const FilesView *view, const char *path, const char *name, const char *part)
{
        FilesError error;

        g_test_message("%.80s", path);
        assert_error(files_open(view, path, &error), &error, name, part);
}

static void test_open(Fixture *f, gconstpointer data)
{
        unsigned before = count_fds();

        assert_reads(&f->view, "etc/passwd", "inside");
        assert_reads(&f->view, "/etc//./passwd", "inside");
        assert_reads(&f->view, "etc/../etc/passwd", "inside");
        assert_no_open(&f->view, "etc/nonesuch", NO_SUCH_FILE, "etc/nonesuch");
        assert_no_open(&f->view, "etc/passwd/x", NOT_A_DIRECTORY, "etc/passwd/x");
        assert_no_open(&f->view, "etc", NOT_A_FILE, "directory");
        assert_no_open(&f->view, "", NOT_A_FILE, "directory");
        assert_no_open(&f->view, "/", NOT_A_FILE, "directory");
        g_assert_cmpuint(count_fds(), ==, before);
}

/* A path with too many ".." means something that is not there; symlinks end at the top, as they do inside. */
static void test_leaves(Fixture *f, gconstpointer data)
{
        g_autofree char *real = g_build_filename(f->tree, "secret", NULL);

        assert_no_open(&f->view, "..", INVALID_ARGS, "leaves the mount");
        assert_no_open(&f->view, "../secret", INVALID_ARGS, "leaves the mount");
        assert_no_open(&f->view, "/etc/../../secret", INVALID_ARGS, "leaves the mount");
        assert_no_open(&f->view, "etc/./..//../root/etc/passwd", INVALID_ARGS, "leaves the mount");
        make_link(f, "absolute", "/etc/passwd");
        make_link(f, "climbing", "../../../../etc/passwd");
        make_link(f, "near", "../secret");
        make_link(f, "real", real);
        make_link(f, "folder", "etc");
        assert_reads(&f->view, "absolute", "inside");
        assert_reads(&f->view, "climbing", "inside");
        assert_reads(&f->view, "folder/passwd", "inside");
        assert_no_open(&f->view, "near", NO_SUCH_FILE, "near");
        assert_no_open(&f->view, "real", NO_SUCH_FILE, "real");
        assert_no_open(&f->view, real, NO_SUCH_FILE, "secret");
}

static void test_loops(Fixture *f, gconstpointer data)
{
        FileEntry entry;
        FilesError error;

        make_link(f, "loop", "loop");
        make_link(f, "ping", "pong");
        make_link(f, "pong", "ping");
        make_link(f, "inward", "inward/x");
        assert_no_open(&f->view, "loop", NO_SUCH_FILE, "loop");
        assert_no_open(&f->view, "ping/x", NO_SUCH_FILE, "ping");
        assert_no_open(&f->view, "inward", NO_SUCH_FILE, "inward");
        g_assert_cmpint(files_stat(&f->view, "loop", true, &entry, &error), <, 0);
        g_assert_cmpint(files_stat(&f->view, "loop", false, &entry, &error), ==, 0);
        g_assert_cmpstr(entry.target, ==, "loop");
}

/* The kernel's own longest path, and one that is too long; each name is one byte. */
static void test_deep(Fixture *f, gconstpointer data)
{
        _cleanup_close_ int folder = fcntl(f->root, F_DUPFD_CLOEXEC, 0);
        g_autoptr(GString) path = g_string_new("");

        for (int i = 0; i < 2000; i++) {
                int next;

                make_folder(folder, "d");
                next = openat(folder, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
                g_assert_cmpint(next, >=, 0);
                safe_close(folder);
                folder = next;
                g_string_append(path, "d/");
        }
        make_file(folder, "f", "deep");
        g_string_append(path, "f");
        assert_reads(&f->view, path->str, "deep");
        for (int i = 0; i < 100; i++)
                g_string_prepend(path, "./");
        assert_no_open(&f->view, path->str, INVALID_ARGS, "too long");
}

static void make_device(Fixture *f, const char *name, mode_t type, dev_t device)
{
        if (mknodat(f->root, name, type | 0666, device) < 0)
                g_test_message("no device can be made here: %s", g_strerror(errno));
        else
                assert_no_open(&f->view, name, NOT_A_FILE, type == S_IFCHR ? "character" : "block");
}

/* Nobody writes into the FIFO: an open that waits would wait until the test's time is up. */
static void test_special(Fixture *f, gconstpointer data)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_assert_cmpint(mkfifoat(f->root, "fifo", 0666), ==, 0);
        make_link(f, "link", "fifo");
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/socket", f->root);
        g_assert_cmpint(bind(fd, (struct sockaddr *) &address, sizeof(address)), ==, 0);
        assert_no_open(&f->view, "fifo", NOT_A_FILE, "fifo");
        assert_no_open(&f->view, "link", NOT_A_FILE, "fifo");
        assert_no_open(&f->view, "socket", NOT_A_FILE, "socket");
        /* The first tape: what opens it would make it move. */
        make_device(f, "tape", S_IFCHR, makedev(9, 0));
        make_device(f, "disk", S_IFBLK, makedev(7, 0));
}

static void test_stat(Fixture *f, gconstpointer data)
{
        const struct timespec times[2] = {{.tv_sec = -1, .tv_nsec = 500000}, {.tv_sec = 12, .tv_nsec = 345678901}};
        FileEntry entry;
        FilesError error;

        g_assert_cmpint(fchmodat(f->root, "etc/passwd", 04751, 0), ==, 0);
        g_assert_cmpint(fchownat(f->root, "etc/passwd", ID_BASE + 7, ID_BASE + ID_COUNT, 0), ==, 0);
        g_assert_cmpint(fchmodat(f->root, "etc/passwd", 04751, 0), ==, 0);
        g_assert_cmpint(utimensat(f->root, "etc/passwd", times, 0), ==, 0);
        g_assert_cmpint(files_stat(&f->view, "/etc/passwd", false, &entry, &error), ==, 0);
        g_assert_cmpstr(entry.type, ==, "file");
        g_assert_cmpuint(entry.size, ==, strlen("inside"));
        g_assert_cmpuint(entry.mode, ==, 04751);
        g_assert_cmpuint(entry.uid, ==, 7);
        g_assert_cmpuint(entry.gid, ==, 65534);
        g_assert_cmpint(entry.mtime, ==, 12345678);
        g_assert_cmpstr(entry.target, ==, "");

        make_link(f, "link", "/etc/passwd");
        g_assert_cmpint(files_stat(&f->view, "link", false, &entry, &error), ==, 0);
        g_assert_cmpstr(entry.type, ==, "symlink");
        g_assert_cmpstr(entry.target, ==, "/etc/passwd");
        g_assert_cmpint(files_stat(&f->view, "link", true, &entry, &error), ==, 0);
        g_assert_cmpstr(entry.type, ==, "file");
        g_assert_cmpstr(entry.target, ==, "");
        g_assert_cmpint(files_stat(&f->view, "", false, &entry, &error), ==, 0);
        g_assert_cmpstr(entry.type, ==, "directory");
        assert_error(files_stat(&f->view, "x", false, &entry, &error), &error, NO_SUCH_FILE, "'x'");
        assert_error(files_stat(&f->view, "../secret", false, &entry, &error), &error, INVALID_ARGS, "leaves");
}

/* What is handed out must not be a way to write, nor to become another user. */
static void test_view(Fixture *f, gconstpointer data)
{
        FilesError error;
        _cleanup_close_ int fd = files_open(&f->view, "etc/passwd", &error), again = -1;
        g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
        g_autofree char *folder = g_build_filename(f->tree, "root", "etc", NULL);
        FileEntry entry;

        g_assert_cmpint(fd, >=, 0);
        again = open(path, O_WRONLY | O_CLOEXEC);
        g_assert_cmpint(again, ==, -1);
        g_assert_cmpint(errno, ==, EROFS);
        g_assert_cmpint(fchmod(fd, 0777), ==, -1);
        g_assert_cmpint(fchmodat(f->root, "etc/passwd", 04755, 0), ==, 0);
        g_assert_cmpint(faccessat(fd, "", X_OK, AT_EMPTY_PATH), ==, -1);

        /* What is mounted upon it is another mount's. */
        g_assert_cmpint(mount("tmpfs", folder, "tmpfs", 0, NULL), ==, 0);
        assert_reads(&f->view, "etc/passwd", "inside");
        safe_close(f->view.top);
        f->view.top = files_open_view(f->root);
        assert_reads(&f->view, "etc/passwd", "inside");
        g_assert_cmpint(umount2(folder, MNT_DETACH), ==, 0);
        g_assert_cmpint(files_stat(&f->view, "etc/passwd", false, &entry, &error), ==, 0);
}

static int count_entry(const char *name, const FileEntry *entry, void *userdata)
{
        (*(unsigned *) userdata)++;
        return 0;
}

static void test_single_file(Fixture *f, gconstpointer data)
{
        _cleanup_close_ int file = openat(f->root, "etc/passwd", O_PATH | O_CLOEXEC);
        _cleanup_close_ int top = files_open_view(file);
        FilesView view = {.top = top, .id_base = 0, .id_count = UINT32_MAX};
        FileEntry entry;
        FilesError error;
        unsigned n = 0;

        assert_reads(&view, "", "inside");
        assert_reads(&view, "/", "inside");
        assert_no_open(&view, "x", NOT_A_DIRECTORY, "'x'");
        assert_no_open(&view, "..", INVALID_ARGS, "leaves");
        g_assert_cmpint(files_stat(&view, "/", false, &entry, &error), ==, 0);
        g_assert_cmpstr(entry.type, ==, "file");
        g_assert_cmpuint(entry.uid, ==, 0);
        assert_error(files_list(&view, "", 0, "", count_entry, &n, &error), &error, NOT_A_DIRECTORY, "''");
}

static void swap_folder(Fixture *f)
{
        (void) renameat2(f->root, "work", f->root, "link", RENAME_EXCHANGE);
}

static void test_swapped_folder(Fixture *f, gconstpointer data)
{
        gint64 end = g_get_monotonic_time() + SWAP_MICROSECONDS;
        unsigned read_inside = 0, failed = 0;
        pid_t pid;

        make_folder(f->root, "work");
        make_file(f->root, "work/secret", "inside");
        g_assert_cmpint(symlinkat(f->tree, f->root, "link"), ==, 0);
        pid = start_child(swap_folder, f);
        while (g_get_monotonic_time() < end) {
                char text[16] = {0};
                FileEntry entry;
                FilesError error;
                _cleanup_close_ int fd = files_open(&f->view, "work/secret", &error);

                if (fd >= 0) {
                        g_assert_cmpint(read(fd, text, sizeof(text) - 1), >, 0);
                        g_assert_cmpstr(text, ==, "inside");
                        read_inside++;
                } else {
                        failed++;
                }
                if (files_stat(&f->view, "work/secret", true, &entry, &error) == 0)
                        g_assert_cmpuint(entry.size, ==, strlen("inside"));
        }
        end_child(pid);
        g_test_message("%u times it was read, %u times it was not there", read_inside, failed);
        g_assert_cmpuint(read_inside, >, 0);
        g_assert_cmpuint(failed, >, 0);
}

static void swap_file(Fixture *f)
{
        (void) renameat2(f->root, "file", f->root, "fifo", RENAME_EXCHANGE);
}

/* Also the FIFO has nobody at its other end. */
static void test_swapped_file(Fixture *f, gconstpointer data)
{
        gint64 end = g_get_monotonic_time() + SWAP_MICROSECONDS;
        unsigned opened = 0, refused = 0;
        pid_t pid;

        make_file(f->root, "file", "inside");
        g_assert_cmpint(mkfifoat(f->root, "fifo", 0666), ==, 0);
        pid = start_child(swap_file, f);
        while (g_get_monotonic_time() < end) {
                FilesError error;
                _cleanup_close_ int fd = files_open(&f->view, "file", &error);
                struct stat st;

                if (fd < 0) {
                        g_assert_cmpstr(error.name, ==, NOT_A_FILE);
                        refused++;
                        continue;
                }
                g_assert_cmpint(fstat(fd, &st), ==, 0);
                g_assert_true(S_ISREG(st.st_mode));
                opened++;
        }
        end_child(pid);
        g_assert_cmpuint(opened, >, 0);
        g_assert_cmpuint(refused, >, 0);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        if (!can_mount())
                return 0;
        add("/files/open", test_open);
        add("/files/leaves", test_leaves);
        add("/files/loops", test_loops);
        add("/files/deep", test_deep);
        add("/files/special", test_special);
        add("/files/stat", test_stat);
        add("/files/view", test_view);
        add("/files/single-file", test_single_file);
        add("/files/swapped-folder", test_swapped_folder);
        add("/files/swapped-file", test_swapped_file);
        return g_test_run();
}
