/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals: every way to write one, to whom they go, and that a process which has ended is no error.
 */
#include "common.h"

static void test_words(void)
{
        static const struct {
                const char *word;
                guint code;
        } cases[] = {
                {"HUP", 129},   {"SIGHUP", 129},  {"1", 129},       {"TERM", 143},       {"SIGTERM", 143},
                {"15", 143},    {"KILL", 137},    {"RTMIN+3", 165}, {"SIGRTMIN+3", 165}, {"RTMIN", 162},
                {"RTMAX", 192}, {"RTMAX-1", 191}, {"64", 192},
        };
        g_autoptr(Container) container = container_new_started(client);

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                int out[2];
                make_pipe(out);
                g_autoptr(Process) process =
                        process_new(container, .script = "echo ready; exec sleep 1000", .fds = FDS({1, out[1]}));
                close_fd(&out[1]);
                g_autofree char *ready = read_text(out[0], "ready");
                g_test_message("signal %s", cases[i].word);
                process_signal(container, process->id, cases[i].word, i % 2 ? "" : "process");
                g_assert_cmpuint(process_wait(container, process->id, NULL), ==, cases[i].code);
                close_fd(&out[0]);
        }
}

/* A program's own handler runs; the first process has no default handlers, so only such a one ends it. */
static void test_handler(void)
{
        g_autoptr(Container) container = container_new(client);
        int ends[2];

        make_pipe(ends);
        g_autoptr(Process) init =
                process_new(container, .method = "Start", .fds = FDS({1, ends[1]}),
                            .script = "trap 'exit 44' USR1; echo ready; while :; do sleep 1000 & wait; done");
        close_fd(&ends[1]);
        g_autofree char *ready = read_text(ends[0], "ready");
        process_signal(container, init->id, "TERM", "");
        process_signal(container, init->id, "USR1", "");
        g_assert_cmpuint(process_wait(container, init->id, NULL), ==, 44);
        close_fd(&ends[0]);
}

static void test_ended(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) process = process_new(container, .script = "exit 1");

        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 1);
        process_signal(container, process->id, "KILL", "");
        process_signal(container, process->id, "TERM", "group");
        g_autoptr(GVariant) resized =
                client_call(client, container->path, "Resize", g_variant_new("(sqq)", process->id, 40, 80));
        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 1);
        /* Not even the word is an excuse. */
        g_autofree char *message = client_call_fails(
                client, container->path, "Signal", g_variant_new("(sss)", process->id, "FOO", ""), ERROR_INVALID_ARGS);
        g_autofree char *state = container_state(container);
        g_assert_cmpstr(state, ==, "running");
}

/* The shell's child is of its group: "process" leaves it alone, "group" does not. */
static void test_group(void)
{
        static const char script[] =
                "trap 'echo parent' USR1\n"
                "sh -c 'trap \"echo child; exit 5\" USR1; echo ready; while :; do sleep 1000 & wait; done' &\n"
                /* A trap ends the wait with 128 + n; what the child's end was is still to be had then. */
                "code=138; while [ $code -gt 128 ]; do wait $!; code=$?; done\n"
                "exit $code";
        g_autoptr(Container) container = container_new_started(client);
        int ends[2];

        make_pipe(ends);
        g_autoptr(Process) process = process_new(container, .script = script, .fds = FDS({1, ends[1]}));
        close_fd(&ends[1]);
        g_autofree char *ready = read_text(ends[0], "ready\n");
        process_signal(container, process->id, "USR1", "process");
        g_autofree char *first = read_text(ends[0], "parent\n");
        process_signal(container, process->id, "USR1", "group");
        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 5);
        g_autofree char *second = read_text(ends[0], "parent\n");
        g_assert_null(strstr(first, "child"));
        assert_contains(second, "child\n");
        close_fd(&ends[0]);
}

/* Each process of the container, by whichever of them it is named; none of another container. */
static void test_all(void)
{
        g_autoptr(Container) container = container_new_started(client), other = container_new_started(client);
        g_autoptr(Process) one = process_new(container, .argv = ARGV("sleep", "1000"));
        g_autoptr(Process) two = process_new(container, .argv = ARGV("sleep", "1000"));
        g_autoptr(Process) stranger = process_new(other, .argv = ARGV("sleep", "1000"));

        process_signal(container, one->id, "USR1", "all");
        g_assert_cmpuint(process_wait(container, one->id, NULL), ==, 128 + SIGUSR1);
        g_assert_cmpuint(process_wait(container, two->id, NULL), ==, 128 + SIGUSR1);
        g_assert_no_errno(kill((pid_t) stranger->pid, 0));
        g_assert_no_errno(kill((pid_t) container_leader(container), 0));

        process_signal(container, "init", "KILL", "all");
        g_assert_cmpuint(process_wait(container, "init", NULL), ==, 137);
        g_assert_no_errno(kill((pid_t) stranger->pid, 0));
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/signal/words", test_words}, {"/signal/handler", test_handler}, {"/signal/ended", test_ended},
                {"/signal/group", test_group}, {"/signal/all", test_all},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
