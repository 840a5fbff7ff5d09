/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gangwayctl --tty on a pseudo terminal of the test's own, which plays the person's.
 */
#include "ctl.h"

#include <sys/ioctl.h>

static char *name_of(Container *container)
{
        return client_property_string(client, container->path, "Name");
}

static void test_session(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autofree char *name = name_of(container);
        Seat seat;

        seat_new(&seat, CTL("start", "-t", name, "sh", "-c", "stty size; tty; read line; echo \"<$line>\"; exit 9"));
        g_autofree char *first = read_text(seat.screen, "33 99\r\n/dev/pts/0\r\n");
        g_assert_true(seat_is_raw(&seat));
        write_text(seat.screen, "typed\r");
        g_autofree char *second = read_text(seat.screen, "<typed>\r\n");
        g_assert_cmpint(seat_end(&seat), ==, 9);
}

static void test_run(void)
{
        g_autofree char *before = world_snapshot();
        Seat seat;

        seat_new(&seat, CTL("run", "-t", "--rootfs", root_shared(), "sh", "-c", "test -t 0 && test -t 2 && echo yes"));
        g_autofree char *output = read_text(seat.screen, "yes\r\n");
        g_assert_cmpint(seat_end(&seat), ==, 0);
        world_assert_same(before);
}

static void test_window_change(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autofree char *name = name_of(container);
        struct winsize size = {.ws_row = 44, .ws_col = 55};
        Seat seat;

        seat_new(&seat, CTL("start", "-t", name, "sh", "-c",
                            "trap 'stty size; exit 8' WINCH; echo ready; while :; do sleep 1000 & wait; done"));
        g_autofree char *ready = read_text(seat.screen, "ready\r\n");
        g_assert_no_errno(ioctl(seat.screen, TIOCSWINSZ, &size));
        g_autofree char *changed = read_text(seat.screen, "44 55\r\n");
        g_assert_cmpint(seat_end(&seat), ==, 8);
}

/* Keys that mean signals go to the process, not to gangwayctl. */
static void test_keys(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = name_of(container);
        Seat seat;

        seat_new(&seat, CTL("exec", "-t", name, "sh", "-c", "echo ready; exec sleep 1000"));
        g_autofree char *ready = read_text(seat.screen, "ready\r\n");
        write_text(seat.screen, "\003");
        g_assert_cmpint(seat_end(&seat), ==, 128 + SIGINT);
}

/* Also when the program is told to end, the terminal is as it was before. */
static void test_signal(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = name_of(container);
        Seat seat;

        seat_new(&seat, CTL("exec", "-t", name, "sh", "-c", "echo ready; exec sleep 1000"));
        g_autofree char *ready = read_text(seat.screen, "ready\r\n");
        g_assert_no_errno(kill(seat.pid, SIGTERM));
        g_assert_cmpint(seat_end(&seat), ==, 128 + SIGTERM);
}

static void test_failure(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = name_of(container);
        Seat seat;

        seat_new(&seat, CTL("exec", "-t", name, "nowhere"));
        g_autofree char *sentence = read_text(seat.screen, "\n");
        g_assert_true(g_str_has_prefix(sentence, "gangwayctl: "));
        g_assert_cmpint(seat_end(&seat), ==, 127);
}

/* More than any buffer holds, to the last byte, although the process is gone before it was read. */
static void test_all_output(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = name_of(container);
        g_autoptr(GString) expected = g_string_new(NULL);

        for (int i = 1; i <= 50000; i++)
                g_string_append_printf(expected, "%d\r\n", i);
        for (int i = 0; i < 5; i++) {
                g_autofree char *output = NULL;
                g_assert_cmpint(ctl_run(&output, NULL, CTL("exec", "-t", name, "seq", "50000")), ==, 0);
                g_assert_cmpuint(strlen(output), ==, expected->len);
                g_assert_true(g_str_equal(output, expected->str));
        }
}

