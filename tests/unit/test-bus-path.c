/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The object paths of containers and operations, there and back. */

#include <glib.h>
#include <systemd/sd-bus.h>

#include "model/names.h"
#include "service/bus-path.h"

#define TEN(c) c c c c c c c c c c

static const struct {
        uint32_t owner;
        const char *name, *path;
} containers[] = {
        {0, "c1", "/org/gangway1/container/0/c1"},
        {1000, "web", "/org/gangway1/container/1000/web"},
        {4294967294U, "x", "/org/gangway1/container/4294967294/x"},
        {1000, "a.b-c_d", "/org/gangway1/container/1000/a_2eb_2dc_5fd"},
        {1000, "9lives", "/org/gangway1/container/1000/_39lives"},
        {1000, "A_2e", "/org/gangway1/container/1000/A_5f2e"},
};

static void test_both_ways(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(containers); i++) {
                g_autofree char *path = bus_path_of_container(containers[i].owner, containers[i].name), *name = NULL;
                uint32_t owner = 4711;

                g_assert_cmpstr(path, ==, containers[i].path);
                g_assert_cmpint(bus_path_parse(path, &owner, &name), ==, 1);
                g_assert_cmpuint(owner, ==, containers[i].owner);
                g_assert_cmpstr(name, ==, containers[i].name);
        }
}

static void test_long(void)
{
        g_autofree char *path = bus_path_of_container(1000, TEN("-._.-.") "-._"), *name = NULL;
        uint32_t owner;

        g_assert_true(sd_bus_object_path_is_valid(path));
        g_assert_cmpint(bus_path_parse(path, &owner, &name), ==, 1);
        g_assert_cmpstr(name, ==, TEN("-._.-.") "-._");
}

static void test_names_none(void)
{
        static const char *const paths[] = {
                "",
                "/",
                ROOT_PATH,
                CONTAINER_PREFIX,
                CONTAINER_PREFIX "/",
                CONTAINER_PREFIX "/1000",
                CONTAINER_PREFIX "/1000/",
                CONTAINER_PREFIX "//a",
                CONTAINER_PREFIX "/x/a",
                CONTAINER_PREFIX "/1000x/a",
                CONTAINER_PREFIX "/+1000/a",
                CONTAINER_PREFIX "/_31000/a",
                CONTAINER_PREFIX "/4294967295/a",
                CONTAINER_PREFIX "/4294967296/a",
                CONTAINER_PREFIX "/18446744073709551616/a",
                CONTAINER_PREFIX "s/1000/a",
                "/org/gangway1/operation/1000/a",
                "/org/gangway2/container/1000/a",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
                g_autofree char *name = NULL;
                uint32_t owner = 4711;

                g_test_message("'%s'", paths[i]);
                g_assert_cmpint(bus_path_parse(paths[i], &owner, &name), ==, 0);
                g_assert_cmpuint(owner, ==, 4711);
                g_assert_null(name);
        }
}

/* One container has one path: what another spelling names is no container, or not that one. */
static void test_one_spelling(void)
{
        static const char *const paths[] = {CONTAINER_PREFIX "/01000/web",  CONTAINER_PREFIX "/1000/_77eb",
                                            CONTAINER_PREFIX "/1000/w_65b", CONTAINER_PREFIX "/1000/a_2Eb",
                                            CONTAINER_PREFIX "/1000/a/b",   CONTAINER_PREFIX "/1000/a_zz",
                                            CONTAINER_PREFIX "/1000/_"};

        for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
                g_autofree char *name = NULL, *path = NULL;
                uint32_t owner;

                g_test_message("'%s'", paths[i]);
                if (bus_path_parse(paths[i], &owner, &name) == 0 || !name_is_valid(name))
                        continue;
                path = bus_path_of_container(owner, name);
                g_assert_cmpstr(path, ==, paths[i]);
        }
}

static void test_operation(void)
{
        static const char *const none[] = {"",
                                           "/",
                                           OPERATION_PREFIX,
                                           OPERATION_PREFIX "/",
                                           OPERATION_PREFIX "/0",
                                           OPERATION_PREFIX "/01",
                                           OPERATION_PREFIX "/+1",
                                           OPERATION_PREFIX "/-1",
                                           OPERATION_PREFIX "/1/",
                                           OPERATION_PREFIX "/1x",
                                           OPERATION_PREFIX "/1/2",
                                           OPERATION_PREFIX "/_31",
                                           OPERATION_PREFIX "/18446744073709551616",
                                           OPERATION_PREFIX "s/1",
                                           CONTAINER_PREFIX "/1"};
        g_autofree char *first = bus_path_of_operation(1), *last = bus_path_of_operation(G_MAXUINT64);
        uint64_t number = 0;

        g_assert_cmpstr(first, ==, "/org/gangway1/operation/1");
        g_assert_cmpint(bus_path_parse_operation(first, &number), ==, 1);
        g_assert_cmpuint(number, ==, 1);
        g_assert_true(sd_bus_object_path_is_valid(last));
        g_assert_cmpint(bus_path_parse_operation(last, &number), ==, 1);
        g_assert_cmpuint(number, ==, G_MAXUINT64);
        for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
                number = 4711;
                g_test_message("'%s'", none[i]);
                g_assert_cmpint(bus_path_parse_operation(none[i], &number), ==, 0);
                g_assert_cmpuint(number, ==, 4711);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/bus-path/both-ways", test_both_ways);
        g_test_add_func("/bus-path/long", test_long);
        g_test_add_func("/bus-path/names-none", test_names_none);
        g_test_add_func("/bus-path/one-spelling", test_one_spelling);
        g_test_add_func("/bus-path/operation", test_operation);
        return g_test_run();
}
