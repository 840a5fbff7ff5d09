/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Too much of anything is an error that says how much may be; and ends that the archive has nothing to do with. */

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zlib.h>

#include "unpack-driver.h"
#include "util/error.h"

#define MIB (1024U * 1024U)

#ifdef __SANITIZE_ADDRESS__
#define UNPACK_SANITIZED TRUE
#else
#define UNPACK_SANITIZED FALSE
#endif

static void test_bytes(void)
{
        for (guint i = 0; i < 2; i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(GByteArray) tar = tar_new({.name = "a", .data = "12345"}, {.name = "dir/b", .data = "67890"});

                u->bytes_max = 10 - i;
                unpack_bytes(u, tar);
                if (i == 0)
                        unpack_assert_done(u, 1, 0);
                else
                        unpack_assert_error(u, ERROR_INVALID_IMAGE, "'dir/b': its files have more than 9 bytes");
        }
}

/* Each entry counts, also what is left out. */
static void test_entries(void)
{
        for (guint i = 0; i < 2; i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(GByteArray) tar = tar_new({.name = "a"}, {.name = "null", .type = '3'}, {.name = "a"});

                u->entries_max = 3 - i;
                unpack_bytes(u, tar);
                if (i == 0)
                        unpack_assert_done(u, 1, 1);
                else
                        unpack_assert_error(u, ERROR_INVALID_IMAGE, "more than 2 entries");
        }
}

static void test_depth(void)
{
        for (guint i = 0; i < 2; i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(GByteArray) tar = tar_new({.name = "./a/b//c", .data = "x"});

                u->depth_max = 3 - i;
                unpack_bytes(u, tar);
                if (i == 0)
                        unpack_assert_done(u, 1, 0);
                else
                        unpack_assert_error(u, ERROR_INVALID_IMAGE, "more than 2 components");
        }
}

/* A bomb of zeros. Up to 64 MiB are let pass. */
static void test_ratio(void)
{
        static const char *const kinds[] = {"gzip", "zstd", "bzip2", "xz"};
        g_autofree char *zeros = g_malloc0(80 * MIB);
        g_autoptr(GByteArray) bomb = tar_new({.name = "zeros", .data = zeros, .size = 80 * MIB});
        g_autoptr(GByteArray) small = tar_new({.name = "zeros", .data = zeros, .size = 40 * MIB});

        for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(GByteArray) archive = compress_bytes(bomb, kinds[i]), fine = compress_bytes(small, kinds[i]);

                unpack_bytes(u, archive);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, "more than 100 times");
                if (i > 0)
                        continue;
                {
                        g_autoptr(Unpack) other = unpack_new();

                        unpack_bytes(other, fine);
                        unpack_assert_done(other, 1, 0);
                }
        }
}

/* What follows the end of an archive is not unpacked, but read. */
static void test_endless(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autofree char *zeros = g_malloc0(70 * MIB);
        g_autoptr(GByteArray) tar = tar_new({.name = "a"});

        u->bytes_max = 1;
        u->entries_max = 1;
        g_byte_array_append(tar, (const guint8 *) zeros, 70 * MIB);
        unpack_bytes(u, tar);
        unpack_assert_error(u, ERROR_INVALID_IMAGE, "is a stream of more than");
}

/* A name that is larger than anything reasonable. */
static void test_long_header(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autofree char *name = g_strnfill(2 * MIB, 'n');
        g_autoptr(GByteArray) tar = tar_new({.name = "././@LongLink", .type = 'L', .data = name}, {.name = "x"});

        unpack_bytes(u, tar);
        unpack_assert_error(u, ERROR_INVALID_IMAGE, "too large");
}

/* An xz stream whose block says that it needs a dictionary of 2 GiB: the parser has less. (With the sanitizers it does
 * not.) */
static void test_memory(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(GByteArray) tar = tar_new({.name = "x"}), archive = compress_bytes(tar, "xz");
        guint8 *block = archive->data + 12, *crc = block + (block[0] + 1) * 4 - 4;
        guint32 sum;

        /* flags, then one filter, LZMA2, with one byte of properties; the checksum of the header is at its end */
        g_assert_cmpmem(block + 1, 3, "\0\x21\x01", 3);
        block[4] = 38;
        sum = GUINT32_TO_LE((guint32) crc32(0, block, (unsigned) (crc - block)));
        memcpy(crc, &sum, sizeof(sum));
        unpack_bytes(u, archive);
        if (u->error_name)
                unpack_assert_error(u, ERROR_INVALID_IMAGE, "emory");
        else
                g_assert_true(UNPACK_SANITIZED);
}

