/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs gangwayctl with a bound on everything: the tests must end also where it does not. On a terminal it is the leader
 * of a session of its own, as a person's shell has it.
 */
#include "ctl.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
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

void seat_new_input(Seat *seat, const char *const *argv, int input)
{
        g_autoptr(GStrvBuilder) command = g_strv_builder_new();
        struct winsize size = {.ws_row = 33, .ws_col = 99};

        /* Without --ctty where input is something else: it is for the terminal on standard input. */
        g_strv_builder_add(command, "setsid");
        if (input < 0)
                g_strv_builder_add(command, "--ctty");
        g_strv_builder_addv(command, (const char **) argv);
        g_auto(GStrv) words = g_strv_builder_end(command);

        seat->screen = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        g_assert_no_errno(seat->screen);
        g_assert_no_errno(grantpt(seat->screen));
        g_assert_no_errno(unlockpt(seat->screen));
        seat->line = open(ptsname(seat->screen), O_RDWR | O_NOCTTY | O_CLOEXEC);
        g_assert_no_errno(seat->line);
        g_assert_no_errno(ioctl(seat->line, TIOCSWINSZ, &size));
        g_assert_no_errno(tcgetattr(seat->line, &seat->mode));
        seat->pid = ctl_spawn((const char *const *) words, input < 0 ? seat->line : input, seat->line, seat->line);
}

void seat_new(Seat *seat, const char *const *argv)
{
        seat_new_input(seat, argv, -1);
}

int seat_end(Seat *seat)
{
        struct termios mode;
        int status = ctl_end(seat->pid);

        g_assert_no_errno(tcgetattr(seat->line, &mode));
        g_assert_cmphex(mode.c_iflag, ==, seat->mode.c_iflag);
        g_assert_cmphex(mode.c_oflag, ==, seat->mode.c_oflag);
        g_assert_cmphex(mode.c_lflag, ==, seat->mode.c_lflag);
        g_assert_cmpmem(mode.c_cc, sizeof(mode.c_cc), seat->mode.c_cc, sizeof(seat->mode.c_cc));
        close_fd(&seat->line);
        close_fd(&seat->screen);
        return status;
}

gboolean seat_is_raw(Seat *seat)
{
        struct termios mode;

        g_assert_no_errno(tcgetattr(seat->line, &mode));
        return !(mode.c_lflag & (ICANON | ECHO | ISIG)) && !(mode.c_oflag & OPOST);
}
