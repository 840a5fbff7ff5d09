/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What polkit's rules let two users do: each privileged mode by its own action, nothing where polkit can't be asked,
 * and another user's containers, which don't exist without its yes.
 */
#include "common.h"

#define RULE_CREATE        "if (action.id == 'org.gangway1.create') return polkit.Result.YES;"
#define RULE_MANAGE_OTHERS "if (action.id == 'org.gangway1.manage-others') return polkit.Result.YES;"
#define RULE_NOTHING       "if (action.id.indexOf('org.gangway1.') == 0) return polkit.Result.NO;"

static void test_default_is_no(void)
{
        polkit_rules("");
        g_autofree char *before = world_snapshot();
        g_autoptr(Reply) silent = container_new_fails(alice);
        g_autoptr(Reply) interactive = container_new_fails(alice, .interactive = TRUE);

        assert_error(silent, ERROR_INTERACTIVE, NULL);
        g_assert_true(g_str_equal(interactive->error, ERROR_ACCESS_DENIED) ||
                      g_str_equal(interactive->error, ERROR_INTERACTIVE));
        polkit_rules(RULE_NOTHING);
        g_autoptr(Reply) refused = container_new_fails(alice);
        assert_error(refused, ERROR_ACCESS_DENIED, NULL);
        world_assert_same(before);
        polkit_rules(POLKIT_USUAL);
}