static void write_all(int fd, const GByteArray *bytes)
{
        gsize done = 0;

        while (done < bytes->len) {
                gssize n = write(fd, bytes->data + done, bytes->len - done);

                g_assert_cmpint(n, >, 0);
                done += (gsize) n;
        }
}

/* From a pipe that another process fills, and that does not wait. */
static void test_pipe(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autofree char *data = g_strnfill(3 * MIB, 'x');
        g_autoptr(GByteArray) tar = tar_new({.name = "a", .data = data}, {.name = "last", .data = "end"});
        int ends[2], status;
        pid_t writer;

        g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
        g_assert_cmpint(fcntl(ends[0], F_SETFL, O_NONBLOCK), ==, 0);
        writer = fork();
        if (writer == 0) {
                write_all(ends[1], tar);
                _exit(0);
        }
        safe_close(ends[1]);
        unpack_run(u, ends[0]);
        unpack_assert_done(u, 1, 0);
        unpack_assert_shows(u, "0/last", "100644 0 0 end");
        safe_close(ends[0]);
        g_assert_cmpint(waitpid(writer, &status, 0), ==, writer);
}

/* A file is read from its beginning, and its offset is left alone. */
static void test_offset(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(GByteArray) tar = tar_new({.name = "a", .data = "x"});
        _cleanup_close_ int fd = open(u->tree, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        write_all(fd, tar);
        g_assert_cmpint(lseek(fd, 100, SEEK_SET), ==, 100);
        unpack_run(u, fd);
        unpack_assert_done(u, 1, 0);
        g_assert_cmpint(lseek(fd, 0, SEEK_CUR), ==, 100);
}

/* The store goes, or ends it: nothing is left that still runs, which shows by the end of the socket's stream. */
static void test_ends(void)
{
        for (guint i = 0; i < 3; i++) {
                g_autoptr(Unpack) u = unpack_new();
                int ends[2], socket, status;
                struct pollfd there;
                pid_t pid;

                /* There is always more to read. */
                g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
                g_assert_cmpint(write(ends[1], "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10), ==, 10);
                socket = unpack_start(u, ends[0], &pid);
                g_assert_true(unpack_take(u, socket, pid));
                /* One round of progress: it has come to wait for the pipe. */
                while (u->n_progress == 0)
                        g_assert_true(unpack_take(u, socket, pid));
                if (i < 2) {
                        g_assert_cmpint(kill(pid, i == 0 ? SIGTERM : SIGKILL), ==, 0);
                        while (unpack_take(u, socket, pid))
                                ;
                        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
                        g_assert_true(WIFSIGNALED(status));
                        safe_close(socket);
                } else {
                        safe_close(socket);
                        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
                        g_assert_cmpint(WEXITSTATUS(status), ==, EXIT_FAILURE);
                }
                /* Nobody has the pipe open any more. */
                safe_close(ends[0]);
                there = (struct pollfd){.fd = ends[1], .events = POLLOUT};
                g_assert_cmpint(poll(&there, 1, 10000), ==, 1);
                g_assert_true(there.revents & POLLERR);
                safe_close(ends[1]);
        }
}

/* Mounts a small tmpfs on the target, in a mount namespace of this program. */
static void mount_target(const Unpack *u, const char *options)
{
        static gboolean left = FALSE;

        if (!left) {
                g_assert_cmpint(unshare(CLONE_NEWNS), ==, 0);
                g_assert_cmpint(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);
        }
        left = TRUE;
        g_assert_cmpint(mount("tmpfs", u->target, "tmpfs", 0, options), ==, 0);
        g_assert_cmpint(chown(u->target, ID_BASE, ID_BASE), ==, 0);
}

static void test_full_disk(void)
{
        static const char *const options[] = {"size=1M", "nr_inodes=10"};

        for (guint i = 0; i < 2; i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autofree char *data = g_strnfill(2 * MIB, 'x');
                g_autoptr(GByteArray) tar = g_byte_array_new();

                for (guint j = 0; j < 20; j++) {
                        g_autofree char *name = g_strdup_printf("file%u", j);

                        tar_add(tar, .name = name);
                }
                tar_add(tar, .name = "large", .data = data);
                tar_end(tar);
                mount_target(u, options[i]);
                unpack_bytes(u, tar);
                unpack_assert_error(u, ERROR_STORE_FULL, i == 0 ? "at 'large'" : "at 'file");
                g_assert_cmpint(umount2(u->target, MNT_DETACH), ==, 0);
        }
}

static void test_read_only_disk(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(GByteArray) tar = tar_new({.name = "a"});

        mount_target(u, "size=1M");
        g_assert_cmpint(mount(NULL, u->target, NULL, MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
        unpack_bytes(u, tar);
        unpack_assert_error(u, ERROR_STORE_READ_ONLY, "read-only");
        g_assert_cmpint(umount2(u->target, MNT_DETACH), ==, 0);
}

/* What the archive says of a file's size and what it is on the disk, by each of tar's forms. */
static void test_sparse(void)
{
        static const char *const forms[] = {"--format=gnu", "--format=posix --sparse-version=0.0",
                                            "--format=posix --sparse-version=0.1",
                                            "--format=posix --sparse-version=1.0"};

        for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
                g_autoptr(Unpack) u = unpack_new();
                _cleanup_(remove_tree) char *tree = make_tree();
                g_autofree char *path = g_build_filename(tree, "sparse", NULL),
                                *tail = g_build_filename(tree, "tail", NULL);
                g_autofree char *archive = g_build_filename(tree, "archive", NULL);
                g_autofree char *command =
                        g_strdup_printf("tar --sparse %s -C %s -cf %s sparse tail", forms[i], tree, archive);
                g_autofree char *made = g_build_filename(u->target, "0/sparse", NULL);
                _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644), result = -1;
                char bytes[4] = "";
                struct stat st;
                int status;

                g_assert_cmpint(pwrite(fd, "one", 3, 1 * MIB), ==, 3);
                g_assert_cmpint(pwrite(fd, "two", 3, 100 * MIB), ==, 3);
                g_assert_cmpint(ftruncate(fd, 200 * MIB), ==, 0);
                g_assert_true(g_file_set_contents(tail, "", 0, NULL));
                g_assert_cmpint(truncate(tail, 50 * MIB), ==, 0);
                g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, &status, NULL));
                g_assert_cmpint(status, ==, 0);

                u->bytes_max = MIB;
                unpack_file(u, archive);
                unpack_assert_done(u, 1, 0);
                st = unpack_stat(u, "0/sparse");
                g_assert_cmpint(st.st_size, ==, 200 * MIB);
                g_assert_cmpint(st.st_blocks * 512, <, MIB);
                st = unpack_stat(u, "0/tail");
                g_assert_cmpint(st.st_size, ==, 50 * MIB);
                g_assert_cmpint(st.st_blocks, ==, 0);
                result = open(made, O_RDONLY | O_CLOEXEC);
                g_assert_cmpint(pread(result, bytes, 3, 100 * MIB), ==, 3);
                g_assert_cmpstr(bytes, ==, "two");
                g_assert_cmpint(pread(result, bytes, 3, 1 * MIB), ==, 3);
                g_assert_cmpstr(bytes, ==, "one");
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        unpack_add_test("/unpack-limits/bytes", test_bytes);
        unpack_add_test("/unpack-limits/entries", test_entries);
        unpack_add_test("/unpack-limits/depth", test_depth);
        unpack_add_test("/unpack-limits/ratio", test_ratio);
        unpack_add_test("/unpack-limits/endless", test_endless);
        unpack_add_test("/unpack-limits/long-header", test_long_header);
        unpack_add_test("/unpack-limits/memory", test_memory);
        unpack_add_test("/unpack-limits/sparse", test_sparse);
        unpack_add_test("/unpack-limits/pipe", test_pipe);
        unpack_add_test("/unpack-limits/offset", test_offset);
        unpack_add_test("/unpack-limits/ends", test_ends);
        unpack_add_test("/unpack-limits/full-disk", test_full_disk);
        unpack_add_test("/unpack-limits/read-only-disk", test_read_only_disk);
        return g_test_run();
}
