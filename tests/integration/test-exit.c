/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a process ended, and who learns it: codes, signals, any number of waiters before and after, and the order of
 * messages. The last tests are for codes that get lost where a program ends sooner than it is watched.
 */
#include "common.h"

#include <sys/wait.h>

static guint32 wait_status(GVariant *details)
{
        guint32 status = 0;
        g_assert_true(g_variant_lookup(details, "wait-status", "u", &status));
        return status;
}

static void test_codes(void)
{
        static const guint codes[] = {0, 1, 2, 9, 125, 126, 127, 128, 137, 143, 254, 255};
        g_autoptr(Container) container = container_new_started(client);

        for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
                g_autofree char *script = g_strdup_printf("exit %u", codes[i]);
                g_autoptr(Process) process = process_new(container, .script = script);
                g_autoptr(GVariant) details = NULL;

                g_assert_cmpuint(process_wait(container, process->id, &details), ==, codes[i]);
                g_assert_true(WIFEXITED((int) wait_status(details)));
                g_assert_cmpint(WEXITSTATUS((int) wait_status(details)), ==, codes[i]);
                g_assert_false(g_variant_lookup(details, "term-signal", "i", NULL));
                g_assert_false(g_variant_lookup(details, "error", "s", NULL));
        }
}

static void test_signals(void)
{
        static const int numbers[] = {SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGTERM, SIGSEGV, SIGABRT, SIGPIPE, 37, 64};
        g_autoptr(Container) container = container_new_started(client);

        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
                g_autofree char *script = g_strdup_printf("ulimit -c 0; kill -%d $$", numbers[i]);
                g_autoptr(Process) process = process_new(container, .script = script);
                g_autoptr(GVariant) details = NULL;
                gint32 number = 0;

                g_assert_cmpuint(process_wait(container, process->id, &details), ==, (guint) (128 + numbers[i]));
                g_assert_true(g_variant_lookup(details, "term-signal", "i", &number));
                g_assert_cmpint(number, ==, numbers[i]);
                g_assert_true(WIFSIGNALED((int) wait_status(details)));
                g_assert_false(g_variant_lookup(details, "oom", "b", NULL));
        }
}

static void test_first_process(void)
{
        g_autoptr(Container) exits = container_new(client), dies = container_new_started(client);
        g_autoptr(GVariant) details = NULL;

        g_assert_cmpuint(process_run(exits, NULL, .method = "Start", .script = "exit 42"), ==, 42);
        process_signal(dies, "init", "KILL", "");
        g_assert_cmpuint(process_wait(dies, "init", &details), ==, 137);
        g_assert_false(g_variant_lookup(details, "released", "b", NULL));
}

static void test_killed_from_outside(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) process = process_new(container, .argv = ARGV("sleep", "1000"));

        g_assert_no_errno(kill((pid_t) process->pid, SIGKILL));
        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 137);
        g_assert_no_errno(kill((pid_t) container_leader(container), SIGKILL));
        g_assert_cmpuint(process_wait(container, "init", NULL), ==, 137);
}

/* Waiters of two connections, before the end and after it. */
static void test_many_waiters(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Client) other = client_new(NULL);
        g_autoptr(GVariant) first = NULL;
        guint32 serials[100];
        int ends[2];

        make_pipe(ends);
        g_autoptr(Process) process = process_new(container, .script = "read line; exit 33", .fds = FDS({0, ends[0]}));
        for (size_t i = 0; i < G_N_ELEMENTS(serials); i++)
                serials[i] =
                        client_send(i % 2 ? client : other, container->path, "Wait", g_variant_new("(s)", process->id));
        client_barrier(client);
        client_barrier(other);
        g_assert_false(client_has_reply(other, serials[0]));
        g_assert_false(client_has_reply(client, serials[1]));
        close_fd(&ends[0]);
        close_fd(&ends[1]);
        g_assert_cmpuint(process_wait(container, process->id, &first), ==, 33);
        for (size_t i = 0; i < G_N_ELEMENTS(serials); i++) {
                g_autoptr(Reply) reply = client_receive(i % 2 ? client : other, serials[i]);
                g_autoptr(GVariant) details = NULL;
                guint code = 0;
                g_assert_null(reply->error);
                g_variant_get(reply->body, "(u@a{sv})", &code, &details);
                g_assert_cmpuint(code, ==, 33);
                g_assert_true(g_variant_equal(details, first));
        }
        for (int i = 0; i < 5; i++) {
                g_autoptr(GVariant) details = NULL;
                g_assert_cmpuint(process_wait(container, process->id, &details), ==, 33);
                g_assert_true(g_variant_equal(details, first));
        }
}