/* Without a terminal there is a size all the same, and the end of the input arrives as one. */
static void test_no_terminal(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = name_of(container), *size = NULL, *nothing = NULL, *output = NULL;
        int in[2], out[2];

        g_assert_cmpint(
                ctl_run(&size, NULL, ARGV("setsid", "--wait", "gangwayctl", "exec", "-t", name, "stty", "size")), ==,
                0);
        assert_contains(size, "24 80\r\n");
        g_assert_cmpint(ctl_run(&nothing, NULL, CTL("exec", "-t", name, "cat")), ==, 0);

        make_pipe(in);
        make_pipe(out);
        pid_t pid = ctl_spawn(CTL("exec", "-t", name, "sh", "-c", "stty -echo; echo ready; cat; echo over"), in[0],
                              out[1], STDERR_FILENO);
        close_fd(&in[0]);
        close_fd(&out[1]);
        g_free(read_text(out[0], "ready\r\n"));
        write_text(in[1], "one\ntwo");
        close_fd(&in[1]);
        output = read_text(out[0], NULL);
        g_assert_cmpint(ctl_end(pid), ==, 0);
        g_assert_cmpstr(output, ==, "one\r\ntwoover\r\n");
        close_fd(&out[0]);
}

/* Nobody reads what the process writes: its terminal is hung up. */
static void test_reader_goes_away(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = name_of(container);
        int out[2];

        make_pipe(out);
        pid_t pid = ctl_spawn(CTL("exec", "-t", name, "yes"), -1, out[1], STDERR_FILENO);
        close_fd(&out[1]);
        g_free(read_text(out[0], "y\r\n"));
        close_fd(&out[0]);
        g_assert_cmpint(ctl_end(pid), ==, 128 + SIGHUP);
}

/* The person's own terminal goes away. */
static void test_hang_up(void)
{
        g_autofree char *before = world_snapshot();
        Seat seat;

        seat_new(&seat, CTL("run", "-t", "--rootfs", root_shared(), "sh", "-c",
                            "trap 'exit 17' HUP; echo ready; while :; do sleep 1000 & wait; done"));
        g_autofree char *ready = read_text(seat.screen, "ready\r\n");
        close_fd(&seat.line);
        close_fd(&seat.screen);
        g_assert_cmpint(ctl_end(seat.pid), ==, 17);
        world_assert_same(before);
}

/* Another process that still has the terminal open does not hold up the end. */
static void test_left_over(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = name_of(container);
        Seat seat;

        seat_new(&seat, CTL("exec", "-t", name, "sh", "-c", "trap '' HUP; sleep 1000 & echo last words; exit 4"));
        g_autofree char *words = read_text(seat.screen, "last words\r\n");
        g_assert_cmpint(seat_end(&seat), ==, 4);
}

static gboolean is_quiet(gpointer data)
{
        Seat *seat = data;
        struct termios mode;

        g_assert_no_errno(tcgetattr(seat->line, &mode));
        return !(mode.c_lflag & ECHO);
}

/* polkit's question comes up on the terminal, and the program goes on when it was not answered. */
static void test_polkit_agent(void)
{
        g_autofree char *root = root_copy(alice);
        Seat seat;

        seat_new(&seat, ARGV("runuser", "-u", "alice", "--", "gangwayctl", "create", "ctl-asked", "--rootfs", root,
                             "--security", "insecure"));
        g_autofree char *question = read_text(seat.screen, "assword: ");
        assert_contains(question, "org.gangway1.insecure");
        /* The agent turns the echo off after it has asked, and forgets what was typed before. */
        wait_until(is_quiet, &seat, "the echo is off");
        write_text(seat.screen, "wrong\r");
        g_free(read_text(seat.screen, "gangwayctl: "));
        g_assert_cmpint(seat_end(&seat), ==, 125);
}

static const Test tests[] = {
        {"/ctl-terminal/session", test_session},
        {"/ctl-terminal/run", test_run},
        {"/ctl-terminal/window-change", test_window_change},
        {"/ctl-terminal/keys", test_keys},
        {"/ctl-terminal/signal", test_signal},
        {"/ctl-terminal/failure", test_failure},
        {"/ctl-terminal/all-output", test_all_output},
        {"/ctl-terminal/no-terminal", test_no_terminal},
        {"/ctl-terminal/reader-goes-away", test_reader_goes_away},
        {"/ctl-terminal/hang-up", test_hang_up},
        {"/ctl-terminal/left-over", test_left_over},
        {"/ctl-terminal/polkit-agent", test_polkit_agent},
};

int main(int argc, char **argv)
{
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