/* Each with its action's yes, its no, and no word on it. */
static void test_actions(void)
{
        static const struct {
                const char *action, *options, *mounts;
        } cases[] = {
                {"org.gangway1.insecure", .options = "{'security-mode': <'insecure'>}"},
                {"org.gangway1.host-network", .options = "{'net-mode': <'host'>}"},
                {"org.gangway1.bind-host-path",
                 .mounts =
                         "[{'type': <'bind'>, 'destination': <'/'>, 'host-path': <'/var/tmp/gangway-test/template'>}]"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                const Create create = {.options = cases[i].options, .mounts = cases[i].mounts};
                g_autofree char *yes = g_strdup_printf(RULE_CREATE "if (action.id == '%s') return polkit.Result.YES;",
                                                       cases[i].action);
                g_autofree char *no = g_strdup_printf(
                        "if (action.id == '%s') return polkit.Result.NO; return polkit.Result.YES;", cases[i].action);
                g_test_message("%s", cases[i].action);
                polkit_rules(RULE_CREATE);
                g_autofree char *before = world_snapshot();
                g_autoptr(Reply) silent = container_create_fails(alice, &create);
                assert_error(silent, ERROR_INTERACTIVE, cases[i].action);
                polkit_rules(no);
                g_autoptr(Reply) refused = container_create_fails(alice, &create);
                assert_error(refused, ERROR_ACCESS_DENIED, cases[i].action);
                world_assert_same(before);
                polkit_rules(yes);
                g_autoptr(Container) container = container_create_started(alice, &create);
        }
        polkit_rules(POLKIT_USUAL);
}

/* All of them are asked for, not just the first. */
static void test_several_at_once(void)
{
        static const char both[] = "{'security-mode': <'insecure'>, 'net-mode': <'host'>}";

        polkit_rules(RULE_CREATE "if (action.id == 'org.gangway1.insecure') return polkit.Result.YES;");
        g_autoptr(Reply) network = container_new_fails(alice, .options = both);
        assert_error(network, ERROR_INTERACTIVE, "org.gangway1.host-network");
        polkit_rules(RULE_CREATE "if (action.id == 'org.gangway1.host-network') return polkit.Result.YES;");
        g_autoptr(Reply) insecure = container_new_fails(alice, .options = both);
        assert_error(insecure, ERROR_INTERACTIVE, "org.gangway1.insecure");
        polkit_rules(POLKIT_USUAL);
}

/* The rules see who asks for what. */
static void test_details(void)
{
        polkit_rules("if (action.id == 'org.gangway1.insecure' && subject.user == 'bob') return polkit.Result.NO;"
                     "if (action.id == 'org.gangway1.insecure' && action.lookup('container') == 'fine')"
                     "        return polkit.Result.YES;"
                     "if (action.id == 'org.gangway1.create') return polkit.Result.YES;");
        g_autoptr(Container) fine = container_new(alice, .name = "fine", .options = "{'security-mode': <'insecure'>}");
        g_autoptr(Reply) other =
                container_new_fails(alice, .name = "other", .options = "{'security-mode': <'insecure'>}");
        g_autoptr(Reply) his = container_new_fails(bob, .name = "fine", .options = "{'security-mode': <'insecure'>}");

        assert_error(other, ERROR_INTERACTIVE, NULL);
        assert_error(his, ERROR_ACCESS_DENIED, NULL);
        polkit_rules(POLKIT_USUAL);
}

static void assert_root_may(void)
{
        g_autoptr(Container) container =
                container_new_started(client, .options = "{'security-mode': <'insecure'>, 'net-mode': <'host'>}");
}

static void test_root_is_not_asked(void)
{
        polkit_rules(RULE_NOTHING);
        assert_root_may();
        polkit_rules(POLKIT_USUAL);
}

/* Wrong arguments are told before anybody is asked: the error is of the arguments, whatever polkit would say. */
static void test_arguments_come_first(void)
{
        polkit_rules(RULE_NOTHING);
        g_autoptr(Reply) reply =
                container_new_fails(alice, .name = "a/b", .options = "{'security-mode': <'insecure'>}");
        assert_error(reply, ERROR_INVALID_ARGS, "a/b");
        polkit_rules(POLKIT_USUAL);
}

static void test_polkit_is_stopped(void)
{
        g_free(shell("systemctl mask --runtime --now polkit.service 2>&1"));
        g_autofree char *before = world_snapshot();
        g_autoptr(Reply) create = container_new_fails(alice);
        g_autoptr(Reply) insecure =
                container_new_fails(alice, .options = "{'security-mode': <'insecure'>}", .interactive = TRUE);

        assert_error(create, ERROR_ACCESS_DENIED, NULL);
        assert_error(insecure, ERROR_ACCESS_DENIED, NULL);
        world_assert_same(before);
        assert_root_may();
        g_free(shell("systemctl unmask --runtime polkit.service 2>&1"));
        g_autoptr(Container) container = container_new(alice);
}

/* An answer on a container of another user must be the one on a container that never was, but for its name. */
static void assert_as_if_not_there(Client *by, Container *container, const char *interface, const char *member,
                                   GVariant *args)
{
        g_autofree char *never = g_strdup_printf(GANGWAY_CONTAINER_PATH "%u/never", client_uid(container->client));
        g_autoptr(GVariant) twice = args ? g_variant_ref_sink(args) : NULL;
        g_autoptr(Reply) there = client_receive(by, client_send_to(by, GANGWAY_NAME, container->path, interface, member,
                                                                   twice, NULL, G_DBUS_MESSAGE_FLAGS_NONE));
        g_autoptr(Reply) not_there = client_receive(
                by, client_send_to(by, GANGWAY_NAME, never, interface, member, twice, NULL, G_DBUS_MESSAGE_FLAGS_NONE));

        g_test_message("%s.%s: %s: %s", interface, member, there->error ?: "done", there->message ?: "");
        g_assert_cmpstr(there->error, ==, not_there->error);
        if (there->error) {
                g_auto(GStrv) parts = g_strsplit(not_there->message, "never", -1);
                g_autofree char *expected = g_strjoinv("hidden", parts);
                g_assert_cmpstr(there->message, ==, expected);
        } else {
                g_assert_true(g_variant_equal(there->body, not_there->body));
        }
}

static void test_others_are_hidden(void)
{
        static const char of_container[] = "org.gangway1.Container",
                          of_properties[] = "org.freedesktop.DBus.Properties";
        g_autoptr(Container) hidden = container_new_started(alice, .name = "hidden");
        g_autofree char *hers = g_strdup_printf("%u/hidden", client_uid(alice));
        g_autofree char *parent = g_strdup_printf(GANGWAY_CONTAINER_PATH "%u", client_uid(alice));

        assert_as_if_not_there(bob, hidden, of_properties, "Get", g_variant_new("(ss)", of_container, "State"));
        assert_as_if_not_there(bob, hidden, of_properties, "GetAll", g_variant_new("(s)", of_container));
        assert_as_if_not_there(bob, hidden, "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
        assert_as_if_not_there(bob, hidden, of_container, "Release", NULL);
        assert_as_if_not_there(bob, hidden, of_container, "Pause", NULL);
        assert_as_if_not_there(bob, hidden, of_container, "Wait", g_variant_new("(s)", "init"));
        assert_as_if_not_there(bob, hidden, of_container, "Signal", g_variant_new("(sss)", "init", "KILL", ""));
        assert_as_if_not_there(bob, hidden, of_container, "Signal", g_variant_new("(sss)", "init", "nonsense", ""));
        g_autoptr(Reply) exec = process_fails(hidden, .client = bob, .script = "true");
        g_assert_cmpstr(exec->error, ==, ERROR_NO_SUCH_CONTAINER);
        g_autofree char *message = client_call_fails(bob, GANGWAY_PATH, "GetContainer", g_variant_new("(s)", hers),
                                                     ERROR_NO_SUCH_CONTAINER);

        const char *const above[] = {"/", "/org", GANGWAY_PATH, "/org/gangway1/container", parent};
        for (size_t i = 0; i < G_N_ELEMENTS(above); i++) {
                g_autoptr(Reply) reply = client_receive(
                        bob, client_send_to(bob, GANGWAY_NAME, above[i], "org.freedesktop.DBus.Introspectable",
                                            "Introspect", NULL, NULL, G_DBUS_MESSAGE_FLAGS_NONE));
                g_autofree char *xml = g_variant_print(reply->body, FALSE);
                g_test_message("Introspect of %s", above[i]);
                g_assert_null(strstr(xml, "hidden"));
        }
        g_autofree char *state = container_state(hidden);
        g_assert_cmpstr(state, ==, "running");
}

/* Signals, too, of objects and of properties; root gets them all. */
static void test_signals_of_others(void)
{
        g_autoptr(Client) silent = client_new(NULL);
        Client *subscribers[] = {bob, client};

        for (size_t i = 0; i < G_N_ELEMENTS(subscribers); i++) {
                g_autoptr(GVariant) body = client_call(subscribers[i], GANGWAY_PATH, "Subscribe", NULL);
        }
        guint before = client_count_signals(bob, NULL, NULL, NULL);
        g_autoptr(Container) container = container_new(alice, .name = "loud");
        g_autoptr(Process) init = process_new(container, .method = "Start", .script = "exit 3");
        g_assert_cmpuint(process_wait(container, init->id, NULL), ==, 3);
        container_release(container);

        Client *hearers[] = {alice, client};
        for (size_t i = 0; i < G_N_ELEMENTS(hearers); i++) {
                g_autoptr(GVariant) new = client_wait_signal(hearers[i], GANGWAY_PATH, "ContainerNew", "loud", NULL);
                g_autoptr(GVariant) changed =
                        client_wait_signal(hearers[i], container->path, "PropertiesChanged", NULL, NULL);
                g_autoptr(GVariant) exited =
                        client_wait_signal(hearers[i], container->path, "ProcessExited", NULL, NULL);
                g_autoptr(GVariant) removed =
                        client_wait_signal(hearers[i], GANGWAY_PATH, "ContainerRemoved", "loud", NULL);
        }
        client_barrier(bob);
        client_barrier(silent);
        g_assert_cmpuint(client_count_signals(bob, NULL, NULL, NULL), ==, before);
        g_assert_cmpuint(client_count_signals(silent, GANGWAY_PATH, NULL, NULL), ==, 0);
        g_assert_cmpuint(client_count_signals(silent, container->path, NULL, NULL), ==, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(subscribers); i++) {
                g_autoptr(GVariant) body = client_call(subscribers[i], GANGWAY_PATH, "Unsubscribe", NULL);
        }
}

static void test_unsubscribed(void)
{
        g_autoptr(Client) other = client_new(NULL);
        g_autoptr(GVariant) subscribed = client_call(other, GANGWAY_PATH, "Subscribe", NULL);
        {
                g_autoptr(Container) container = container_new(client, .name = "first");
        }
        g_autoptr(GVariant) unsubscribed = client_call(other, GANGWAY_PATH, "Unsubscribe", NULL);
        {
                g_autoptr(Container) container = container_new(client, .name = "second");
        }
        client_barrier(other);
        g_assert_cmpuint(client_count_signals(other, GANGWAY_PATH, "ContainerNew", "first"), ==, 1);
        g_assert_cmpuint(client_count_signals(other, GANGWAY_PATH, "ContainerRemoved", "first"), ==, 1);
        g_assert_cmpuint(client_count_signals(other, GANGWAY_PATH, "ContainerNew", "second"), ==, 0);
        g_assert_cmpuint(client_count_signals(client, GANGWAY_PATH, "ContainerNew", "second"), ==, 1);
}

static void test_manage_others(void)
{
        g_autoptr(Container) container = container_new_started(alice, .name = "managed");
        g_autofree char *hers = g_strdup_printf("%u/managed", client_uid(alice));

        polkit_rules(POLKIT_USUAL "if (subject.user == 'bob') {" RULE_MANAGE_OTHERS "}");
        g_autoptr(GVariant) found = client_call(bob, GANGWAY_PATH, "GetContainer", g_variant_new("(s)", hers));
        g_autoptr(Process) process = process_new(container, .client = bob, .script = "exit 6");
        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 6);
        g_autoptr(GVariant) signalled =
                client_call(bob, container->path, "Signal", g_variant_new("(sss)", "init", "KILL", ""));
        g_assert_cmpuint(process_wait(container, "init", NULL), ==, 137);
        g_autoptr(GVariant) released = client_call(bob, container->path, "Release", NULL);
        container->released = TRUE;
        g_autoptr(GVariant) removed = client_wait_signal(alice, GANGWAY_PATH, "ContainerRemoved", "managed", NULL);
        polkit_rules(POLKIT_USUAL);
}

/* root sees and manages everything unasked. */
static void test_root_manages(void)
{
        g_autoptr(Container) container = container_new_started(alice);
        g_autoptr(Process) process = process_new(container, .client = client, .script = "exit 6");
        g_autofree char *state = client_property_string(client, container->path, "State");

        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 6);
        g_assert_cmpstr(state, ==, "running");
        g_autoptr(GVariant) released = client_call(client, container->path, "Release", NULL);
        container->released = TRUE;
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/authorization/default-is-no", test_default_is_no},
                {"/authorization/actions", test_actions},
                {"/authorization/several-at-once", test_several_at_once},
                {"/authorization/details", test_details},
                {"/authorization/root-is-not-asked", test_root_is_not_asked},
                {"/authorization/arguments-come-first", test_arguments_come_first},
                {"/authorization/polkit-is-stopped", test_polkit_is_stopped},
                {"/authorization/others-are-hidden", test_others_are_hidden},
                {"/authorization/signals-of-others", test_signals_of_others},
                {"/authorization/unsubscribed", test_unsubscribed},
                {"/authorization/manage-others", test_manage_others},
                {"/authorization/root-manages", test_root_manages},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
