/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first process, those that join it, and the states between: which call runs PID 1, what waits for what, and what
 * PID 1's end means for the others.
 */
#include "common.h"

static void test_first_is_pid_1(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autofree char *before = container_state(container), *output = NULL;

        g_assert_cmpstr(before, ==, "created");
        g_assert_cmpuint(container_leader(container), ==, 0);
        g_assert_cmpuint(process_run(container, &output, .method = "Start", .script = "echo $$; exit 3"), ==, 3);
        g_assert_cmpstr(output, ==, "1");
        container_wait_state(container, "exited");
}

static void test_leader(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"));
        g_autofree char *state = container_state(container);
        g_autofree char *name = file_text("/proc/%u/comm", init->pid);
        g_autofree char *ids = shell("sed -n 's/^NSpid:.*\t//p' /proc/%u/status", init->pid);

        g_assert_cmpstr(state, ==, "running");
        g_assert_cmpuint(container_leader(container), ==, init->pid);
        g_assert_cmpstr(ids, ==, "1");
        g_assert_cmpstr(name, ==, "sleep");
}

static void test_later_ones_join(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *space = link_text("/proc/%u/ns/pid", container_leader(container));

        for (int i = 0; i < 2; i++) {
                const char *method = i ? "Exec" : "Start";
                g_autofree char *output = NULL;
                guint code = process_run(container, &output, .method = method,
                                         .script = "echo $$ $(readlink /proc/self/ns/pid)");
                g_auto(GStrv) words = g_strsplit(output, " ", 2);
                g_assert_cmpuint(code, ==, 0);
                g_assert_cmpstr(words[0], !=, "1");
                g_assert_cmpstr(words[1], ==, space);
        }
}

static void test_exec_before_start(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autoptr(Reply) reply = process_fails(container, .script = "true");
        assert_error(reply, ERROR_GANGWAY("NotStarted"), NULL);
}

/* All calls are sent before any answer is read, so the first Start is under way when the others come. */
static void test_exec_waits_for_start(void)
{
        g_autoptr(Container) container = container_new(client);
        guint32 start = process_send(container, .method = "Start", .argv = ARGV("sleep", "1000"));
        guint32 serials[4];

        for (size_t i = 0; i < G_N_ELEMENTS(serials); i++)
                serials[i] = process_send(container, .method = i % 2 ? "Start" : "Exec", .script = "exit 5");
        g_autoptr(Process) init = process_receive(client, start);
        g_assert_cmpuint(container_leader(container), ==, init->pid);
        for (size_t i = 0; i < G_N_ELEMENTS(serials); i++) {
                g_autoptr(Process) process = process_receive(client, serials[i]);
                g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 5);
                g_assert_cmpuint(process->position, >, init->position);
        }
}

static void test_exec_gets_the_error_of_start(void)
{
        g_autoptr(Container) container = container_new(client);
        guint32 start = process_send(container, .method = "Start", .argv = ARGV("/no/such/program"));
        guint32 exec = process_send(container, .script = "true");
        g_autoptr(Reply) start_reply = client_receive(client, start), exec_reply = client_receive(client, exec);

        assert_error(start_reply, ERROR_GANGWAY("NoSuchProgram"), "/no/such/program");
        assert_error(exec_reply, ERROR_GANGWAY("NoSuchProgram"), "/no/such/program");
}

static void test_after_the_end(void)
{
        g_autoptr(Container) container = container_new(client, .name = "ended");
        g_assert_cmpuint(process_run(container, NULL, .method = "Start", .script = "exit 3"), ==, 3);

        g_autoptr(Reply) exec = process_fails(container, .script = "true");
        g_autoptr(Reply) start = process_fails(container, .method = "Start", .script = "true");
        assert_error(exec, ERROR_GANGWAY("NotRunning"), "ended");
        assert_error(start, ERROR_GANGWAY("NotRunning"), "ended");
        g_assert_cmpuint(container_leader(container), ==, 0);
}

static void test_end_of_pid_1_kills_all(void)
{
        g_autoptr(Container) container = container_new(client);
        int ends[2];

        make_pipe(ends);
        g_autoptr(Process) init =
                process_new(container, .method = "Start", .script = "read line; exit 4", .fds = FDS({0, ends[0]}));
        g_autoptr(Process) one = process_new(container, .argv = ARGV("sleep", "1000"));
        g_autoptr(Process) two = process_new(container, .script = "trap '' TERM HUP; sleep 1000 & sleep 1000");
        close_fd(&ends[0]);
        close_fd(&ends[1]);

        g_assert_cmpuint(process_wait(container, init->id, NULL), ==, 4);
        const char *others[] = {one->id, two->id};
        for (int i = 0; i < 2; i++) {
                g_autoptr(GVariant) details = NULL;
                gint32 number = 0;
                g_assert_cmpuint(process_wait(container, others[i], &details), ==, 137);
                g_assert_true(g_variant_lookup(details, "term-signal", "i", &number));
                g_assert_cmpint(number, ==, SIGKILL);
                g_assert_false(g_variant_lookup(details, "released", "b", NULL));
                g_autoptr(GVariant) exited =
                        client_wait_signal(client, container->path, "ProcessExited", others[i], NULL);
        }
        container_wait_state(container, "exited");
}

