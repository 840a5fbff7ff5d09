/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions of polkit that somebody has to answer. The agent here is this program: it takes the question, and answers
 * it when the test says so, or never. Meanwhile polkit is killed, the caller leaves, or the object goes away.
 */
#include "common.h"

#define POLKIT_NAME      "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"
#define AGENT_PATH       "/agent"
#define INSECURE         "{'security-mode': <'insecure'>}"

#define RULE_ASK "if (action.id.indexOf('org.gangway1.') == 0) return polkit.Result.AUTH_ADMIN;"

/* polkit finds the agent by the process that a connection belongs to: here one for all of them. It lets root stand in
 * for anybody's agent. */
static GVariant *agent_subject(void)
{
        g_autofree char *stat = file_text("/proc/self/stat");
        g_auto(GStrv) fields = g_strsplit(strrchr(stat, ')') + 2, " ", -1);
        guint64 start_time = g_ascii_strtoull(fields[19], NULL, 10);

        return g_variant_new_parsed("('unix-process', {'pid': <%u>, 'start-time': <%t>})", (guint32) getpid(),
                                    start_time);
}

static Client *agent_new(void)
{
        Client *agent = client_new(NULL);
        g_autoptr(GVariant) body =
                client_call_to(agent, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE, "RegisterAuthenticationAgent",
                               g_variant_new("(@(sa{sv})ss)", agent_subject(), "C", AGENT_PATH));
        return agent;
}

/* polkit would notice by itself, but maybe only after the next one came. */
static void agent_free(Client **agent)
{
        guint32 serial = client_send_to(
                *agent, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE, "UnregisterAuthenticationAgent",
                g_variant_new("(@(sa{sv})s)", agent_subject(), AGENT_PATH), NULL, G_DBUS_MESSAGE_FLAGS_NONE);
        reply_free(client_receive(*agent, serial));
        g_clear_pointer(agent, client_free);
}

#define _agent_ __attribute__((cleanup(agent_free))) Client

typedef struct Question {
        char *action, *message, *cookie;
        GVariant *identities;
} Question;

static Question *question_wait(Client *agent)
{
        g_autoptr(GDBusMessage) message = client_wait_message(agent, G_DBUS_MESSAGE_TYPE_METHOD_CALL, AGENT_PATH,
                                                              "BeginAuthentication", NULL, NULL);
        Question *question = g_new0(Question, 1);

        g_variant_get(g_dbus_message_get_body(message), "(sssa{ss}s@a(sa{sv}))", &question->action, &question->message,
                      NULL, NULL, &question->cookie, &question->identities);
        return question;
}

static void question_free(Question *question)
{
        g_free(question->action);
        g_free(question->message);
        g_free(question->cookie);
        g_variant_unref(question->identities);
        g_free(question);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Question, question_free)

/* What polkit's setuid helper would do, once the password was right. The agent's call must be answered, too. */
static void question_say_yes(Client *agent, const Question *question)
{
        g_autoptr(GVariant) identity = g_variant_get_child_value(question->identities, 0);
        guint32 serial = client_send_to(
                agent, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE, "AuthenticationAgentResponse2",
                g_variant_new("(us@(sa{sv}))", 0, question->cookie, identity), NULL, G_DBUS_MESSAGE_FLAGS_NONE);
        g_autoptr(Reply) reply = client_receive(agent, serial);
        g_test_message("polkit on the yes: %s", reply->message ?: "done");
        client_answer(agent, AGENT_PATH, "BeginAuthentication");
}

static void test_yes(void)
{
        polkit_rules(RULE_ASK);
        _agent_ *agent = agent_new();
        guint32 create = container_new_send(alice, .name = "asked-for", .options = INSECURE, .interactive = TRUE);
        g_autoptr(Question) question = question_wait(agent);

        client_barrier(alice);
        g_assert_false(client_has_reply(alice, create));
        g_assert_true(g_str_has_prefix(question->action, "org.gangway1."));
        assert_contains(question->message, "asked-for");
        question_say_yes(agent, question);
        g_autoptr(Container) container = container_receive(alice, create);
        polkit_rules(POLKIT_USUAL);
}

/* A silent caller is told, and nobody is bothered. */
static void test_not_interactive(void)
{
        polkit_rules(RULE_ASK);
        _agent_ *agent = agent_new();
        g_autoptr(Reply) reply = container_new_fails(alice, .options = INSECURE);

        assert_error(reply, ERROR_INTERACTIVE, NULL);
        g_assert_cmpuint(client_count_messages(agent, G_DBUS_MESSAGE_TYPE_METHOD_CALL, AGENT_PATH, NULL, NULL), ==, 0);
        polkit_rules(POLKIT_USUAL);
}

static void test_no(void)
{
        polkit_rules(RULE_ASK);
        g_autofree char *before = world_snapshot();
        _agent_ *agent = agent_new();
        guint32 create = container_new_send(alice, .options = INSECURE, .interactive = TRUE);
        g_autoptr(Question) question = question_wait(agent);

        client_answer(agent, AGENT_PATH, "BeginAuthentication");
        g_autoptr(Reply) reply = client_receive(alice, create);
        assert_error(reply, ERROR_ACCESS_DENIED, NULL);
        world_assert_same(before);
        polkit_rules(POLKIT_USUAL);
}

