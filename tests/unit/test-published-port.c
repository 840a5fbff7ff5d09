/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/published-port.h"

#include "unit.h"

static void test_add(void)
{
        g_autoptr(GArray) ports = g_array_new(FALSE, FALSE, sizeof(PublishedPort));
        g_autofree char *tcp = NULL, *sctp = NULL;

        g_assert_cmpint(published_ports_add(ports, "tcp", 8080, 80, NULL), ==, 0);
        g_assert_cmpint(published_ports_add(ports, "udp", 8080, 80, NULL), ==, 0);
        g_assert_cmpint(published_ports_add(ports, "sctp", 65535, 65535, NULL), ==, 0);
        /* Ones that are free may be as many as are wanted. */
        g_assert_cmpint(published_ports_add(ports, "tcp", 0, 80, NULL), ==, 0);
        g_assert_cmpint(published_ports_add(ports, "tcp", 0, 80, NULL), ==, 0);
        tcp = published_port_to_string(&g_array_index(ports, PublishedPort, 0), "127.0.0.1");
        sctp = published_port_to_string(&g_array_index(ports, PublishedPort, 2), "0.0.0.0");
        g_assert_cmpstr(tcp, ==, "tcp,127.0.0.1,8080,80");
        g_assert_cmpstr(sctp, ==, "sctp,0.0.0.0,65535,65535");
}

static void test_refused(void)
{
        g_autoptr(GArray) ports = g_array_new(FALSE, FALSE, sizeof(PublishedPort));
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = published_ports_add(ports, "TCP", 1, 1, &error);
        assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, "'TCP' is no protocol that has ports");
        r = published_ports_add(ports, "tcp", 1, 0, &error);
        assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, "can't be 0");
        for (guint i = 1; i <= PUBLISHED_PORTS_MAX; i++)
                g_assert_cmpint(published_ports_add(ports, "tcp", (uint16_t) i, 1, NULL), ==, 0);
        r = published_ports_add(ports, "udp", 1, 1, &error);
        assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, "more than 64 ports");
        g_array_set_size(ports, 1);
        r = published_ports_add(ports, "tcp", 1, 2, &error);
        assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, "1/tcp twice");
        g_assert_cmpuint(ports->len, ==, 1);
}

static void test_addresses(void)
{
        static const char *const local[] = {"127.0.0.1", "127.255.255.254"};
        static const char *const open_to_others[] = {"0.0.0.0", "192.0.2.1", "126.255.255.255", "128.0.0.1"};
        static const char *const bad[] = {"", "localhost", "::1", "127.1", "127.0.0.1 ", "127.0.0.256", "0177.0.0.1"};

        for (size_t i = 0; i < G_N_ELEMENTS(local); i++) {
                g_assert_cmpint(published_ports_check_address(local[i], NULL), ==, 0);
                g_assert_true(published_ports_are_local(local[i]));
        }
        for (size_t i = 0; i < G_N_ELEMENTS(open_to_others); i++) {
                g_assert_cmpint(published_ports_check_address(open_to_others[i], NULL), ==, 0);
                g_assert_false(published_ports_are_local(open_to_others[i]));
        }
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = published_ports_check_address(bad[i], &error);

                assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, "is no IPv4 address");
                g_assert_false(published_ports_are_local(bad[i]));
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/published-port/add", test_add);
        g_test_add_func("/published-port/refused", test_refused);
        g_test_add_func("/published-port/addresses", test_addresses);
        return g_test_run();
}
