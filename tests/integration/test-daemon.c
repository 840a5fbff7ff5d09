/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon as a service: started by the first call, reloaded, told by its config what it can't do, stopped.
 */
#include "common.h"

static void stop_daemon(void)
{
        g_free(shell("systemctl stop gangwayd.service; systemctl reset-failed gangwayd.service 2> /dev/null; true"));
}

static void test_activation(void)
{
        stop_daemon();
        g_assert_cmpint(daemon_pid(), ==, 0);
        g_autofree char *version = client_property_string(client, GANGWAY_PATH, "Version");
        g_autofree char *state = shell("systemctl show -P ActiveState gangwayd.service");
        g_assert_cmpstr(version, !=, "");
        g_assert_cmpstr(state, ==, "active");
        g_assert_cmpint(daemon_pid(), >, 1);
}

/* Several first calls at once start one daemon, which answers them all. */
static void test_activation_by_many(void)
{
        guint32 serials[20];

        stop_daemon();
        for (size_t i = 0; i < G_N_ELEMENTS(serials); i++)
                serials[i] = client_send(i % 2 ? client : alice, GANGWAY_PATH, "ListContainers", NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(serials); i++) {
                g_autoptr(Reply) reply = client_receive(i % 2 ? client : alice, serials[i]);
                g_assert_cmpstr(reply->message, ==, NULL);
        }
}

static void test_bad_config(void)
{
        static const struct {
                const char *text;
                int line;
                const char *part;
        } cases[] = {
                {"[Limits]\nContainersPerUser=3\nColour=red\n", 3, "Colour"},
                {"# a comment\n\n[Colours]\n", 3, "Colours"},
                {"[Limits]\nContainersPerUser=many\n", 2, "many"},
                {"[Limits]\nContainersPerUser=0\n", 2, "ContainersPerUser"},
                {"[Runtime]\nPath=/no/such/runtime\n", 2, "/no/such/runtime"},
                {"[Runtime]\nPath=/etc/passwd\n", 2, "/etc/passwd"},
                {"[Runtime]\nPath=crun\n", 2, "crun"},
                {"[Ids]\nFirst=5\n", 2, "First"},
                {"Path=/usr/bin/crun\n", 1, "Path"},
                {"[Limits\n", 1, "Limits"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                stop_daemon();
                g_assert_true(g_file_set_contents(CONFIG_FILE, cases[i].text, -1, NULL));
                g_autofree char *cursor = shell("journalctl -q -n 1 --show-cursor | sed -n 's/^-- cursor: //p'");
                g_test_message("%s", cases[i].text);
                g_assert_cmpint(shell_status("systemctl start gangwayd.service 2> /dev/null"), !=, 0);
                g_autofree char *status = shell("systemctl show -P ExecMainStatus gangwayd.service");
                g_autofree char *journal = shell(
                        "journalctl --sync; journalctl -q -u gangwayd.service --after-cursor='%s' -o cat", cursor);
                g_autofree char *where = g_strdup_printf(CONFIG_FILE ":%d: ", cases[i].line);
                g_assert_cmpstr(status, ==, "78");
                assert_contains(journal, where);
                assert_contains(strstr(journal, where), cases[i].part);
        }
        daemon_configure(NULL);
        client_barrier(client);
}

static gboolean creates_no_second(gpointer data)
{
        g_autoptr(Reply) reply = client_receive(alice, container_new_send(alice, .name = "second"));
        if (reply->error) {
                g_assert_cmpstr(reply->error, ==, ERROR_LIMITS_EXCEEDED);
                return TRUE;
        }
        g_autoptr(GVariant) body = client_call(alice, data, "Release", NULL);
        return FALSE;
}

static void test_reload(void)
{
        g_autoptr(Container) container = container_new_started(alice);
        g_autofree char *second = g_strdup_printf(GANGWAY_CONTAINER_PATH "%u/second", client_uid(alice));
        pid_t pid = daemon_pid();

        daemon_write_config("[Limits]\nContainersPerUser=1\n");
        g_free(shell("systemctl reload gangwayd.service"));
        wait_until(creates_no_second, second, "the new limit");

        /* What is wrong in a new file is told, and the old one stays. */
        daemon_write_config("[Limits]\nContainersPerUser=none\n");
        g_autofree char *cursor = shell("journalctl -q -n 1 --show-cursor | sed -n 's/^-- cursor: //p'");
        g_assert_cmpint(shell_status("systemctl reload gangwayd.service"), >=, 0);
        client_barrier(client);
        g_autofree char *journal =
                shell("journalctl --sync; journalctl -q -u gangwayd.service --after-cursor='%s' -o cat", cursor);
        assert_contains(journal, CONFIG_FILE ":");
        g_assert_true(creates_no_second(second));

        g_assert_cmpint(daemon_pid(), ==, pid);
        g_assert_cmpuint(process_run(container, NULL, .script = "exit 2"), ==, 2);
        container_release(container);
        daemon_configure(NULL);
}

static void test_stop(void)
{
        {
                g_autoptr(Container) warm = container_new_started(client);
        }
        stop_daemon();
        g_autofree char *before = world_snapshot();
        g_autoptr(Container) started = container_new_started(client), fresh = container_new(client);
        g_autoptr(Container) paused = container_new_started(alice);
        g_autoptr(GVariant) done = client_call(alice, paused->path, "Pause", NULL);
        guint32 wait = client_send(client, started->path, "Wait", g_variant_new("(s)", "init"));

        client_barrier(client);
        stop_daemon();
        g_autoptr(Reply) reply = client_receive(client, wait);
        g_test_message("the waiter got %s", reply->error ?: "its answer");
        started->released = fresh->released = paused->released = TRUE;
        world_wait_same(before);
        g_autofree char *result = shell("systemctl show -P Result gangwayd.service");
        g_assert_cmpstr(result, ==, "success");
}

/* A call that is no call, or to no object, is an error of that call only. */
static void test_nonsense(void)
{
        g_autoptr(Container) container = container_new_started(client);
        pid_t pid = daemon_pid();
        const char *const calls[][3] = {
                {GANGWAY_PATH, "org.gangway1.Manager", "NoSuchMethod"},
                {GANGWAY_PATH, "org.gangway1.NoSuchInterface", "Release"},
                {GANGWAY_PATH, "org.gangway1.Container", "Release"},
                {"/org/gangway2", "org.gangway1.Manager", "Subscribe"},
                {container->path, "org.gangway1.Manager", "Subscribe"},
                {GANGWAY_CONTAINER_PATH "x/y", "org.gangway1.Container", "Release"},
                {GANGWAY_CONTAINER_PATH "99999999999/y", "org.gangway1.Container", "Release"},
                {GANGWAY_CONTAINER_PATH "0/_zz", "org.gangway1.Container", "Release"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
                g_autoptr(Reply) reply =
                        client_receive(client, client_send_to(client, GANGWAY_NAME, calls[i][0], calls[i][1],
                                                              calls[i][2], NULL, NULL, G_DBUS_MESSAGE_FLAGS_NONE));
                g_test_message("%s of %s: %s", calls[i][2], calls[i][0], reply->error ?: "done");
                g_assert_nonnull(reply->error);
        }
        g_assert_cmpint(daemon_pid(), ==, pid);
        g_assert_cmpuint(process_run(container, NULL, .script = "exit 2"), ==, 2);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/daemon/activation", test_activation},
                {"/daemon/activation-by-many", test_activation_by_many},
                {"/daemon/bad-config", test_bad_config},
                {"/daemon/reload", test_reload},
                {"/daemon/stop", test_stop},
                {"/daemon/nonsense", test_nonsense},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
