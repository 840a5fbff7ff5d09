/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names: whose they are, what happens where two want the same one, and how many a user may have.
 */
#include "common.h"

static void test_generated(void)
{
        g_autoptr(Container) one = container_new(client), two = container_new(client);
        Container *both[] = {one, two};

        g_assert_cmpstr(one->path, !=, two->path);
        for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
                g_autofree char *name = client_property_string(client, both[i]->path, "Name");
                g_assert_true(g_regex_match_simple("^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$", name, 0, 0));
                g_autoptr(GVariant) found =
                        client_call(client, GANGWAY_PATH, "GetContainer", g_variant_new("(s)", name));
                const char *path;
                g_variant_get(found, "(&o)", &path);
                g_assert_cmpstr(path, ==, both[i]->path);
        }
}

static void test_allowed(void)
{
        g_autofree char *longest = g_strnfill(63, 'n');
        g_autofree char *longest_path = g_strconcat(GANGWAY_CONTAINER_PATH "0/", longest, NULL);
        const char *const names[][2] = {
                {"a", GANGWAY_CONTAINER_PATH "0/a"},
                {"Z9", GANGWAY_CONTAINER_PATH "0/Z9"},
                {"a.b-c_d", GANGWAY_CONTAINER_PATH "0/a_2eb_2dc_5fd"},
                {"0..--__", GANGWAY_CONTAINER_PATH "0/_30_2e_2e_2d_2d_5f_5f"},
                {longest, longest_path},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autoptr(Container) container = container_new_started(client, .name = names[i][0]);
                g_autofree char *name = client_property_string(client, container->path, "Name");
                g_assert_cmpstr(name, ==, names[i][0]);
                g_assert_cmpstr(container->path, ==, names[i][1]);
                g_assert_cmpuint(process_run(container, NULL, .script = "exit 2"), ==, 2);
        }
}

static void test_taken(void)
{
        g_autoptr(Container) container = container_new_started(client, .name = "taken");
        g_autofree char *before = world_snapshot();
        g_autoptr(Reply) reply = container_new_fails(client, .name = "taken");

        assert_error(reply, ERROR_GANGWAY("ContainerExists"), "taken");
        world_assert_same(before);
        g_assert_cmpuint(process_run(container, NULL, .script = "exit 2"), ==, 2);
}

/* The calls are on the way at the same time, from two connections of one user. */
static void test_race(void)
{
        g_autoptr(Client) other = client_new(NULL);

        for (int i = 0; i < 20; i++) {
                guint32 one = container_new_send(client, .name = "race"),
                        two = container_new_send(other, .name = "race");
                g_autoptr(Reply) first = client_receive(client, one), second = client_receive(other, two);
                Reply *loser = first->error ? first : second;

                g_assert_true(!first->error != !second->error);
                assert_error(loser, ERROR_GANGWAY("ContainerExists"), "race");
                g_autoptr(Container) container =
                        container_receive(first->error ? other : client, first->error ? two : one);
                container->client = client;
                g_assert_cmpuint(process_run(container, NULL, .method = "Start", .script = "exit 2"), ==, 2);
        }
}

static void test_two_users(void)
{
        guint32 one = container_new_send(alice, .name = "same"), two = container_new_send(bob, .name = "same");
        g_autoptr(Container) hers = container_receive(alice, one), his = container_receive(bob, two);
        g_autofree char *her_unit = container_unit(hers), *his_unit = container_unit(his);

        g_assert_cmpstr(hers->path, !=, his->path);
        g_assert_cmpstr(her_unit, !=, his_unit);
        Container *both[] = {hers, his};
        for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
                g_autoptr(GVariant) owner = client_property(both[i]->client, both[i]->path, "Owner");
                g_assert_cmpuint(g_variant_get_uint32(owner), ==, client_uid(both[i]->client));
                g_assert_cmpuint(process_run(both[i], NULL, .method = "Start", .script = "exit 2"), ==, 2);
        }
        g_autofree char *name = g_strdup_printf("%u/same", client_uid(bob));
        g_autoptr(GVariant) found = client_call(client, GANGWAY_PATH, "GetContainer", g_variant_new("(s)", name));
        const char *path;
        g_variant_get(found, "(&o)", &path);
        g_assert_cmpstr(path, ==, his->path);
}

