/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gangway-launcher: the daemon's hands inside a container's scope. It does what the daemon must not: what may block
 * (mounts of a caller's folder, files of the container, the runtime's start), and what has to happen in a place of its
 * own (the scope's control group, a mount namespace of its own). Each request of the daemon is one packet on fd 3, and
 * is answered by one: "ok …", or "error NAME SENTENCE". The requests:
 *
 *   prepare, secret, mount, seal                    the container's mounts: mount-calls.h
 *   join, isolate                                   the container's network: network.h
 *   user SPEC                                       answers "ok UID GID HOME GROUP…"; an exec's launcher, which did
 *                                                   not make the mounts, gets it as the packet's fd
 *   make-directory PATH UID GID                     inside the root, the ids are those of the host
 *   run IDENTIFIER UNIT PID-FILE LOG-FILE CONSOLE GROUP NUMBERS ARGV…   answers "ok PID ADDRESS…" with a terminal's
 *                                                   fds and the addresses of a network that began with it, or "failed
 * STATUS TEXT"; GROUP is "group" where the packet's first fd is a control group for the runtime, NUMBERS is "0,1,2" for
 * the others
 *
 * The requests about files are those of files-request.h.
 *
 * It ends when it has run a process, or answered about files, or when the daemon closes the socket.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "config.h"
#include "launcher/agents.h"
#include "launcher/files-request.h"
#include "launcher/mount-calls.h"
#include "launcher/network.h"
#include "launcher/reply.h"
#include "launcher/run.h"
#include "launcher/users.h"
#include "util/cleanup.h"
#include "util/confined-path.h"
#include "util/string-message.h"

#define ADDRESSES_MAX 16

/* Of an exec's launcher. */
static int given_root = -1;

static int get_root(void)
{
        return given_root >= 0 ? given_root : mount_call_get_root();
}

static uint32_t to_number(const char *text)
{
        return (uint32_t) strtoul(text, NULL, 10);
}

static int do_user(StringMessage *m)
{
        const char *answer[USER_GROUPS_MAX + 5] = {"ok"};
        char numbers[USER_GROUPS_MAX + 2][12], message[512] = "";
        size_t n = 1;
        User user;
        int r;

        if (m->n_fds > 0)
                given_root = steal_fd(&m->fds[0]);
        r = user_lookup(get_root(), m->strings[1], &user, message, sizeof(message));
        if (r < 0)
                return reply_error(INVALID_ARGS, "%s", *message ? message : strerror(-r));

        (void) snprintf(numbers[0], sizeof(numbers[0]), "%u", user.uid);
        (void) snprintf(numbers[1], sizeof(numbers[1]), "%u", user.gid);
        answer[n++] = numbers[0];
        answer[n++] = numbers[1];
        answer[n++] = user.home;
        for (size_t i = 0; i < user.n_groups; i++) {
                (void) snprintf(numbers[i + 2], sizeof(numbers[0]), "%u", user.groups[i]);
                answer[n++] = numbers[i + 2];
        }
        return reply(answer, NULL, 0);
}

static int do_make_directory(StringMessage *m)
{
        int r = confined_make_directory(get_root(), m->strings[1], to_number(m->strings[2]), to_number(m->strings[3]));

        if (r < 0)
                return reply_error(INVALID_ARGS, "The working directory '%s' can't be made in the container: %s",
                                   m->strings[1], strerror(-r));
        return reply_ok();
}

static int parse_numbers(const char *text, RunRequest *request)
{
        while (*text) {
                char *end;
                unsigned long number = strtoul(text, &end, 10);

                if (end == text || number >= RUN_FDS_MAX || request->n_fds >= RUN_FDS_MAX)
                        return -EBADMSG;
                request->numbers[request->n_fds++] = (unsigned) number;
                text = *end == ',' ? end + 1 : end;
        }
        return 0;
}

/* Returns 1 where the launcher's work is done. */
static int do_run(StringMessage *m)
{
        RunRequest request = {
                .identifier = m->strings[1],
                .unit = m->strings[2],
                .pid_file = m->strings[3],
                .log_file = m->strings[4],
                .console = m->strings[5],
                .argv = m->strings + 8,
                .fds = m->fds,
                .cgroup = -1,
        };
        size_t n_fds = m->n_fds;
        char message[NETWORK_ERROR_SIZE] = "", text[NETWORK_ADDRESSES_SIZE];
        char number[16];
        const char *answer[ADDRESSES_MAX + 3] = {"ok", number};
        RunResult result;
        size_t n_addresses;
        int r;

        if (*m->strings[6] && n_fds > 0) {
                request.cgroup = *request.fds++;
                n_fds--;
        }
        r = parse_numbers(m->strings[7], &request);
        if (r < 0 || request.n_fds != n_fds)
                return -EBADMSG;

        r = network_start(message);
        if (r < 0) {
                run_end_children();
                return reply_error(NETWORK_FAILED, "The container's network can't be started: %s",
                                   *message ? message : strerror(-r));
        }
        r = agents_start();
        if (r < 0)
                return reply_error(RUNTIME_FAILED, "The way to an ssh agent can't be opened: " GANGWAY_SSH_PROXY ": %s",
                                   strerror(-r));
        r = run_runtime(&request, &result);
        if (r < 0 || result.pid <= 0) {
                agents_stop();
                run_end_children();
        }
        if (r < 0)
                return reply_error(RUNTIME_FAILED, "The runtime %s can't be run: %s", request.argv[0], strerror(-r));
        if (result.pid <= 0) {
                (void) snprintf(number, sizeof(number), "%d", result.status);
                return reply((const char *const[]){"failed", number, result.error, NULL}, NULL, 0);
        }

        (void) snprintf(number, sizeof(number), "%d", (int) result.pid);
        n_addresses = network_list_addresses(text, answer + 2, ADDRESSES_MAX);
        answer[n_addresses + 2] = NULL;
        r = reply(answer, (const int[]){result.terminal, result.slave_path}, result.terminal >= 0 ? 2 : 0);
        return r < 0 ? r : 1;
}

static int do_files(StringMessage *m)
{
        int r = files_request(CONTROL_FD, m);

        return r < 0 ? r : 1;
}

static const struct {
        const char *name;
        size_t n_strings; /* at least */
        int (*run)(StringMessage *message);
} requests[] = {
        {"prepare", 7, mount_call_prepare},
        {"secret", 2, mount_call_secret},
        {"mount", 4, mount_call_mount},
        {"seal", 4, mount_call_seal},
        {"join", 3, network_call_join},
        {"isolate", 7, network_call_isolate},
        {"user", 2, do_user},
        {"make-directory", 4, do_make_directory},
        {"run", 9, do_run},
        {"open-file", 4, do_files},
        {"stat", 5, do_files},
        {"read-directory", 6, do_files},
};

static int dispatch(StringMessage *m)
{
        for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
                if (strcmp(requests[i].name, m->strings[0]) == 0)
                        return m->n_strings < requests[i].n_strings ? -EBADMSG : requests[i].run(m);
        return -EBADMSG;
}

int main(void)
{
        int r;

        /* What the runtime leaves behind becomes a child of this process first, and of the daemon only when this one
         * has ended: then the daemon has already been told the pid, and takes the process for what it is. */
        if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) < 0)
                return EXIT_FAILURE;

        for (;;) {
                StringMessage message;

                r = string_message_receive(CONTROL_FD, 0, &message);
                if (r <= 0)
                        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
                r = dispatch(&message);
                string_message_done(&message);
                if (r != 0)
                        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        }
}
