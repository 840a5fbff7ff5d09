/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/published-port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "util/error.h"

static const struct {
        const char *name;
        int number;
} protocols[] = {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"sctp", IPPROTO_SCTP}};

const char *published_port_protocol_to_string(int protocol)
{
        for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
                if (protocols[i].number == protocol)
                        return protocols[i].name;
        return NULL;
}

static int find_protocol(const char *name)
{
        for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
                if (strcmp(protocols[i].name, name) == 0)
                        return protocols[i].number;
        return -EINVAL;
}

int published_ports_add(GArray *ports, const char *protocol, uint16_t host, uint16_t container, sd_bus_error *error)
{
        PublishedPort port = {.protocol = find_protocol(protocol), .host = host, .container = container};

        if (port.protocol < 0)
                return error_invalid(error, "'%.32s' is no protocol that has ports; it is tcp, udp or sctp", protocol);
        if (container == 0)
                return error_invalid(error, "The container's port of a published %s port can't be 0", protocol);
        if (ports->len >= PUBLISHED_PORTS_MAX)
                return error_invalid(error, "The option 'ports' has more than %u ports", PUBLISHED_PORTS_MAX);
        for (guint i = 0; host != 0 && i < ports->len; i++) {
                const PublishedPort *other = &g_array_index(ports, PublishedPort, i);

                if (other->protocol == port.protocol && other->host == host)
                        return error_invalid(error, "The option 'ports' has the port %u/%s twice", host, protocol);
        }
        g_array_append_val(ports, port);
        return 0;
}

int published_ports_check_address(const char *address, sd_bus_error *error)
{
        struct in_addr parsed;

        if (inet_pton(AF_INET, address, &parsed) != 1)
                return error_invalid(error,
                                     "'%.64s' is no IPv4 address of this machine that a port could be bound to, "
                                     "as " PUBLISHED_PORT_ADDRESS_USUAL " or 0.0.0.0",
                                     address);
        return 0;
}

gboolean published_ports_are_local(const char *address)
{
        struct in_addr parsed;

        return inet_pton(AF_INET, address, &parsed) == 1 && ntohl(parsed.s_addr) >> 24 == IN_LOOPBACKNET;
}

char *published_port_to_string(const PublishedPort *port, const char *address)
{
        return g_strdup_printf("%s,%s,%u,%u", published_port_protocol_to_string(port->protocol), address, port->host,
                               port->container);
}
