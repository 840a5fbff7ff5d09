/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The copying between pipes and a real pseudo terminal: end of input, the last output, a reader that goes away.
 */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/tty-copy.h"
#include "util/cleanup.h"

#define WAIT_MSEC 10000

typedef struct Fixture {
        int input;    /* what the person types */
        int output;   /* what the person sees */
        int terminal; /* what the process has */
        TtyCopy copy;
} Fixture;

static void fixture_set_up(Fixture *f, gconstpointer data)
{
        struct termios mode;
        int in[2], out[2], master;

        g_assert_cmpint(pipe2(in, O_CLOEXEC), ==, 0);
        g_assert_cmpint(pipe2(out, O_CLOEXEC), ==, 0);
        master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        g_assert_cmpint(master, >=, 0);
        g_assert_cmpint(grantpt(master), ==, 0);
        g_assert_cmpint(unlockpt(master), ==, 0);
        f->terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
        g_assert_cmpint(f->terminal, >=, 0);
        g_assert_cmpint(tcgetattr(f->terminal, &mode), ==, 0);
        mode.c_lflag &= ~(tcflag_t) ECHO;
        mode.c_oflag &= ~(tcflag_t) OPOST;
        g_assert_cmpint(tcsetattr(f->terminal, TCSANOW, &mode), ==, 0);
        f->input = in[1];
        f->output = out[0];
        (void) fcntl(f->output, F_SETFL, O_NONBLOCK);
        (void) fcntl(f->terminal, F_SETFL, O_NONBLOCK);
        tty_copy_init(&f->copy, in[0], out[1], master);
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
        f->input = safe_close(f->input);
        f->output = safe_close(f->output);
        f->terminal = safe_close(f->terminal);
        tty_copy_done(&f->copy);
}

/* One turn of a loop such as the program's. own, watched for reading, ends the wait too. */
static void turn(Fixture *f, int own)
{
        struct pollfd fds[TTY_COPY_FDS + 1];
        int timeout;

        timeout = tty_copy_prepare(&f->copy, fds);
        fds[TTY_COPY_FDS] = (struct pollfd){.fd = own, .events = POLLIN};
        g_assert_cmpint(poll(fds, G_N_ELEMENTS(fds), timeout < 0 ? WAIT_MSEC : timeout), >=, timeout < 0);
        tty_copy_step(&f->copy, fds);
}

/* Copies until fd gives something. Returns what read(2) answered. */
static ssize_t read_from(Fixture *f, int fd, char *bytes, size_t size)
{
        ssize_t n;

        while ((n = read(fd, bytes, size)) < 0 && errno == EAGAIN)
                turn(f, fd);
        return n;
}

static void put(int fd, const char *text)
{
        g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
}

static void test_both_ways(Fixture *f, gconstpointer data)
{
        char bytes[64];

        put(f->input, "hello\n");
        g_assert_cmpint(read_from(f, f->terminal, bytes, sizeof(bytes)), ==, 6);
        g_assert_cmpmem(bytes, 6, "hello\n", 6);
        put(f->terminal, "there");
        g_assert_cmpint(read_from(f, f->output, bytes, sizeof(bytes)), ==, 5);
        g_assert_cmpmem(bytes, 5, "there", 5);
}

static void test_end_of_input(Fixture *f, gconstpointer data)
{
        char bytes[64];

        put(f->input, "one\n");
        f->input = safe_close(f->input);
        g_assert_cmpint(read_from(f, f->terminal, bytes, sizeof(bytes)), ==, 4);
        g_assert_cmpint(read_from(f, f->terminal, bytes, sizeof(bytes)), ==, 0);
}

static void test_end_of_unfinished_line(Fixture *f, gconstpointer data)
{
        char bytes[64];

        put(f->input, "half");
        f->input = safe_close(f->input);
        g_assert_cmpint(read_from(f, f->terminal, bytes, sizeof(bytes)), ==, 4);
        g_assert_cmpint(read_from(f, f->terminal, bytes, sizeof(bytes)), ==, 0);
}

/* Everything that was written before the end arrives, and then the copying is over. */
static void drain(Fixture *f, size_t expected)
{
        char bytes[8192];
        size_t sum = 0;
        ssize_t n;

        tty_copy_start_draining(&f->copy);
        while (!tty_copy_is_drained(&f->copy)) {
                turn(f, f->output);
                while ((n = read(f->output, bytes, sizeof(bytes))) > 0)
                        sum += (size_t) n;
        }
        g_assert_cmpuint(sum, ==, expected);
}

/* Returns how many bytes the terminal took, 0 where it is full. */
static size_t fill_terminal_once(Fixture *f)
{
        char bytes[1024];
        ssize_t n;

        memset(bytes, 'x', sizeof(bytes));
        n = write(f->terminal, bytes, sizeof(bytes));
        g_assert_true(n > 0 || errno == EAGAIN);
        return n > 0 ? (size_t) n : 0;
}

static size_t fill_terminal(Fixture *f)
{
        size_t sum = 0, n;

        while ((n = fill_terminal_once(f)) > 0)
                sum += n;
        g_assert_cmpuint(sum, >, TTY_COPY_BUFFER_SIZE);
        return sum;
}

static void test_drain_to_hang_up(Fixture *f, gconstpointer data)
{
        size_t sum = fill_terminal(f);

        f->terminal = safe_close(f->terminal);
        drain(f, sum);
}

/* Somebody else still has the terminal open: that is no reason to wait. */
static void test_drain_of_open_terminal(Fixture *f, gconstpointer data)
{
        drain(f, fill_terminal(f));
}

static void test_terminal_opened_again(Fixture *f, gconstpointer data)
{
        g_autofree char *name = g_strdup(ptsname(f->copy.master));
        char bytes[8];

        f->terminal = safe_close(f->terminal);
        while (!f->copy.master_is_hung_up)
                turn(f, -1);
        f->terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
        put(f->terminal, "back");
        g_assert_cmpint(read_from(f, f->output, bytes, sizeof(bytes)), ==, 4);
}

static void test_reader_goes_away(Fixture *f, gconstpointer data)
{
        char bytes[8];

        f->output = safe_close(f->output);
        while (f->copy.master >= 0)
                turn(f, -1);
        g_assert_true(tty_copy_is_drained(&f->copy));
        /* The process sees the end of its terminal. */
        g_assert_cmpint(read(f->terminal, bytes, sizeof(bytes)), ==, 0);
        g_assert_cmpint(write(f->terminal, "x", 1), ==, -1);
        g_assert_cmpint(errno, ==, EIO);
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int main(int argc, char **argv)
{
        (void) signal(SIGPIPE, SIG_IGN);
        g_test_init(&argc, &argv, NULL);
        ADD("/ctl/tty-copy/both-ways", test_both_ways);
        ADD("/ctl/tty-copy/end-of-input", test_end_of_input);
        ADD("/ctl/tty-copy/end-of-unfinished-line", test_end_of_unfinished_line);
        ADD("/ctl/tty-copy/drain-to-hang-up", test_drain_to_hang_up);
        ADD("/ctl/tty-copy/drain-of-open-terminal", test_drain_of_open_terminal);
        ADD("/ctl/tty-copy/terminal-opened-again", test_terminal_opened_again);
        ADD("/ctl/tty-copy/reader-goes-away", test_reader_goes_away);
        return g_test_run();
}
