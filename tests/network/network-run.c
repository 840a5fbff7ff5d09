/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "network/network-run.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "util/cleanup.h"
#include "util/spawn.h"
#include "util/string-message.h"

#define LIMIT_MSEC 60000
#define UNSHARE    "/usr/bin/unshare"

static const char *const plugins[] = {"pass", "second", "fail", "complain", "die",  "nothing",
                                      "list", "flood",  "slow", "hang",     "stuck"};

const char *network_run_path(const char *name)
{
        static GHashTable *paths;
        g_autofree char *path = g_build_filename(g_getenv("GANGWAY_TEST_DIR"), "network", name, NULL);

        if (!paths)
                paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        if (!g_hash_table_contains(paths, path))
                g_hash_table_add(paths, g_strdup(path));
        return g_hash_table_lookup(paths, path);
}

static void run_shell(const char *command)
{
        const char *argv[] = {"/bin/sh", "-ec", command, NULL};
        g_autoptr(GError) error = NULL;
        int status;

        g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, &error);
        g_assert_no_error(error);
        g_assert_cmpint(status, ==, 0);
}

void network_run_prepare(void)
{
        g_autofree char *command =
                g_strdup_printf("rm -rf '%s' '%s'; mkdir -p '%s/log' '%s'", network_run_path("records"),
                                network_run_plugins(), network_run_plugins(), network_run_path("records"));

        run_shell(command);
        for (size_t i = 0; i < G_N_ELEMENTS(plugins); i++) {
                g_autofree char *path = g_build_filename(network_run_plugins(), plugins[i], NULL);

                g_assert_cmpint(symlink(PLUGIN_SCRIPT, path), ==, 0);
        }
}

const char *network_run_plugins(void)
{
        return network_run_path("plugins");
}

const char *network_run_list(const char *version, const char *more, const char *const *types)
{
        const char *path = network_run_path("list.conflist");
        GString *text = g_string_new(NULL);

        g_string_append_printf(text, "{\"cniVersion\":\"%s\",\"name\":\"tests\",\"plugins\":[", version);
        for (size_t i = 0; types[i]; i++)
                g_string_append_printf(text, "%s{\"type\":\"%s\"%s}", i > 0 ? "," : "", types[i], more);
        g_string_append(text, "]}");
        g_assert_true(g_file_set_contents(path, text->str, (gssize) text->len, NULL));
        g_string_free(text, TRUE);
        return path;
}

char *network_run_calls(void)
{
        const char *path = network_run_path("plugins/log/calls");
        char *text = NULL;

        if (!g_file_get_contents(path, &text, NULL, NULL))
                return g_strdup("");
        g_assert_cmpint(unlink(path), ==, 0);
        return text;
}

NetworkRun network_run_start(const char *seconds, bool alone, const char *const *words)
{
        const char *folder = network_run_path("records");
        const char *const plain[] = {NETWORK_PROGRAM, folder, seconds, NULL};
        const char *const apart[] = {UNSHARE,         "--mount", "--propagation", "private",
                                     NETWORK_PROGRAM, folder,    seconds,         NULL};
        const char *const *argv = alone ? apart : plain;
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC), pidfd = -1;
        NetworkRun run;
        int pair[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
        run.socket = pair[0];
        g_assert_cmpint(string_message_send(pair[0], words, NULL, 0), ==, 0);
        g_assert_cmpint(spawn(&(SpawnRequest){.path = argv[0], .argv = argv, .control = pair[1], .null = null},
                              &run.pid, &pidfd),
                        ==, 0);
        safe_close(pair[1]);
        return run;
}

NetworkAnswer network_run_end(NetworkRun *run, siginfo_t *ret_info)
{
        NetworkAnswer answer = {.net = -1, .user = -1};
        struct pollfd polled = {.fd = run->socket, .events = POLLIN};
        StringMessage message;
        siginfo_t info = {};

        /* A socket that was closed hears no answer. */
        if (run->socket >= 0) {
                if (poll(&polled, 1, LIMIT_MSEC) != 1)
                        g_error("gangway-network says nothing for %d s", LIMIT_MSEC / 1000);
                if (string_message_receive(run->socket, MSG_DONTWAIT, &message) > 0) {
                        answer.words = g_strdupv((GStrv) message.strings);
                        g_assert_cmpuint(message.n_fds, <=, 2);
                        if (message.n_fds > 0)
                                answer.net = steal_fd(&message.fds[0]);
                        if (message.n_fds > 1)
                                answer.user = steal_fd(&message.fds[1]);
                        string_message_done(&message);
                }
        }
        run->socket = safe_close(run->socket);
        g_assert_cmpint(waitid(P_PID, (id_t) run->pid, &info, WEXITED), ==, 0);
        if (ret_info)
                *ret_info = info;
        return answer;
}

void network_answer_done(NetworkAnswer *answer)
{
        g_clear_pointer(&answer->words, g_strfreev);
        answer->net = safe_close(answer->net);
        answer->user = safe_close(answer->user);
}

static void __attribute__((noreturn)) fail(const char *what, const NetworkAnswer *answer)
{
        g_autofree char *words = answer->words ? g_strjoinv(" ", answer->words) : g_strdup("no answer");

        g_error("%s: %s", what, words);
}

NetworkAnswer network_run_ok(NetworkRun run)
{
        NetworkAnswer answer = network_run_end(&run, NULL);

        if (!answer.words || !g_str_equal(answer.words[0], "ok"))
                fail("refused", &answer);
        return answer;
}

void network_run_done(NetworkRun run)
{
        NetworkAnswer answer = network_run_ok(run);

        network_answer_done(&answer);
}

void network_run_error(NetworkRun run, const char *name, const char *part)
{
        NetworkAnswer answer = network_run_end(&run, NULL);

        if (!answer.words || !g_str_equal(answer.words[0], "error"))
                fail("not refused", &answer);
        g_test_message("%s: %s", answer.words[1], answer.words[2]);
        g_assert_cmpstr(answer.words[1], ==, name);
        if (!strstr(answer.words[2], part))
                g_error("'%s' is not in the message: %s", part, answer.words[2]);
        g_assert_cmpint(answer.net, ==, -1);
        network_answer_done(&answer);
}

const char *network_answer_find(const NetworkAnswer *answer, const char *key)
{
        for (char **word = answer->words + 1; word[0] && word[1]; word += 2)
                if (g_str_equal(word[0], key))
                        return word[1];
        fail(key, answer);
}