static void assert_no_processes(Container *container)
{
        g_autoptr(GVariant) processes = client_property(client, container->path, "Processes");
        g_autofree char *state = container_state(container);
        g_assert_cmpuint(g_variant_n_children(processes), ==, 0);
        g_assert_cmpstr(state, ==, "created");
}

static void test_failed_first_start(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autofree char *before = world_snapshot();

        g_autoptr(Reply) none = process_fails(container, .method = "Start", .argv = ARGV("no-such-program"));
        assert_error(none, ERROR_GANGWAY("NoSuchProgram"), "no-such-program");
        assert_no_processes(container);
        g_autoptr(Reply) folder = process_fails(container, .method = "Start", .argv = ARGV("/etc"));
        assert_error(folder, ERROR_GANGWAY("NotExecutable"), "/etc");
        g_autoptr(Reply) file = process_fails(container, .method = "Start", .argv = ARGV("/etc/passwd"));
        assert_error(file, ERROR_GANGWAY("NotExecutable"), "/etc/passwd");
        assert_no_processes(container);
        world_assert_same(before);

        g_autofree char *output = NULL;
        g_assert_cmpuint(process_run(container, &output, .method = "Start", .script = "echo $$"), ==, 0);
        g_assert_cmpstr(output, ==, "1");
}

static void test_failed_exec(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) sibling = process_new(container, .argv = ARGV("sleep", "1000"));
        g_autofree char *before = world_snapshot();

        g_autoptr(Reply) none = process_fails(container, .argv = ARGV("/no/such/program"));
        assert_error(none, ERROR_GANGWAY("NoSuchProgram"), "/no/such/program");
        g_autoptr(Reply) file = process_fails(container, .argv = ARGV("/etc/passwd"));
        assert_error(file, ERROR_GANGWAY("NotExecutable"), "/etc/passwd");
        g_assert_cmpuint(process_run(container, NULL, .script = "exit 9"), ==, 9);
        world_assert_same(before);
        g_assert_no_errno(kill((pid_t) sibling->pid, 0));
}

static void test_ids(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) named = process_new(container, .argv = ARGV("true"), .options = "{'id': <'my-id'>}");
        g_autoptr(Process) made = process_new(container, .argv = ARGV("true"));
        g_autoptr(Reply) again = process_fails(container, .argv = ARGV("true"), .options = "{'id': <'my-id'>}");

        g_assert_cmpstr(named->id, ==, "my-id");
        g_assert_cmpstr(made->id, !=, "");
        assert_error(again, ERROR_GANGWAY("ProcessExists"), "my-id");
}

/* Two first Starts at once are one PID 1 and one that joins it. */
static void test_two_starts_at_once(void)
{
        g_autoptr(Container) container = container_new(client);
        guint32 one = process_send(container, .method = "Start", .argv = ARGV("sleep", "1000"));
        guint32 two = process_send(container, .method = "Start", .argv = ARGV("sleep", "1000"));
        g_autoptr(Process) first = process_receive(client, one), second = process_receive(client, two);
        g_autofree char *ids = shell("sed -n 's/^NSpid:.*\t//p' /proc/%u/status", second->pid);

        g_assert_cmpuint(container_leader(container), ==, first->pid);
        g_assert_cmpstr(ids, !=, "1");
}

static void test_changes_are_told(void)
{
        g_autoptr(Container) container = container_new(client);
        guint code = process_run(container, NULL, .method = "Start", .script = "exit 0");

        g_assert_cmpuint(code, ==, 0);
        container_wait_state(container, "exited");
        g_assert_cmpuint(client_count_signals(client, container->path, "PropertiesChanged", "org.gangway1.Container"),
                         >=, 2);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/start/first-is-pid-1", test_first_is_pid_1},
                {"/start/leader", test_leader},
                {"/start/later-ones-join", test_later_ones_join},
                {"/start/exec-before-start", test_exec_before_start},
                {"/start/exec-waits-for-start", test_exec_waits_for_start},
                {"/start/exec-gets-the-error-of-start", test_exec_gets_the_error_of_start},
                {"/start/after-the-end", test_after_the_end},
                {"/start/end-of-pid-1-kills-all", test_end_of_pid_1_kills_all},
                {"/start/failed-first-start", test_failed_first_start},
                {"/start/failed-exec", test_failed_exec},
                {"/start/ids", test_ids},
                {"/start/two-starts-at-once", test_two_starts_at_once},
                {"/start/changes-are-told", test_changes_are_told},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
