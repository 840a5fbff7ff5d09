/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container's scope as systemd shows it: its name, place and limits, what happens where somebody stops it from
 * outside, and the freezer behind Pause and Resume.
 */
#include "common.h"

static void assert_property(const char *unit, const char *name, const char *expected)
{
        g_autofree char *value = shell("systemctl show -P %s '%s'", name, unit);
        g_test_message("%s of %s", name, unit);
        g_assert_cmpstr(value, ==, expected);
}

static gboolean has_cgroup(gpointer data)
{
        Container *container = data;
        g_autofree char *cgroup = client_property_string(container->client, container->path, "ControlGroup");
        return *cgroup;
}

static void test_unit(void)
{
        Client *owners[] = {client, alice};

        for (size_t i = 0; i < G_N_ELEMENTS(owners); i++) {
                g_autoptr(Container) container = container_new(owners[i], .name = "my.box_1");
                g_autofree char *unit = container_unit(container);
                g_autofree char *expected = g_strdup_printf("gangway-%u-my.box_1.scope", client_uid(owners[i]));
                g_autofree char *slice = g_strdup_printf("gangway-%u.slice", client_uid(owners[i]));
                wait_until(has_cgroup, container, "the scope starts");
                g_autofree char *cgroup = client_property_string(owners[i], container->path, "ControlGroup");
                g_autofree char *description = shell("systemctl show -P Description '%s'", unit);

                g_assert_cmpstr(unit, ==, expected);
                assert_property(unit, "ActiveState", "active");
                assert_property(unit, "Slice", slice);
                assert_property(unit, "Delegate", "yes");
                assert_property(unit, "CollectMode", "inactive-or-failed");
                assert_property(unit, "ControlGroup", cgroup);
                assert_contains(cgroup, slice);
                assert_contains(description, "my.box_1");
        }
}

static gboolean in_scope(guint pid, const char *cgroup)
{
        g_autofree char *text = file_text("/proc/%u/cgroup", pid);
        const char *line = strstr(text, "0::");

        g_assert_nonnull(line);
        return g_str_has_prefix(line + strlen("0::"), cgroup);
}

/* Every process is in the scope, and sees it as the root of its control groups. */
static void test_processes_are_in_it(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) process = process_new(container, .argv = ARGV("sleep", "1000"));
        g_autofree char *cgroup = client_property_string(client, container->path, "ControlGroup");
        g_autofree char *output = NULL;

        g_assert_true(in_scope(container_leader(container), cgroup));
        g_assert_true(in_scope(process->pid, cgroup));
        g_assert_cmpuint(process_run(container, &output, .script = "cat /proc/self/cgroup | grep -v scope"), ==, 0);
        assert_contains(output, "0::/");
}

static void test_properties(void)
{
        g_autoptr(Container) container = container_new(
                client, .options = "{'scope-properties': <["
                                   "('MemoryMin', <uint64 1048576>), ('MemoryLow', <uint64 2097152>),"
                                   "('MemoryHigh', <uint64 104857600>), ('MemoryMax', <uint64 209715200>),"
                                   "('MemorySwapMax', <uint64 4096>), ('CPUWeight', <uint64 50>),"
                                   "('CPUQuotaPerSecUSec', <uint64 500000>), ('TasksMax', <uint64 77>),"
                                   "('IOWeight', <uint64 33>), ('RuntimeMaxUSec', <uint64 600000000>),"
                                   "('AllowedCPUs', <[byte 1]>)]>}");
        g_autofree char *unit = container_unit(container);
        static const char *const expected[][2] = {
                {"MemoryMin", "1048576"},        {"MemoryLow", "2097152"},  {"MemoryHigh", "104857600"},
                {"MemoryMax", "209715200"},      {"MemorySwapMax", "4096"}, {"CPUWeight", "50"},
                {"CPUQuotaPerSecUSec", "500ms"}, {"TasksMax", "77"},        {"IOWeight", "33"},
                {"RuntimeMaxUSec", "10min"},     {"AllowedCPUs", "0"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
                assert_property(unit, expected[i][0], expected[i][1]);
        g_assert_cmpuint(process_run(container, NULL, .method = "Start", .script = "exit 2"), ==, 2);
}

static void test_stopped_while_running(void)
{
        g_autofree char *before = NULL;
        {
                g_autoptr(Container) warm = container_new_started(client);
        }
        before = world_snapshot();
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) process = process_new(container, .argv = ARGV("sleep", "1000"));
        g_autofree char *unit = container_unit(container);
        guint32 waits[] = {
                client_send(client, container->path, "Wait", g_variant_new("(s)", "init")),
                client_send(client, container->path, "Wait", g_variant_new("(s)", process->id)),
        };
        client_barrier(client);
        g_autofree char *output = shell("systemctl stop '%s'", unit);
        for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
                g_autoptr(Reply) reply = client_receive(client, waits[i]);
                g_autoptr(GVariant) details = NULL;
                guint code = 0;
                g_assert_cmpstr(reply->message, ==, NULL);
                g_variant_get(reply->body, "(u@a{sv})", &code, &details);
                g_assert_true(code == 128 + SIGKILL || code == 128 + SIGTERM);
        }
        container_wait_state(container, "exited");
        g_autoptr(Reply) exec = process_fails(container, .script = "true");
        assert_error(exec, ERROR_GANGWAY("NotRunning"), container->path + strlen(GANGWAY_CONTAINER_PATH "0/"));
        container_release(container);
        world_assert_same(before);
}