static void test_unknown(void)
{
        static const char *const names[] = {"unknown", "4711/unknown", "", "0/", "/", "a/b", "../x"};

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autoptr(Reply) reply =
                        client_try(client, GANGWAY_PATH, "GetContainer", g_variant_new("(s)", names[i]));
                g_test_message("'%s': %s", names[i], reply->error ?: "found");
                g_assert_true(g_strcmp0(reply->error, ERROR_NO_SUCH_CONTAINER) == 0 ||
                              (i > 1 && g_strcmp0(reply->error, ERROR_INVALID_ARGS) == 0));
        }
        g_autofree char *message =
                client_call_fails(client, GANGWAY_CONTAINER_PATH "0/unknown", "Release", NULL, ERROR_NO_SUCH_CONTAINER);
}

static guint count_listed(Client *by, Container *container)
{
        g_autoptr(GVariant) body = client_call(by, GANGWAY_PATH, "ListContainers", NULL);
        g_autoptr(GVariantIter) list = NULL;
        const char *name, *path, *state;
        guint32 owner;
        guint count = 0;

        g_variant_get(body, "(a(sous))", &list);
        while (g_variant_iter_next(list, "(&s&ou&s)", &name, &path, &owner, &state)) {
                if (!g_str_equal(path, container->path))
                        continue;
                g_autofree char *now = container_state(container);
                g_assert_cmpstr(state, ==, now);
                g_assert_cmpuint(owner, ==, client_uid(container->client));
                count++;
        }
        return count;
}

static void test_list(void)
{
        g_autoptr(Container) own = container_new_started(client), hers = container_new(alice);

        g_assert_cmpuint(count_listed(client, own), ==, 1);
        g_assert_cmpuint(count_listed(client, hers), ==, 1);
        g_assert_cmpuint(count_listed(alice, hers), ==, 1);
        g_assert_cmpuint(count_listed(alice, own), ==, 0);
        g_assert_cmpuint(count_listed(bob, hers), ==, 0);
}

/* A name is free again as soon as Release was answered. */
static void test_again_and_again(void)
{
        for (int i = 0; i < 10; i++) {
                g_autoptr(Container) container = container_new_started(client, .name = "again");
        }
}

static void test_limit_of_containers(void)
{
        Container *containers[3] = {NULL};

        daemon_configure("[Limits]\nContainersPerUser=3\n");
        for (size_t i = 0; i < G_N_ELEMENTS(containers); i++)
                containers[i] = container_new(alice);
        g_autoptr(Reply) fourth = container_new_fails(alice);
        assert_error(fourth, ERROR_LIMITS_EXCEEDED, "3");
        g_autoptr(Container) his = container_new(bob);
        g_clear_pointer(&containers[0], container_free);
        containers[0] = container_new(alice);
        for (size_t i = 0; i < G_N_ELEMENTS(containers); i++)
                container_free(containers[i]);
        container_free(g_steal_pointer(&his));
        daemon_configure(NULL);
}

static void test_limit_of_processes(void)
{
        daemon_configure("[Limits]\nProcessesPerContainer=3\n");
        {
                g_autoptr(Container) container = container_new_started(client);
                g_autoptr(Process) one = process_new(container, .argv = ARGV("sleep", "1000"));
                g_autoptr(Process) two = process_new(container, .argv = ARGV("sleep", "1000"));
                g_autoptr(Reply) fourth = process_fails(container, .argv = ARGV("sleep", "1000"));
                assert_error(fourth, ERROR_LIMITS_EXCEEDED, "3");
        }
        daemon_configure(NULL);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/names/generated", test_generated},
                {"/names/allowed", test_allowed},
                {"/names/taken", test_taken},
                {"/names/race", test_race},
                {"/names/two-users", test_two_users},
                {"/names/unknown", test_unknown},
                {"/names/list", test_list},
                {"/names/again-and-again", test_again_and_again},
                {"/names/limit-of-containers", test_limit_of_containers},
                {"/names/limit-of-processes", test_limit_of_processes},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
