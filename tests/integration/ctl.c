/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs gangwayctl with a bound on everything: the tests must end also where it does not.
 */
#include "ctl.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

pid_t ctl_spawn(const char *const *argv, int input, int output, int errors)
{
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        g_autoptr(GError) error = NULL;
        GPid pid;

        g_assert_no_errno(null);
        g_spawn_async_with_fds(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                               &pid, input < 0 ? null : input, output < 0 ? null : output, errors < 0 ? null : errors,
                               &error);
        g_assert_no_error(error);
        close_fd(&null);
        return pid;
}

int ctl_end(pid_t pid)
{
        struct pollfd ended = {.fd = (int) syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
        int status;

        g_assert_no_errno(ended.fd);
        if (poll(&ended, 1, DEADLINE_SECONDS * 1000) != 1)
                g_error("gangwayctl, process %d, did not end within %d s", pid, DEADLINE_SECONDS);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        close_fd(&ended.fd);
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int ctl_run(char **ret_output, char **ret_errors, const char *const *argv)
{
        int out[2], err[2];

        make_pipe(out);
        make_pipe(err);
        pid_t pid = ctl_spawn(argv, -1, out[1], err[1]);
        close_fd(&out[1]);
        close_fd(&err[1]);
        g_autofree char *output = read_text(out[0], NULL), *errors = read_text(err[0], NULL);
        close_fd(&out[0]);
        close_fd(&err[0]);
        int status = ctl_end(pid);
        g_test_message("%s %s: %d\n%s%s", argv[0], argv[1], status, output, errors);
        if (ret_output)
                *ret_output = g_steal_pointer(&output);
        if (ret_errors)
                *ret_errors = g_steal_pointer(&errors);
        return status;
}