/* A container without a process has nothing to keep: it is gone. */
static void test_stopped_before_start(void)
{
        g_autoptr(Container) container = container_new(client, .name = "stopped");
        g_autofree char *unit = container_unit(container);
        g_autofree char *output = shell("systemctl stop '%s'", unit);
        g_autoptr(GVariant) removed = client_wait_signal(client, GANGWAY_PATH, "ContainerRemoved", "stopped", NULL);

        container->released = TRUE;
        g_autoptr(Reply) start = process_fails(container, .method = "Start", .script = "true");
        assert_error(start, ERROR_NO_SUCH_CONTAINER, "stopped");
}

static gboolean is_over(gpointer data)
{
        Container *container = data;
        g_autoptr(Reply) reply = client_receive(
                client, client_send_to(client, GANGWAY_NAME, container->path, "org.freedesktop.DBus.Properties", "Get",
                                       g_variant_new("(ss)", "org.gangway1.Container", "State"), NULL,
                                       G_DBUS_MESSAGE_FLAGS_NONE));
        g_autoptr(GVariant) value = NULL;

        container->released = reply->error != NULL;
        if (!reply->error)
                g_variant_get(reply->body, "(v)", &value);
        return reply->error || g_str_equal(g_variant_get_string(value, NULL), "exited");
}

/* Stop goes out beside the calls: whichever comes first, everybody is answered, and nothing stays. */
static void test_stopped_while_starting(void)
{
        {
                g_autoptr(Container) warm = container_new_started(client);
        }
        g_autofree char *before = world_snapshot();

        for (int i = 0; i < 5; i++) {
                g_autoptr(Container) container = container_new(client);
                g_autofree char *unit = container_unit(container);
                guint32 start = process_send(container, .method = "Start", .argv = ARGV("sleep", "1000"));
                guint32 exec = process_send(container, .argv = ARGV("sleep", "1000"));
                g_autofree char *output = shell("systemctl stop '%s'", unit);
                g_autoptr(Reply) started = client_receive(client, start), executed = client_receive(client, exec);
                g_test_message("Start: %s: %s; Exec: %s: %s", started->error ?: "done", started->message ?: "",
                               executed->error ?: "done", executed->message ?: "");
                g_assert_true(!started->error || g_str_has_prefix(started->error, "org.gangway1.Error."));
                g_assert_true(!executed->error || g_str_has_prefix(executed->error, "org.gangway1.Error."));
                wait_until(is_over, container, "the container ends with its scope");
                g_clear_pointer(&container, container_free);
                world_wait_same(before);
        }
}

static gboolean unit_is_gone(gpointer unit)
{
        return shell_status("systemctl show -P LoadState '%s' | grep -qx not-found", (char *) unit) == 0;
}

