/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/*
 * A port of this machine that leads to one of a container.
 */

#define PUBLISHED_PORTS_MAX          64U
#define PUBLISHED_PORT_ADDRESS_USUAL "127.0.0.1"

typedef struct PublishedPort {
        int protocol;       /* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP */
        uint16_t host;      /* 0: one that is free; the reservation puts its number here */
        uint16_t container; /* never 0 */
} PublishedPort;

/* "tcp" and so on; NULL for another number than those above. */
const char *published_port_protocol_to_string(int protocol);

/* Appends one to an array of PublishedPort. Errors: InvalidArgs, where the protocol is none of tcp, udp and sctp, the
 * container's port is 0, there are too many, or the same port of the machine is there already. */
int published_ports_add(GArray *ports, const char *protocol, uint16_t host, uint16_t container, sd_bus_error *error);

/* Checks an address of this machine that ports are to be bound to: an IPv4 address. Errors: InvalidArgs. */
int published_ports_check_address(const char *address, sd_bus_error *error);

/* Whether only programs of this machine can reach it: 127.0.0.0/8. address was checked. */
gboolean published_ports_are_local(const char *address);

/* As gangway-network takes it, "tcp,127.0.0.1,8080,80". The caller frees it. */
char *published_port_to_string(const PublishedPort *port, const char *address);
