/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Release, in whatever state a container is. Each of these counts everything that gangway has in the system before and
 * after: processes, mounts in every namespace, scopes, control groups, folders, and the daemon's fds.
 */
#include "common.h"

/* What the first container of a user leaves for the next ones (a slice, a folder of the user) is made beforehand. */
static char *snapshot(void)
{
        g_autoptr(Container) container = container_new_started(client);
        container_release(container);
        return world_snapshot();
}

static void assert_released(Reply *reply)
{
        g_autoptr(GVariant) details = NULL;
        gboolean released = FALSE;
        guint code = 0;

        g_assert_cmpstr(reply->message, ==, NULL);
        g_variant_get(reply->body, "(u@a{sv})", &code, &details);
        g_assert_cmpuint(code, ==, 137);
        g_assert_true(g_variant_lookup(details, "released", "b", &released));
        g_assert_true(released);
}

static void test_running(void)
{
        g_autofree char *before = snapshot();
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) ended = process_new(container, .script = "exit 5");
        g_autoptr(Process) stubborn =
                process_new(container, .script = "trap '' TERM HUP INT; while :; do sleep 1000; done");
        g_autoptr(Process) terminal = process_new(container, .argv = ARGV("sh"), .options = "{'tty': <true>}");
        g_autoptr(Process) forks =
                process_new(container, .script = "for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; wait");
        const char *running[] = {"init", stubborn->id, terminal->id, forks->id};
        guint32 waits[2 * G_N_ELEMENTS(running)];

        g_assert_cmpuint(process_wait(container, ended->id, NULL), ==, 5);
        for (size_t i = 0; i < G_N_ELEMENTS(waits); i++)
                waits[i] = client_send(client, container->path, "Wait", g_variant_new("(s)", running[i / 2]));
        guint32 release = client_send(client, container->path, "Release", NULL);
        g_autoptr(Reply) done = client_receive(client, release);
        container->released = TRUE;
        g_assert_cmpstr(done->message, ==, NULL);
        world_assert_same(before);

        for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
                g_autoptr(Reply) reply = client_receive(client, waits[i]);
                assert_released(reply);
                g_assert_cmpuint(reply->position, <, done->position);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(running); i++)
                g_assert_cmpuint(client_count_signals(client, container->path, "ProcessExited", running[i]), ==, 1);
        g_autoptr(GVariant) removed = client_wait_signal(client, GANGWAY_PATH, "ContainerRemoved", NULL, NULL);
}

static void test_afterwards(void)
{
        g_autoptr(Container) container = container_new_started(client, .name = "afterwards");
        const struct {
                const char *member;
                GVariant *args;
        } calls[] = {
                {"Release", NULL},
                {"Pause", NULL},
                {"Resume", NULL},
                {"Wait", g_variant_new("(s)", "init")},
                {"Signal", g_variant_new("(sss)", "init", "TERM", "")},
                {"Resize", g_variant_new("(sqq)", "init", 1, 1)},
        };
        container_release(container);
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
                g_autofree char *message = client_call_fails(client, container->path, calls[i].member, calls[i].args,
                                                             ERROR_NO_SUCH_CONTAINER);
                assert_contains(message, "afterwards");
        }
        g_autoptr(Reply) start = process_fails(container, .method = "Start", .script = "true");
        g_autoptr(Reply) exec = process_fails(container, .script = "true");
        assert_error(start, ERROR_NO_SUCH_CONTAINER, "afterwards");
        assert_error(exec, ERROR_NO_SUCH_CONTAINER, "afterwards");
        g_autofree char *message = client_call_fails(client, GANGWAY_PATH, "GetContainer",
                                                     g_variant_new("(s)", "afterwards"), ERROR_NO_SUCH_CONTAINER);
        g_autoptr(Container) again = container_new(client, .name = "afterwards");
        g_assert_cmpstr(again->path, ==, container->path);
}

static void test_never_started(void)
{
        g_autofree char *before = snapshot();
        g_autoptr(Container) container = container_new(client);
        container_release(container);
        world_assert_same(before);
}

static void test_ended(void)
{
        g_autofree char *before = snapshot();
        g_autoptr(Container) container = container_new(client);
        g_assert_cmpuint(process_run(container, NULL, .method = "Start", .script = "exit 1"), ==, 1);
        container_release(container);
        world_assert_same(before);
}

/* Release is sent right behind Start: what Start answers is open, that it answers is not. */
static void test_while_starting(void)
{
        g_autofree char *before = snapshot();

        for (int i = 0; i < 10; i++) {
                g_autoptr(Container) container = container_new(client);
                guint32 start = process_send(container, .method = "Start", .argv = ARGV("sleep", "1000"));
                guint32 exec = process_send(container, .argv = ARGV("sleep", "1000"));
                container_release(container);
                g_autoptr(Reply) started = client_receive(client, start), executed = client_receive(client, exec);
                g_test_message("Start: %s, Exec: %s", started->error ?: "done", executed->error ?: "done");
                world_assert_same(before);
        }
}

