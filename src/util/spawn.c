/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "util/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "util/cleanup.h"

#define CONTROL_FD 3

/* Runs in the child, between clone and exec: system calls only. */
static void __attribute__((noreturn)) run_child(const SpawnRequest *request, pid_t parent)
{
        static const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                                  NULL};
        struct sigaction action = {.sa_handler = SIG_DFL};
        struct rlimit files;
        sigset_t none;
        int control = request->control;

        for (int i = 1; i < _NSIG; i++)
                (void) sigaction(i, &action, NULL);
        sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);

        /* A parent that has ended before this takes effect sends nothing any more. */
        if (request->death_signal != 0 && (prctl(PR_SET_PDEATHSIG, request->death_signal) < 0 || getppid() != parent))
                _exit(127);

        /* The daemon raises its own soft limit of open files; programs that use select(2) expect 1024. */
        if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > 1024) {
                files.rlim_cur = 1024;
                (void) setrlimit(RLIMIT_NOFILE, &files);
        }

        if (control >= 0) {
                /* Out of the way first: the fd may be the very number, and dup3() refuses that. */
                control = fcntl(control, F_DUPFD_CLOEXEC, CONTROL_FD + 1);
                if (control < 0 || dup3(control, CONTROL_FD, O_CLOEXEC) < 0 || fcntl(CONTROL_FD, F_SETFD, 0) < 0)
                        _exit(127);
        }
        /* lint: allow cloexec: these the program is to inherit */
        if (dup2(request->null, STDIN_FILENO) < 0 || dup2(request->null, STDOUT_FILENO) < 0 ||
            /* lint: allow cloexec: this one, too */
            (request->quiet && dup2(request->null, STDERR_FILENO) < 0))
                _exit(127);
        (void) syscall(SYS_close_range, request->control >= 0 ? CONTROL_FD + 1 : CONTROL_FD, ~0U, 0);

        (void) execve(request->path, (char *const *) request->argv, (char *const *) environment);
        _exit(127);
}

int spawn(const SpawnRequest *request, pid_t *ret_pid, int *ret_pidfd)
{
        int pidfd = -1;
        struct clone_args arguments = {
                .flags = CLONE_PIDFD,
                .pidfd = (uint64_t) (uintptr_t) &pidfd,
                .exit_signal = SIGCHLD,
        };
        sigset_t all, saved;
        pid_t parent = getpid();
        long pid;
        int r;

        /* No handler of the daemon may run in the child. */
        sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &saved);
        pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
        if (pid == 0)
                run_child(request, parent);
        r = pid < 0 ? -errno : 0;
        (void) sigprocmask(SIG_SETMASK, &saved, NULL);
        if (r < 0)
                return r;

        *ret_pid = (pid_t) pid;
        *ret_pidfd = pidfd;
        return 0;
}
