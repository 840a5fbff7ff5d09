/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "launcher/run.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>

#include "launcher/console.h"
#include "launcher/journal.h"
#include "util/cleanup.h"

/* Enough for a program on a slow disk; one that takes longer is told as started all the same. */
#define GATE_TIMEOUT_MS 10000

/* Fills table: which fd each number of the process is made from. Nothing is left to the caller's gaps: the runtime
 * wants all numbers up to the highest, and a process that finds 0, 1 or 2 closed misuses the next file it opens. */
static int plan_fds(const RunRequest *request, int null, int *journal, int table[RUN_FDS_MAX], size_t *ret_count)
{
        size_t count = 3;

        for (size_t i = 0; i < RUN_FDS_MAX; i++)
                table[i] = -1;
        for (size_t i = 0; i < request->n_fds; i++) {
                table[request->numbers[i]] = request->fds[i];
                if (request->numbers[i] + 1 > count)
                        count = request->numbers[i] + 1;
        }

        if (!*request->console && (table[1] < 0 || table[2] < 0)) {
                *journal = journal_open(request->identifier, request->unit, LOG_INFO);
                if (*journal < 0)
                        return *journal;
        }
        for (size_t i = 0; i < count; i++)
                if (table[i] < 0)
                        table[i] = (i == 1 || i == 2) && *journal >= 0 ? *journal : null;
        *ret_count = count;
        return 0;
}

/* Puts the fds where they belong. They are moved out of the way first, since one's place may be another's number. */
static bool arrange_fds(int table[RUN_FDS_MAX], size_t count, int gate)
{
        /* High up, since runtimes use the first numbers for themselves. */
        gate = fcntl(gate, F_DUPFD_CLOEXEC, (int) (2 * RUN_FDS_MAX));
        if (gate < 0)
                return false;
        for (size_t i = 0; i < count; i++) {
                table[i] = fcntl(table[i], F_DUPFD_CLOEXEC, (int) RUN_FDS_MAX);
                if (table[i] < 0)
                        return false;
        }
        for (size_t i = 0; i < count; i++)
                if (dup2(table[i], (int) i) < 0) /* lint: allow cloexec: the runtime is to inherit it */
                        return false;
        return syscall(SYS_close_range, (unsigned) count, ~0U, CLOSE_RANGE_CLOEXEC) >= 0 &&
               fcntl(gate, F_SETFD, 0) >= 0;
}

static void read_text(const char *path, char *text, size_t size)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = 0;

        if (fd >= 0)
                n = read(fd, text, size - 1);
        text[n > 0 ? n : 0] = '\0';
}

/* crun sets the size of an exec's terminal from outside while the process is already on its way to the program (seen in
 * 1.8.1 and later). The runtime's own process goes first here, whatever else wants to run, and the ones that it forks
 * don't inherit that: sched(7), SCHED_RESET_ON_FORK. Where it isn't allowed, the size may come as a change. */
static void run_before_children(void)
{
        struct sched_param parameters = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};

        (void) sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters);
}

/* A runtime says that it is done a moment before the process executes its program, and until then nobody can join it:
 * its memory still belongs to the runtime, so setns(2) says EPERM. The gate is the end of a pipe that the runtime does
 * not know: it closes when the program is executed, as all fds do that are not handed on. */
static void wait_for_gate(int gate)
{
        struct pollfd poll_fd = {.fd = gate, .events = POLLIN};

        while (poll(&poll_fd, 1, GATE_TIMEOUT_MS) < 0 && errno == EINTR)
                ;
}

/* fork(), into a control group. That waits for others who move processes between groups at this moment, up to 14 ms: so
 * it is done here, and not by the daemon. */
static pid_t fork_into(int cgroup)
{
        struct clone_args arguments = {.exit_signal = SIGCHLD, .flags = CLONE_INTO_CGROUP, .cgroup = (uint64_t) cgroup};

        return cgroup < 0 ? fork() : (pid_t) syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static int run_and_wait(const RunRequest *request, int table[RUN_FDS_MAX], size_t count, int *ret_status)
{
        _cleanup_close_ int gate = -1, program_gate = -1;
        int gates[2];
        pid_t pid;

        if (pipe2(gates, O_CLOEXEC) < 0)
                return -errno;
        gate = gates[0];
        program_gate = gates[1];

        pid = fork_into(request->cgroup);
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                if (*request->console)
                        run_before_children();
                if (arrange_fds(table, count, program_gate))
                        (void) execv(request->argv[0], (char *const *) request->argv);
                _exit(127);
        }
        while (waitpid(pid, ret_status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (*ret_status == 0) {
                safe_close(steal_fd(&program_gate));
                wait_for_gate(gate);
        }
        return 0;
}

void run_end_children(void)
{
        char text[4096];

        read_text("/proc/thread-self/children", text, sizeof(text));
        for (char *p = text, *end; *p; p = end + strspn(end, " ")) {
                long pid = strtol(p, &end, 10);

                if (end == p)
                        break;
                (void) kill((pid_t) pid, SIGKILL);
        }
        while (waitpid(-1, NULL, 0) > 0)
                ;
}

static int receive_terminal(int listener, RunResult *result)
{
        result->terminal = console_receive(listener);
        if (result->terminal < 0)
                return result->terminal;
        result->slave_path = console_slave_path(result->terminal);
        return result->slave_path < 0 ? result->slave_path : 0;
}

int run_runtime(const RunRequest *request, RunResult *ret)
{
        _cleanup_close_ int null = -1, journal = -1, listener = -1;
        RunResult result = {.terminal = -1, .slave_path = -1};
        int table[RUN_FDS_MAX];
        char pid_text[32];
        size_t count;
        int r;

        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0)
                return -errno;
        r = plan_fds(request, null, &journal, table, &count);
        if (r < 0)
                return r;
        if (*request->console) {
                listener = console_listen(request->console);
                if (listener < 0)
                        return listener;
        }

        r = run_and_wait(request, table, count, &result.status);
        if (*request->console)
                (void) unlink(request->console);
        if (r < 0)
                return r;

        if (result.status == 0) {
                read_text(request->pid_file, pid_text, sizeof(pid_text));
                result.pid = (pid_t) strtol(pid_text, NULL, 10);
                if (listener >= 0)
                        r = receive_terminal(listener, &result);
        } else {
                read_text(request->log_file, result.error, sizeof(result.error));
                run_end_children();
        }
        (void) unlink(request->pid_file);
        (void) unlink(request->log_file);
        /* Without its terminal the process hangs up by itself, since nobody holds the master. */
        if (r < 0) {
                safe_close(result.terminal);
                return r;
        }
        *ret = result;
        return 0;
}
