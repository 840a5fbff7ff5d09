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

StoreRun store_run_start(const char *store, int fd, const char *const *words)
{
        const char *program = g_getenv("GANGWAY_TEST_STORE"), *unpack = g_getenv("GANGWAY_TEST_UNPACK");
        const char *const argv[] = {program, store, unpack, NULL};
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC), pidfd = -1;
        StoreRun run;
        int pair[2];

        g_assert_nonnull(program);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
        run.socket = pair[0];
        g_assert_cmpint(string_message_send(pair[0], words, &fd, fd >= 0 ? 1 : 0), ==, 0);
        g_assert_cmpint(spawn(&(SpawnRequest){.path = program, .argv = argv, .control = pair[1], .null = null},
                              &run.pid, &pidfd),
                        ==, 0);
        safe_close(pair[1]);
        return run;
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

GStrv store_run(const char *store, int fd, const char *const *words)
{
        StoreRun run = store_run_start(store, fd, words);

        return store_run_end(&run, NULL);
}

GStrv store_run_ok(GStrv answer)
{
        g_assert_nonnull(answer);
        if (!g_str_equal(answer[0], "ok"))
                g_error("refused: %s", g_strjoinv(" ", answer));
        return answer;
}

void store_run_error(GStrv answer, const char *name, const char *part)
{
        g_assert_nonnull(answer);
        if (!g_str_equal(answer[0], "error"))
                g_error("not refused: %s", g_strjoinv(" ", answer));
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
        g_error("there is no %s in: %s", key, g_strjoinv(" ", answer));
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

bool store_run_is_possible(void)
{
        if (getuid() == 0)
                return true;
        g_print("1..0 # SKIP only root can make a store\n");
        return false;
}
