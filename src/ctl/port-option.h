/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/* -p in the words that docker users know: [[ADDRESS:]PORT:]CONTAINER-PORT[/PROTOCOL], as 8080:80 or 0.0.0.0:53:53/udp.
 */

typedef struct PortOption {
        char *address; /* NULL where none is given */
        const char *protocol;
        uint16_t host; /* 0: one that is free */
        uint16_t container;
} PortOption;

/* Errors: InvalidArgs. */
int port_option_parse(const char *text, PortOption *ret, sd_bus_error *error);
void port_option_done(PortOption *port);

/* Appends the options ports and port-address. ports: PortOption. Errors: InvalidArgs where they have several addresses,
 * and of sd-bus. */
int port_options_append(sd_bus_message *message, const GArray *ports, sd_bus_error *error);