static void test_while_creating(void)
{
        g_autofree char *before = snapshot();
        static const char path[] = GANGWAY_CONTAINER_PATH "0/early";

        for (int i = 0; i < 10; i++) {
                guint32 create = container_new_send(client, .name = "early");
                g_autoptr(Reply) released = client_try(client, path, "Release", NULL);
                g_autoptr(Reply) created = client_receive(client, create);
                if (!created->error && released->error) {
                        g_autoptr(GVariant) body = client_call(client, path, "Release", NULL);
                }
                world_assert_same(before);
        }
}

static void test_paused(void)
{
        g_autofree char *before = snapshot();
        g_autoptr(Container) container = container_new_started(client);
        guint32 wait = client_send(client, container->path, "Wait", g_variant_new("(s)", "init"));
        g_autoptr(GVariant) paused = client_call(client, container->path, "Pause", NULL);

        container_release(container);
        g_autoptr(Reply) reply = client_receive(client, wait);
        assert_released(reply);
        world_assert_same(before);
}

/* Two at once: both are answered, and no later than when nothing is left. */
static void test_twice_at_once(void)
{
        g_autofree char *before = snapshot();
        g_autoptr(Container) container = container_new_started(client);
        guint32 one = client_send(client, container->path, "Release", NULL);
        guint32 two = client_send(client, container->path, "Release", NULL);
        g_autoptr(Reply) first = client_receive(client, one), second = client_receive(client, two);

        container->released = TRUE;
        g_assert_cmpstr(first->message, ==, NULL);
        g_assert_true(!second->error || g_str_equal(second->error, ERROR_NO_SUCH_CONTAINER));
        world_assert_same(before);
}

static void test_the_caller_leaves(void)
{
        g_autofree char *before = snapshot();
        g_autoptr(Client) other = client_new(NULL);
        g_autoptr(Container) container = container_new_started(other);

        client_send(other, container->path, "Release", NULL);
        client_barrier(other);
        container->released = TRUE;
        g_clear_pointer(&other, client_free);
        world_wait_same(before);
}

/* Each of these fails at another step; what was taken before it is given back. */
static void test_failures(void)
{
        g_autofree char *before = snapshot();
        const Create cases[] = {
                {.options = "{'net-mode': <'none'>, 'security-mode': <'nothing'>}"},
                {.mount = "{'selector': <'../..'>}"},
                {.root = "/etc/passwd"},
                {.root = "/proc/self"},
                {.mounts = "[{'type': <'bind'>, 'destination': <'/'>, 'host-path': <'/no/such/folder'>}]"},
                {.options = "{'scope-properties': <[('TasksMax', <uint64 0>), ('AllowedCPUs', <[byte 0]>)]>}"},
                {.options = "{'rlimits': <{'NOFILE': (uint64 18446744073709551614, uint64 18446744073709551614)}>}"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                guint32 serial = container_create_send(client, &cases[i]);
                g_autoptr(Reply) reply = client_receive(client, serial);
                g_test_message("case %zu: %s: %s", i, reply->error ?: "made", reply->message ?: "");
                if (!reply->error) {
                        g_autoptr(Container) container = container_receive(client, serial);
                        g_autoptr(Reply) start = client_receive(
                                client, process_send(container, .method = "Start", .script = "sleep 1000"));
                }
                world_assert_same(before);
        }
        g_autoptr(Reply) refused = container_new_fails(alice, .options = "{'security-mode': <'insecure'>}");
        world_assert_same(before);
}

static void test_many_at_once(void)
{
        g_autofree char *before = snapshot();
        guint32 serials[16];
        Container *containers[G_N_ELEMENTS(serials)];

        for (size_t i = 0; i < G_N_ELEMENTS(serials); i++)
                serials[i] = container_new_send(client);
        for (size_t i = 0; i < G_N_ELEMENTS(serials); i++) {
                containers[i] = container_receive(client, serials[i]);
                serials[i] = process_send(containers[i], .method = "Start", .argv = ARGV("sleep", "1000"));
        }
        for (size_t i = 0; i < G_N_ELEMENTS(serials); i++) {
                g_autoptr(Process) process = process_receive(client, serials[i]);
                serials[i] = client_send(client, containers[i]->path, "Release", NULL);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(serials); i++) {
                g_autoptr(Reply) reply = client_receive(client, serials[i]);
                g_assert_cmpstr(reply->message, ==, NULL);
                containers[i]->released = TRUE;
                container_free(containers[i]);
        }
        world_assert_same(before);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/release/running", test_running},
                {"/release/afterwards", test_afterwards},
                {"/release/never-started", test_never_started},
                {"/release/ended", test_ended},
                {"/release/while-starting", test_while_starting},
                {"/release/while-creating", test_while_creating},
                {"/release/paused", test_paused},
                {"/release/twice-at-once", test_twice_at_once},
                {"/release/the-caller-leaves", test_the_caller_leaves},
                {"/release/failures", test_failures},
                {"/release/many-at-once", test_many_at_once},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
