/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The authorization table: a method stands in it once, and what is not in it is found nowhere. */

#include <glib.h>
#include <string.h>

#include "service/authorization-table.h"

static bool is_action(const char *action)
{
        static const char *const actions[] = {ACTION_CREATE,
                                              ACTION_BIND_HOST_PATH,
                                              ACTION_HOST_NETWORK,
                                              ACTION_INSECURE,
                                              ACTION_MANAGE_OTHERS,
                                              ACTION_MANAGE_IMAGES,
                                              NULL};

        return g_strv_contains(actions, action);
}

/* A call may name no interface, so a member's name alone has to be enough to say what it may ask for. */
static void test_unique(void)
{
        for (const AuthorizationRow *row = authorization_table_rows(); row->interface; row++) {
                const AuthorizationRow *first = authorization_table_find(NULL, row->member);

                g_test_message("%s.%s", row->interface, row->member);
                g_assert_true(row == first || strcmp(row->interface, first->interface) != 0);
                for (size_t i = 0; i <= AUTHORIZATION_ACTIONS_MAX; i++)
                        g_assert_cmpstr(row->actions[i], ==, first->actions[i]);
        }
}

static void test_find(void)
{
        for (const AuthorizationRow *row = authorization_table_rows(); row->interface; row++) {
                g_assert_true(authorization_table_find(row->interface, row->member) == row);
                g_assert_nonnull(authorization_table_find(NULL, row->member));
        }
        g_assert_null(authorization_table_find("org.gangway1.Manager", "Start"));
        g_assert_null(authorization_table_find("org.gangway1.Container", "CreateContainer"));
        g_assert_null(authorization_table_find("org.gangway1.Operation", "Release"));
        g_assert_null(authorization_table_find("org.gangway1.Manager", "createContainer"));
        g_assert_null(authorization_table_find("org.gangway1.Manager", ""));
        g_assert_null(authorization_table_find("", "CreateContainer"));
        g_assert_null(authorization_table_find(NULL, "NoSuchMethod"));
        g_assert_null(authorization_table_find("org.freedesktop.DBus.Properties", "Set"));
}

/* The actions of each row are known ones, without repetition, and end in the array. */
static void test_actions(void)
{
        for (const AuthorizationRow *row = authorization_table_rows(); row->interface; row++) {
                size_t n = 0;

                while (n <= AUTHORIZATION_ACTIONS_MAX && row->actions[n])
                        n++;
                g_assert_cmpuint(n, <=, AUTHORIZATION_ACTIONS_MAX);
                for (size_t i = 0; i < n; i++) {
                        g_test_message("%s: %s", row->member, row->actions[i]);
                        g_assert_true(is_action(row->actions[i]));
                        for (size_t j = 0; j < i; j++)
                                g_assert_cmpstr(row->actions[i], !=, row->actions[j]);
                }
        }
}

/* Whoever reaches another user's container has asked for it, and all that a creation can ask for is asked there. */
static void test_has(void)
{
        const AuthorizationRow *create = authorization_table_find(NULL, "CreateContainer");
        const AuthorizationRow *get = authorization_table_find(NULL, "GetContainer");
        const AuthorizationRow *list = authorization_table_find(NULL, "ListContainers");

        g_assert_true(authorization_row_has(create, ACTION_CREATE));
        g_assert_true(authorization_row_has(create, ACTION_BIND_HOST_PATH));
        g_assert_true(authorization_row_has(create, ACTION_HOST_NETWORK));
        g_assert_true(authorization_row_has(create, ACTION_INSECURE));
        g_assert_false(authorization_row_has(create, ACTION_MANAGE_OTHERS));
        g_assert_true(authorization_row_has(get, ACTION_MANAGE_OTHERS));
        g_assert_false(authorization_row_has(get, ACTION_CREATE));
        g_assert_false(authorization_row_has(list, ACTION_MANAGE_OTHERS));
        for (const AuthorizationRow *row = authorization_table_rows(); row->interface; row++)
                if (strcmp(row->interface, "org.gangway1.Manager") != 0)
                        g_assert_true(authorization_row_has(row, ACTION_MANAGE_OTHERS));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/authorization-table/unique", test_unique);
        g_test_add_func("/authorization-table/find", test_find);
        g_test_add_func("/authorization-table/actions", test_actions);
        g_test_add_func("/authorization-table/has", test_has);
        return g_test_run();
}
