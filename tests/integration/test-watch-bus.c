/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch-bus: what ends when the connection that asked for it goes, and what stays.
 */
#include "common.h"

#define WATCH "{'watch-bus': <true>}"

static void assert_removed(const char *path)
{
        g_autofree char *message = client_call_fails(client, path, "Release", NULL, ERROR_NO_SUCH_CONTAINER);
}

static void test_container(void)
{
        g_autoptr(GVariant) subscribed = client_call(client, GANGWAY_PATH, "Subscribe", NULL);
        {
                g_autoptr(Container) warm = container_new_started(client);
        }
        g_autofree char *before = world_snapshot();

        for (int started = 0; started < 2; started++) {
                g_autoptr(Client) other = client_new(NULL);
                g_autofree char *name = g_strdup_printf("watched-%d", started);
                g_autoptr(Container) container = started ? container_new_started(other, .name = name, .options = WATCH)
                                                         : container_new(other, .name = name, .options = WATCH);
                g_clear_pointer(&other, client_free);
                container->released = TRUE;
                g_autoptr(GVariant) removed = client_wait_signal(client, GANGWAY_PATH, "ContainerRemoved", name, NULL);
                assert_removed(container->path);
                world_wait_same(before);
        }
        g_autoptr(GVariant) unsubscribed = client_call(client, GANGWAY_PATH, "Unsubscribe", NULL);
}

/* The caller leaves while its CreateContainer is on the way. */
static void test_container_in_the_making(void)
{
        {
                g_autoptr(Container) warm = container_new_started(client);
        }
        g_autofree char *before = world_snapshot();

        for (int i = 0; i < 10; i++) {
                g_autoptr(Client) other = client_new(NULL);
                container_new_send(other, .options = WATCH);
                if (i % 2)
                        client_barrier(other);
        }
        world_wait_same(before);
}

static void test_without_it(void)
{
        g_autoptr(Client) other = client_new(NULL), third = client_new(NULL);
        g_autoptr(Container) container = container_new_started(other);
        g_autoptr(Process) process = process_new(container, .argv = ARGV("sleep", "1000"));
        g_autoptr(Process) watched =
                process_new(container, .argv = ARGV("sleep", "1000"), .options = WATCH, .client = third);

        g_clear_pointer(&other, client_free);
        g_clear_pointer(&third, client_free);
        container->client = client;
        /* The end of the one shows that the daemon has noticed both to leave. */
        g_assert_cmpuint(process_wait(container, watched->id, NULL), ==, 128 + SIGHUP);
        g_autofree char *state = container_state(container);
        g_assert_cmpstr(state, ==, "running");
        g_assert_no_errno(kill((pid_t) process->pid, 0));
}

/* The container's creator stays, only the one that asked for the process goes. */
static void test_process(void)
{
        static const struct {
                const char *script;
                guint code;
        } cases[] = {
                {"echo ready; exec sleep 1000", 128 + SIGHUP},
                {"trap 'exit 3' HUP; echo ready; while :; do sleep 1000 & wait; done", 3},
                {"trap '' HUP; trap 'exit 4' TERM; echo ready; while :; do sleep 1000 & wait; done", 4},
                {"trap '' HUP TERM; echo ready; exec sleep 1000", 137},
        };
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(GPtrArray) processes = g_ptr_array_new_with_free_func((GDestroyNotify) process_free);
        g_autoptr(Client) other = client_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                int out[2];
                make_pipe(out);
                g_ptr_array_add(processes, process_new(container, .script = cases[i].script, .options = WATCH,
                                                       .client = other, .fds = FDS({1, out[1]})));
                close_fd(&out[1]);
                g_autofree char *ready = read_text(out[0], "ready\n");
                close_fd(&out[0]);
        }
        g_clear_pointer(&other, client_free);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                Process *process = processes->pdata[i];
                g_autoptr(GVariant) details = NULL;
                g_test_message("%s", cases[i].script);
                g_assert_cmpuint(process_wait(container, process->id, &details), ==, cases[i].code);
                g_assert_false(g_variant_lookup(details, "released", "b", NULL));
        }
        g_autofree char *state = container_state(container);
        g_assert_cmpstr(state, ==, "running");
}

static void test_first_process(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autoptr(Client) other = client_new(NULL);
        g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"),
                                              .options = WATCH, .client = other);

        g_clear_pointer(&other, client_free);
        g_assert_cmpuint(process_wait(container, init->id, NULL), >=, 128);
        container_wait_state(container, "exited");
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/watch-bus/container", test_container},
                {"/watch-bus/container-in-the-making", test_container_in_the_making},
                {"/watch-bus/without-it", test_without_it},
                {"/watch-bus/process", test_process},
                {"/watch-bus/first-process", test_first_process},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
