/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/port-reservation.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "model/published-port.h"
#include "util/cleanup.h"
#include "util/error.h"

struct PortReservation {
        GArray *sockets; /* int */
};

PortReservation *port_reservation_free(PortReservation *reservation)
{
        if (!reservation)
                return NULL;
        for (guint i = 0; i < reservation->sockets->len; i++)
                safe_close(g_array_index(reservation->sockets, int, i));
        g_array_unref(reservation->sockets);
        g_free(reservation);
        return NULL;
}

/* A listening socket is the one that SO_REUSEADDR lets nobody else beside, and without that option a port stays
 * refused for a minute after its last connection. */
static int bind_socket(int fd, const PublishedPort *port, struct sockaddr_in *address)
{
        socklen_t size = sizeof(*address);
        const int yes = 1;

        if (port->protocol != IPPROTO_UDP && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
                return -errno;
        if (bind(fd, (struct sockaddr *) address, size) < 0)
                return -errno;
        if (port->protocol != IPPROTO_UDP && listen(fd, 0) < 0)
                return -errno;
        return getsockname(fd, (struct sockaddr *) address, &size) < 0 ? -errno : 0;
}

static int set_error(int r, const PublishedPort *port, const char *address, sd_bus_error *error)
{
        const char *protocol = published_port_protocol_to_string(port->protocol);

        if (r == -EADDRINUSE)
                return error_set(error, ERROR_PORT_IN_USE,
                                 "The port %u/%s of %s is in use by another program or container; choose another one, "
                                 "or 0 for one that is free",
                                 port->host, protocol, address);
        if (r == -EADDRNOTAVAIL)
                return error_invalid(error, "The port %u/%s can't be bound to %s, which is no address of this machine",
                                     port->host, protocol, address);
        return error_set(error, ERROR_NETWORK_FAILED, "The port %u/%s of %s can't be had: %s", port->host, protocol,
                         address, g_strerror(-r));
}

int port_reservation_new(GArray *ports, const char *address, PortReservation **ret, sd_bus_error *error)
{
        g_autoptr(PortReservation) reservation = g_new0(PortReservation, 1);

        reservation->sockets = g_array_new(FALSE, FALSE, sizeof(int));
        for (guint i = 0; i < ports->len; i++) {
                PublishedPort *port = &g_array_index(ports, PublishedPort, i);
                struct sockaddr_in bound = {.sin_family = AF_INET, .sin_port = htons(port->host)};
                int type = port->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
                int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, port->protocol);
                int r = fd < 0 ? -errno : 0;

                if (r >= 0) {
                        g_array_append_val(reservation->sockets, fd);
                        r = inet_pton(AF_INET, address, &bound.sin_addr) == 1 ? bind_socket(fd, port, &bound) : -EINVAL;
                }
                if (r < 0)
                        return set_error(r, port, address, error);
                port->host = ntohs(bound.sin_port);
        }
        *ret = g_steal_pointer(&reservation);
        return 0;
}