/* A waiter that leaves the bus takes nothing from the others. */
static void test_a_waiter_leaves(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Client) other = client_new(NULL);

        client_send(other, container->path, "Wait", g_variant_new("(s)", "init"));
        client_barrier(other);
        g_clear_pointer(&other, client_free);
        process_signal(container, "init", "KILL", "");
        g_assert_cmpuint(process_wait(container, "init", NULL), ==, 137);
}

static void assert_exited_once(Container *container, const Process *process, guint code)
{
        guint position = 0, told = 0;
        g_autoptr(GVariant) signal =
                client_wait_signal(client, container->path, "ProcessExited", process->id, &position);

        g_variant_get(signal, "(su@a{sv})", NULL, &told, NULL);
        g_assert_cmpuint(told, ==, code);
        g_assert_cmpuint(position, >, process->position);
        g_assert_cmpuint(client_count_signals(client, container->path, "ProcessExited", process->id), ==, 1);
}

/* Eight at a time: a place is taken again as soon as its process was waited for. */
static void test_no_code_is_lost(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(GPtrArray) processes = g_ptr_array_new_with_free_func((GDestroyNotify) process_free);
        const guint total = 500, at_once = 8;
        guint32 places[8] = {0};

        for (guint i = 0; i < total + at_once; i++) {
                if (i >= at_once) {
                        Process *process = process_receive(client, places[i % at_once]);
                        g_ptr_array_add(processes, process);
                        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, (i - at_once) % 256);
                }
                if (i < total) {
                        g_autofree char *script = g_strdup_printf("exit %u", i % 256);
                        places[i % at_once] = process_send(container, .script = script);
                }
        }
        client_barrier(client);
        for (guint i = 0; i < total; i++)
                assert_exited_once(container, processes->pdata[i], i % 256);
}

static void test_no_first_code_is_lost(void)
{
        for (guint i = 0; i < 20; i++) {
                g_autoptr(Container) container = container_new(client);
                g_autofree char *script = g_strdup_printf("exit %u", 100 + i);
                g_autoptr(Process) process = process_new(container, .method = "Start", .script = script);
                g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 100 + i);
                client_barrier(client);
                assert_exited_once(container, process, 100 + i);
        }
}

/* One that fails, or a call that fails, ends nobody else. */
static void test_siblings_stay(void)
{
        g_autoptr(Container) container = container_new_started(client), other = container_new_started(client);
        g_autoptr(Process) sibling = process_new(container, .argv = ARGV("sleep", "1000"));

        g_assert_cmpuint(process_run(container, NULL, .script = "exit 1"), ==, 1);
        g_assert_cmpuint(process_run(container, NULL, .script = "kill -KILL $$"), ==, 137);
        g_autoptr(Reply) bad = process_fails(container, .argv = ARGV("/no/such/program"));
        g_assert_cmpuint(process_run(other, NULL, .script = "kill -KILL -1; exit 3"), ==, 3);
        process_signal(other, "init", "KILL", "");

        g_autoptr(GVariant) processes = client_property(client, container->path, "Processes");
        g_autofree char *state = container_state(container);
        g_assert_cmpuint(g_variant_n_children(processes), ==, 4);
        g_assert_cmpstr(state, ==, "running");
        g_assert_no_errno(kill((pid_t) sibling->pid, 0));
        g_assert_cmpuint(client_count_signals(client, container->path, "ProcessExited", sibling->id), ==, 0);
}

static void test_processes_property(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) ended = process_new(container, .script = "exit 7", .options = "{'id': <'ended'>}");

        g_assert_cmpuint(process_wait(container, "ended", NULL), ==, 7);
        g_autoptr(GVariant) processes = client_property(client, container->path, "Processes");
        g_autofree char *text = g_variant_print(processes, FALSE);
        g_autofree char *init = g_strdup_printf("('init', 'running', %u)", container_leader(container));
        assert_contains(text, init);
        assert_contains(text, "('ended', 'exited', 7)");
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/exit/codes", test_codes},
                {"/exit/signals", test_signals},
                {"/exit/first-process", test_first_process},
                {"/exit/killed-from-outside", test_killed_from_outside},
                {"/exit/many-waiters", test_many_waiters},
                {"/exit/a-waiter-leaves", test_a_waiter_leaves},
                {"/exit/no-code-is-lost", test_no_code_is_lost},
                {"/exit/no-first-code-is-lost", test_no_first_code_is_lost},
                {"/exit/siblings-stay", test_siblings_stay},
                {"/exit/processes-property", test_processes_property},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
