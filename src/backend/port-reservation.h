/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

/*
 * Published ports are reserved by sockets that are bound to them and never read: rules of the packet filter take the
 * packets before they reach any socket, so without these two containers could be given the same port, or one that a
 * program of this machine listens on, and only one of them would ever hear of it.
 */

typedef struct PortReservation PortReservation;

/* ports: PublishedPort; those with 0 get the number of one that is free. address: IPv4.
 * Errors: PortInUse, InvalidArgs (the address is none of this machine's), each naming the port. */
int port_reservation_new(GArray *ports, const char *address, PortReservation **ret, sd_bus_error *error);
PortReservation *port_reservation_free(PortReservation *reservation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PortReservation, port_reservation_free)
