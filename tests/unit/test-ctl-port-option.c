/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What -p reads.
 */

#include "ctl/port-option.h"

#include "unit.h"

static void test_good(void)
{
        static const struct {
                const char *text, *address, *protocol;
                uint16_t host, container;
        } rows[] = {
                {"80", NULL, "tcp", 0, 80},
                {"8080:80", NULL, "tcp", 8080, 80},
                {"0:80", NULL, "tcp", 0, 80},
                {"53:53/udp", NULL, "udp", 53, 53},
                {"7/sctp", NULL, "sctp", 0, 7},
                {"0.0.0.0:8080:80", "0.0.0.0", "tcp", 8080, 80},
                {"192.0.2.1:65535:65535/tcp", "192.0.2.1", "tcp", 65535, 65535},
                {"::1:1:2", "::1", "tcp", 1, 2},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                PortOption port;

                g_assert_cmpint(port_option_parse(rows[i].text, &port, NULL), ==, 0);
                g_assert_cmpstr(port.address, ==, rows[i].address);
                g_assert_cmpstr(port.protocol, ==, rows[i].protocol);
                g_assert_cmpuint(port.host, ==, rows[i].host);
                g_assert_cmpuint(port.container, ==, rows[i].container);
                port_option_done(&port);
        }
}

static void test_bad(void)
{
        static const char *const texts[] = {"",       ":",      "80:",  "80:0",    "0",      "65536",
                                            "a",      "80:a",   "80/x", "80/tcp/", "80:80/", "-1:80",
                                            "80: 80", "1:2:3:", "/tcp", "1:2/TCP"};

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                sd_bus_error error = SD_BUS_ERROR_NULL;
                PortOption port = {};
                int r = port_option_parse(texts[i], &port, &error);

                if (r >= 0)
                        g_error("'%s' was taken", texts[i]);
                assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, "CONTAINER-PORT");
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-port-option/good", test_good);
        g_test_add_func("/ctl-port-option/bad", test_bad);
        return g_test_run();
}
