/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/store-run.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "util/cleanup.h"
#include "util/spawn.h"
#include "util/string-message.h"

#define LIMIT_MSEC 60000

#define STRACE "/usr/bin/strace"
#define CHANGES                                                                                                        \
        "write,pwrite64,fsync,fdatasync,syncfs,renameat,mkdir,mkdirat,mknodat,unlink,unlinkat,linkat,symlinkat,"       \
        "ftruncate,fallocate,copy_file_range,fchownat,fchmodat,fsetxattr,lsetxattr,utimensat,flock,fcntl,sendmsg,"     \
        "clone3,kill"

static StoreRun start(const char *const *argv, const int *fds, size_t n_fds, const char *const *words)
{
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC), pidfd = -1;
        StoreRun run;
        int pair[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
        run.socket = pair[0];
        g_assert_cmpint(string_message_send(pair[0], words, fds, n_fds), ==, 0);
        g_assert_cmpint(spawn(&(SpawnRequest){.path = argv[0], .argv = argv, .control = pair[1], .null = null},
                              &run.pid, &pidfd),
                        ==, 0);
        safe_close(pair[1]);
        return run;
}

static StoreRun start_usual(const char *store, const int *fds, size_t n_fds, const char *const *words)
{
        const char *const argv[] = {g_getenv("GANGWAY_TEST_STORE"), store, g_getenv("GANGWAY_TEST_UNPACK"), NULL};

        g_assert_nonnull(argv[0]);
        return start(argv, fds, n_fds, words);
}

StoreRun store_run_start(const char *store, int fd, const char *const *words)
{
        return start_usual(store, &fd, fd >= 0 ? 1 : 0, words);
}

StoreRun store_run_start_killed(const char *store, int fd, const char *const *words, unsigned call)
{
        g_autofree char *inject = g_strdup_printf("inject=" CHANGES ":signal=KILL:when=%u", call);
        const char *const argv[] = {STRACE,
                                    "-qq",
                                    "-o",
                                    "/dev/null",
                                    "-e",
                                    "trace=" CHANGES,
                                    "-e",
                                    inject,
                                    g_getenv("GANGWAY_TEST_STORE"),
                                    store,
                                    g_getenv("GANGWAY_TEST_UNPACK"),
                                    NULL};

        return start(argv, &fd, fd >= 0 ? 1 : 0, words);
}

GStrv store_run_end(StoreRun *run, siginfo_t *ret_info)
{
        GStrv answer = NULL;
        siginfo_t info = {};

        for (;;) {
                struct pollfd polled = {.fd = run->socket, .events = POLLIN};
                StringMessage message;

                if (poll(&polled, 1, LIMIT_MSEC) != 1)
                        g_error("gangway-store says nothing for %d s", LIMIT_MSEC / 1000);
                if (string_message_receive(run->socket, MSG_DONTWAIT, &message) <= 0)
                        break;
                if (!g_str_equal(message.strings[0], "progress")) {
                        g_assert_null(answer);
                        answer = g_strdupv((GStrv) message.strings);
                }
                string_message_done(&message);
        }
        run->socket = safe_close(run->socket);
        g_assert_cmpint(waitid(P_PID, (id_t) run->pid, &info, WEXITED), ==, 0);
        if (ret_info)
                *ret_info = info;
        return answer;
}

GStrv store_run_with(const char *store, const int *fds, size_t n_fds, const char *const *words)
{
        StoreRun run = start_usual(store, fds, n_fds, words);

        return store_run_end(&run, NULL);
}

GStrv store_run(const char *store, int fd, const char *const *words)
{
        StoreRun run = store_run_start(store, fd, words);

        return store_run_end(&run, NULL);
}

static void __attribute__((noreturn)) fail(const char *what, GStrv answer)
{
        g_autofree char *words = g_strjoinv(" ", answer);

        g_error("%s: %s", what, words);
}

GStrv store_run_ok(GStrv answer)
{
        g_assert_nonnull(answer);
        if (!g_str_equal(answer[0], "ok"))
                fail("refused", answer);
        return answer;
}

void store_run_error(GStrv answer, const char *name, const char *part)
{
        g_assert_nonnull(answer);
        if (!g_str_equal(answer[0], "error"))
                fail("not refused", answer);
        g_test_message("%s: %s", answer[1], answer[2]);
        g_assert_cmpstr(answer[1], ==, name);
        if (!strstr(answer[2], part))
                g_error("'%s' is not in the message: %s", part, answer[2]);
        g_strfreev(answer);
}

const char *store_run_find(GStrv answer, const char *key)
{
        for (char **word = answer + 1; word[0] && word[1]; word += 2)
                if (g_str_equal(word[0], key))
                        return word[1];
        fail(key, answer);
}

int store_run_script(const char *script)
{
        int fd = memfd_create("script", MFD_CLOEXEC);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, script, strlen(script)), ==, strlen(script));
        g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
        return fd;
}

unsigned store_run_count(const char *store, const char *folder)
{
        g_autofree char *path = g_build_filename(store, folder, NULL);
        GDir *dir = g_dir_open(path, 0, NULL);
        unsigned n = 0;

        g_assert_nonnull(dir);
        while (g_dir_read_name(dir))
                n++;
        g_dir_close(dir);
        return n;
}

/* Calls take for each piece. */
static bool make_bytes(guint64 size, guint32 seed, bool (*take)(const guint32 *bytes, size_t size, void *userdata),
                       void *userdata)
{
        GRand *random = g_rand_new_with_seed(seed);
        guint32 block[4096];
        bool good = true;

        while (good && size > 0) {
                size_t n = MIN(size, sizeof(block));

                for (size_t i = 0; i < (n + 3) / 4; i++)
                        block[i] = g_rand_int(random);
                good = take(block, n, userdata);
                size -= n;
        }
        g_rand_free(random);
        return good;
}

static bool write_bytes(const guint32 *bytes, size_t size, void *userdata)
{
        return write(*(int *) userdata, bytes, size) == (ssize_t) size;
}

static bool compare_bytes(const guint32 *bytes, size_t size, void *userdata)
{
        guint32 block[4096];

        return read(*(int *) userdata, block, size) == (ssize_t) size && memcmp(block, bytes, size) == 0;
}

bool store_run_fill(const char *path, guint64 size, guint32 seed)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        return fd >= 0 && make_bytes(size, seed, write_bytes, &fd);
}

bool store_run_is_filled(const char *path, guint64 size, guint32 seed)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        char byte;

        return fd >= 0 && make_bytes(size, seed, compare_bytes, &fd) && read(fd, &byte, 1) == 0;
}

bool store_run_is_possible(void)
{
        if (getuid() == 0)
                return true;
        g_print("1..0 # SKIP only root can make a store\n");
        return false;
}