/* The rest of the world goes on meanwhile, for the same caller too. */
static void test_others_go_on(void)
{
        polkit_rules("if (action.id == 'org.gangway1.create') return polkit.Result.YES;" RULE_ASK);
        _agent_ *agent = agent_new();
        guint32 create = container_new_send(alice, .options = INSECURE, .interactive = TRUE);
        g_autoptr(Question) question = question_wait(agent);
        {
                g_autoptr(Container) his = container_new_started(bob);
                g_autoptr(Container) own = container_new_started(alice);
                g_assert_cmpuint(process_run(own, NULL, .script = "exit 2"), ==, 2);
        }
        g_assert_false(client_has_reply(alice, create));
        client_answer(agent, AGENT_PATH, "BeginAuthentication");
        g_autoptr(Reply) reply = client_receive(alice, create);
        polkit_rules(POLKIT_USUAL);
}

static void test_polkit_is_killed(void)
{
        polkit_rules(RULE_ASK);
        g_autofree char *before = world_snapshot();
        _agent_ *agent = agent_new();
        guint32 create = container_new_send(alice, .options = INSECURE, .interactive = TRUE);
        g_autoptr(Question) question = question_wait(agent);

        g_free(shell("systemctl kill -s KILL polkit.service"));
        g_autoptr(Reply) reply = client_receive(alice, create);
        assert_error(reply, ERROR_ACCESS_DENIED, NULL);
        world_assert_same(before);
        g_free(shell("systemctl reset-failed polkit.service; systemctl start polkit.service"));
        polkit_rules(POLKIT_USUAL);
        g_autoptr(Container) container = container_new(alice);
}

/* Whether the yes comes too late or never: there is nobody to make a container for. */
static void test_the_caller_leaves(void)
{
        for (int late = 0; late < 2; late++) {
                polkit_rules(RULE_ASK);
                g_autofree char *before = world_snapshot();
                g_autoptr(Client) caller = client_new("alice");
                _agent_ *agent = agent_new();
                container_new_send(caller, .name = "nobodys", .options = INSECURE, .interactive = TRUE);
                g_autoptr(Question) question = question_wait(agent);

                g_clear_pointer(&caller, client_free);
                if (late)
                        question_say_yes(agent, question);
                else
                        g_object_unref(client_wait_message(agent, G_DBUS_MESSAGE_TYPE_METHOD_CALL, AGENT_PATH,
                                                           "CancelAuthentication", NULL, NULL));
                client_barrier(client);
                world_assert_same(before);
                g_autofree char *name = g_strdup_printf("%u/nobodys", client_uid(alice));
                g_autofree char *message = client_call_fails(client, GANGWAY_PATH, "GetContainer",
                                                             g_variant_new("(s)", name), ERROR_NO_SUCH_CONTAINER);
                polkit_rules(POLKIT_USUAL);
        }
}

/* What a question was about is looked up again after its answer. */
static void test_the_container_goes(void)
{
        g_autoptr(Container) container = container_new_started(alice);

        polkit_rules(POLKIT_USUAL RULE_ASK);
        _agent_ *agent = agent_new();
        guint32 wait = client_send_to(bob, GANGWAY_NAME, container->path, "org.gangway1.Container", "Pause", NULL, NULL,
                                      G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION);
        g_autoptr(Question) question = question_wait(agent);
        g_assert_cmpstr(question->action, ==, "org.gangway1.manage-others");
        container_release(container);
        question_say_yes(agent, question);
        g_autoptr(Reply) reply = client_receive(bob, wait);
        g_assert_cmpstr(reply->error, ==, ERROR_NO_SUCH_CONTAINER);
        polkit_rules(POLKIT_USUAL);
}

/* The name is taken by another call while the question is open. */
static void test_the_name_goes(void)
{
        polkit_rules("if (action.id == 'org.gangway1.create') return polkit.Result.YES;" RULE_ASK);
        _agent_ *agent = agent_new();
        guint32 create = container_new_send(alice, .name = "wanted", .options = INSECURE, .interactive = TRUE);
        g_autoptr(Question) question = question_wait(agent);
        g_autoptr(Reply) other = client_receive(alice, container_new_send(alice, .name = "wanted"));

        question_say_yes(agent, question);
        g_autoptr(Reply) asked = client_receive(alice, create);
        g_test_message("unasked: %s, asked: %s", other->error ?: "made", asked->error ?: "made");
        g_assert_true(!other->error != !asked->error);
        assert_error(other->error ? other : asked, ERROR_GANGWAY("ContainerExists"), "wanted");
        g_autofree char *path = g_strdup_printf(GANGWAY_CONTAINER_PATH "%u/wanted", client_uid(alice));
        g_autoptr(GVariant) released = client_call(alice, path, "Release", NULL);
        polkit_rules(POLKIT_USUAL);
}

/* The fds that came with a call whose question stays open are given back when it ends. */
static void test_many_open_questions(void)
{
        polkit_rules(RULE_ASK);
        g_autofree char *before = world_snapshot();
        g_autoptr(Client) caller = client_new("alice");
        _agent_ *agent = agent_new();

        for (int i = 0; i < 10; i++)
                container_new_send(caller, .options = INSECURE, .interactive = TRUE);
        g_autoptr(Question) question = question_wait(agent);
        g_clear_pointer(&caller, client_free);
        world_wait_same(before);
        polkit_rules(POLKIT_USUAL);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/questions/yes", test_yes},
                {"/questions/not-interactive", test_not_interactive},
                {"/questions/no", test_no},
                {"/questions/others-go-on", test_others_go_on},
                {"/questions/polkit-is-killed", test_polkit_is_killed},
                {"/questions/the-caller-leaves", test_the_caller_leaves},
                {"/questions/the-container-goes", test_the_container_goes},
                {"/questions/the-name-goes", test_the_name_goes},
                {"/questions/many-open-questions", test_many_open_questions},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
