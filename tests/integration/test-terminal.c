/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Terminals, with the programs inside as witnesses: what size they read, which terminal is theirs, and what they
 * notice when the master goes away.
 */
#include "common.h"

#define TERMINAL       "{'tty': <true>}"
#define TERMINAL_40_80 "{'tty': <true>, 'winsize': <(uint16 40, uint16 80)>}"

static void resize(Container *container, const char *id, guint rows, guint cols)
{
        g_autoptr(GVariant) body =
                client_call(client, container->path, "Resize", g_variant_new("(sqq)", id, rows, cols));
}

static void test_size(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autoptr(Process) init = process_new(container, .method = "Start", .options = TERMINAL_40_80,
                                              .script = "stty size; read line; stty size; read line");
        g_autofree char *first = read_text(init->pty, "40 80\r\n");

        g_autoptr(Process) other = process_new(container, .argv = ARGV("stty", "size"), .options = TERMINAL_40_80);
        g_autofree char *size = read_text(other->pty, NULL);
        g_assert_cmpstr(size, ==, "40 80\r\n");

        resize(container, init->id, 50, 132);
        write_text(init->pty, "\n");
        g_autofree char *second = read_text(init->pty, "50 132\r\n");
        write_text(init->pty, "\n");
        g_assert_cmpuint(process_wait(container, init->id, NULL), ==, 0);
        resize(container, init->id, 1, 1);
}

/* A change is told to the foreground process as SIGWINCH. */
static void test_resize_is_told(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) process = process_new(
                container, .options = TERMINAL_40_80,
                .script = "trap 'stty size; exit 8' WINCH; echo ready; while :; do sleep 1000 & wait; done");
        g_autofree char *ready = read_text(process->pty, "ready");

        resize(container, process->id, 33, 44);
        g_autofree char *size = read_text(process->pty, "33 44\r\n");
        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 8);
}

static void test_large_size(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) process =
                process_new(container, .argv = ARGV("stty", "size"),
                            .options = "{'tty': <true>, 'winsize': <(uint16 29999, uint16 29998)>}");
        g_autofree char *size = read_text(process->pty, NULL);
        g_assert_cmpstr(size, ==, "29999 29998\r\n");
}

static void test_not_a_terminal(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *message =
                client_call_fails(client, container->path, "Resize", g_variant_new("(sqq)", "init", 40, 80),
                                  ERROR_GANGWAY("NotATerminal"));
        assert_contains(message, "init");
}

/* It is a terminal of the container's own devpts, and the process's controlling one. */
static void test_controlling_terminal(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autoptr(Process) init = process_new(
                container, .method = "Start", .options = TERMINAL,
                .script = "tty; test -c /dev/pts/0 && echo there; echo by-name > /dev/tty; readlink /proc/$$/fd/2");
        g_autofree char *output = read_text(init->pty, NULL);

        assert_contains(output, "/dev/pts/0\r\nthere\r\nby-name\r\n");
        g_assert_cmpuint(process_wait(container, init->id, NULL), ==, 0);
}

static void test_keys(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) process =
                process_new(container, .options = TERMINAL, .script = "echo ready; exec sleep 1000");
        g_autoptr(Process) reader = process_new(container, .options = TERMINAL, .script = "echo ready; cat; exit 6");
        g_autofree char *first = read_text(process->pty, "ready");
        g_autofree char *second = read_text(reader->pty, "ready");

        write_text(process->pty, "\003");
        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 128 + SIGINT);
        write_text(reader->pty, "line\n\004");
        g_assert_cmpuint(process_wait(container, reader->id, NULL), ==, 6);
}

/* Nobody else holds the master, so that closing it is a hang-up: by default the end, for a handler a signal. */
static void test_hang_up(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autoptr(Process) init =
                process_new(container, .method = "Start", .options = TERMINAL,
                            .script = "trap 'exit 17' HUP; echo ready; while :; do sleep 1000 & wait; done");
        g_autofree char *ready = read_text(init->pty, "ready");
        g_autoptr(Process) process =
                process_new(container, .options = TERMINAL, .script = "echo ready; exec sleep 1000");
        g_autofree char *also = read_text(process->pty, "ready");

        close_fd(&process->pty);
        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 128 + SIGHUP);
        close_fd(&init->pty);
        g_assert_cmpuint(process_wait(container, init->id, NULL), ==, 17);
}

/* Output that was written just before the end is still read from the master. */
static void test_last_output(void)
{
        g_autoptr(Container) container = container_new_started(client);

        for (int i = 0; i < 20; i++) {
                g_autoptr(Process) process =
                        process_new(container, .options = TERMINAL, .script = "echo the last words");
                g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 0);
                g_autofree char *output = read_text(process->pty, NULL);
                g_assert_cmpstr(output, ==, "the last words\r\n");
        }
}

static void test_other_fds_beside_it(void)
{
        g_autoptr(Container) container = container_new_started(client);
        int ends[2];

        make_pipe(ends);
        g_autoptr(Process) process = process_new(container, .options = TERMINAL_40_80,
                                                 .script = "echo beside >&3; stty size", .fds = FDS({3, ends[1]}));
        close_fd(&ends[1]);
        g_autofree char *text = read_text(ends[0], NULL);
        g_autofree char *terminal = read_text(process->pty, NULL);
        g_assert_cmpstr(text, ==, "beside\n");
        assert_contains(terminal, "40 80");
        close_fd(&ends[0]);
}

/* A terminal belongs to the process's user, who can open it again by its name. Of an exec, it does a moment after the
 * program's start: the runtime does not do it, and lets nobody in between. */
static void test_owner(void)
{
        static const char *const methods[] = {"Start", "Exec"};
        g_autoptr(Container) first = container_new(client), second = container_new_started(client);

        for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
                g_autoptr(Process) process =
                        process_new(i == 0 ? first : second, .method = methods[i],
                                    .options = "{'tty': <true>, 'user': <'1000:1000'>}",
                                    .script = "until test -w $(tty); do :; done; echo again > $(tty); id -u");
                g_autofree char *output = read_text(process->pty, NULL);
                g_test_message("%s", methods[i]);
                g_assert_cmpstr(output, ==, "again\r\n1000\r\n");
        }
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/terminal/size", test_size},
                {"/terminal/resize-is-told", test_resize_is_told},
                {"/terminal/large-size", test_large_size},
                {"/terminal/not-a-terminal", test_not_a_terminal},
                {"/terminal/controlling-terminal", test_controlling_terminal},
                {"/terminal/keys", test_keys},
                {"/terminal/hang-up", test_hang_up},
                {"/terminal/last-output", test_last_output},
                {"/terminal/other-fds-beside-it", test_other_fds_beside_it},
                {"/terminal/owner", test_owner},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
