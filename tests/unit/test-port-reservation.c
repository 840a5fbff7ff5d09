/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/port-reservation.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "model/published-port.h"
#include "unit.h"
#include "util/error.h"

static GArray *make_ports(uint16_t tcp, uint16_t udp)
{
        GArray *ports = g_array_new(FALSE, FALSE, sizeof(PublishedPort));

        g_assert_cmpint(published_ports_add(ports, "tcp", tcp, 80, NULL), ==, 0);
        g_assert_cmpint(published_ports_add(ports, "udp", udp, 80, NULL), ==, 0);
        return ports;
}

static uint16_t get_host(GArray *ports, guint i)
{
        return g_array_index(ports, PublishedPort, i).host;
}

static void test_exclusive(void)
{
        g_autoptr(GArray) ports = make_ports(0, 0), tcp = NULL, udp = NULL, both = NULL;
        g_autoptr(PortReservation) reservation = NULL, other = NULL;
        g_autofree char *tcp_part = NULL, *udp_part = NULL;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        g_assert_cmpint(port_reservation_new(ports, "127.0.0.1", &reservation, NULL), ==, 0);
        g_assert_cmpuint(get_host(ports, 0), >, 0);
        g_assert_cmpuint(get_host(ports, 1), >, 0);
        tcp_part = g_strdup_printf("The port %u/tcp of 127.0.0.1 is in use", get_host(ports, 0));
        udp_part = g_strdup_printf("The port %u/udp of 127.0.0.1 is in use", get_host(ports, 1));

        tcp = make_ports(get_host(ports, 0), 0);
        r = port_reservation_new(tcp, "127.0.0.1", &other, &error);
        g_assert_null(other);
        assert_refused(r, &error, ERROR_PORT_IN_USE, tcp_part);
        udp = make_ports(0, get_host(ports, 1));
        r = port_reservation_new(udp, "127.0.0.1", &other, &error);
        assert_refused(r, &error, ERROR_PORT_IN_USE, udp_part);

        both = make_ports(get_host(ports, 0), get_host(ports, 1));
        reservation = port_reservation_free(reservation);
        g_assert_cmpint(port_reservation_new(both, "127.0.0.1", &other, NULL), ==, 0);
        g_assert_null(port_reservation_free(NULL));
}

/* One whose last connection was closed from here is free all the same. */
static void test_used_before(void)
{
        g_autoptr(GArray) ports = make_ports(0, 0);
        g_autoptr(PortReservation) reservation = NULL;
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        _cleanup_close_ int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        _cleanup_close_ int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int yes = 1;
        int accepted;
        char c;

        /* As servers do. */
        g_assert_cmpint(setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), ==, 0);
        g_assert_cmpint(bind(server, (struct sockaddr *) &address, size), ==, 0);
        g_assert_cmpint(listen(server, 1), ==, 0);
        g_assert_cmpint(getsockname(server, (struct sockaddr *) &address, &size), ==, 0);
        g_assert_cmpint(connect(peer, (struct sockaddr *) &address, size), ==, 0);
        accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
        g_assert_cmpint(accepted, >=, 0);
        g_assert_cmpint(close(accepted), ==, 0);
        g_assert_cmpint(read(peer, &c, 1), ==, 0);
        peer = safe_close(peer);
        server = safe_close(server);

        g_array_index(ports, PublishedPort, 0).host = ntohs(address.sin_port);
        g_assert_cmpint(port_reservation_new(ports, "127.0.0.1", &reservation, NULL), ==, 0);
}

static void test_no_address_of_ours(void)
{
        g_autoptr(GArray) ports = make_ports(0, 0);
        PortReservation *reservation = NULL;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = port_reservation_new(ports, "203.0.113.1", &reservation, &error);

        g_assert_null(reservation);
        assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, "203.0.113.1, which is no address of this machine");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/port-reservation/exclusive", test_exclusive);
        g_test_add_func("/port-reservation/used-before", test_used_before);
        g_test_add_func("/port-reservation/no-address-of-ours", test_no_address_of_ours);
        return g_test_run();
}