/* The scope ends with its last process, though the container stays until it is released. */
static void test_ends_with_the_last_process(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autofree char *unit = container_unit(container);

        g_assert_cmpuint(process_run(container, NULL, .method = "Start", .script = "exit 3"), ==, 3);
        wait_until(unit_is_gone, unit, "the scope ends");
        g_autoptr(GVariant) processes = client_property(client, container->path, "Processes");
        g_assert_cmpuint(g_variant_n_children(processes), ==, 1);
}

static void test_runtime_limit(void)
{
        g_autoptr(Container) container =
                container_new(client, .options = "{'scope-properties': <[('RuntimeMaxUSec', <uint64 1000000>)]>}");
        g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"));
        guint code = process_wait(container, init->id, NULL);

        g_assert_true(code == 128 + SIGKILL || code == 128 + SIGTERM);
        container_wait_state(container, "exited");
}

static void assert_frozen(Container *container, gboolean frozen)
{
        g_autofree char *cgroup = container_cgroup(container);
        g_autofree char *events = file_text("%s/cgroup.events", cgroup);
        g_autofree char *state = container_state(container);

        assert_contains(events, frozen ? "frozen 1" : "frozen 0");
        g_assert_cmpstr(state, ==, frozen ? "paused" : "running");
}

static void test_pause(void)
{
        g_autoptr(Container) container = container_new_started(client);
        int out[2];

        make_pipe(out);
        g_autoptr(Process) process = process_new(
                container, .script = "trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 1000 & wait; done",
                .fds = FDS({1, out[1]}));
        close_fd(&out[1]);
        g_autofree char *ready = read_text(out[0], "ready\n");
        for (int i = 0; i < 2; i++) {
                g_autoptr(GVariant) paused = client_call(client, container->path, "Pause", NULL);
                assert_frozen(container, TRUE);
                g_autoptr(Reply) exec = process_fails(container, .script = "true");
                assert_error(exec, ERROR_GANGWAY("Paused"), NULL);
                if (i == 1)
                        process_signal(container, process->id, "TERM", "");
                client_barrier(client);
                g_assert_cmpuint(client_count_signals(client, container->path, "ProcessExited", process->id), ==, 0);
                g_autoptr(GVariant) resumed = client_call(client, container->path, "Resume", NULL);
                assert_frozen(container, FALSE);
        }
        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 3);
        g_assert_cmpuint(process_run(container, NULL, .script = "exit 4"), ==, 4);
        close_fd(&out[0]);
}

static void test_pause_at_wrong_times(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autofree char *early = client_call_fails(client, container->path, "Pause", NULL, ERROR_GANGWAY("NotStarted"));
        g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"));
        g_autofree char *unpaused =
                client_call_fails(client, container->path, "Resume", NULL, ERROR_GANGWAY("NotRunning"));

        process_signal(container, init->id, "KILL", "");
        g_assert_cmpuint(process_wait(container, init->id, NULL), ==, 137);
        container_wait_state(container, "exited");
        g_autofree char *late = client_call_fails(client, container->path, "Pause", NULL, ERROR_GANGWAY("NotRunning"));
}

/* A frozen process can't act on a signal, but SIGKILL ends it. */
static void test_killed_while_paused(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(GVariant) paused = client_call(client, container->path, "Pause", NULL);

        process_signal(container, "init", "KILL", "");
        g_assert_cmpuint(process_wait(container, "init", NULL), ==, 137);
        container_wait_state(container, "exited");
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/scope/unit", test_unit},
                {"/scope/processes-are-in-it", test_processes_are_in_it},
                {"/scope/properties", test_properties},
                {"/scope/stopped-while-running", test_stopped_while_running},
                {"/scope/stopped-before-start", test_stopped_before_start},
                {"/scope/stopped-while-starting", test_stopped_while_starting},
                {"/scope/ends-with-the-last-process", test_ends_with_the_last_process},
                {"/scope/runtime-limit", test_runtime_limit},
                {"/scope/pause", test_pause},
                {"/scope/pause-at-wrong-times", test_pause_at_wrong_times},
                {"/scope/killed-while-paused", test_killed_while_paused},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
