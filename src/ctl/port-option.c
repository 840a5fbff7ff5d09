/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "ctl/port-option.h"

#include <glib/gi18n.h>
#include <string.h>

#include "util/error.h"

static gboolean read_port(const char *text, guint64 min, uint16_t *ret)
{
        guint64 number;

        if (!g_ascii_string_to_unsigned(text, 10, min, UINT16_MAX, &number, NULL))
                return FALSE;
        *ret = (uint16_t) number;
        return TRUE;
}

static const char *find_protocol(const char *word)
{
        static const char *const protocols[] = {"tcp", "udp", "sctp"};

        for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
                if (strcmp(protocols[i], word) == 0)
                        return protocols[i];
        return NULL;
}

int port_option_parse(const char *text, PortOption *ret, sd_bus_error *error)
{
        g_autofree char *rest = g_strdup(text);
        char *slash = strrchr(rest, '/'), *container, *host;
        PortOption port = {.protocol = slash ? find_protocol(slash + 1) : "tcp"};

        if (slash)
                *slash = '\0';
        container = strrchr(rest, ':');
        if (container)
                *container++ = '\0';
        host = container ? strrchr(rest, ':') : NULL;
        if (host)
                *host++ = '\0';
        if (!port.protocol || !read_port(container ? container : rest, 1, &port.container) ||
            (container && !read_port(host ? host : rest, 0, &port.host)))
                return error_invalid(
                        error, _("-p %s: it has to be [[ADDRESS:]PORT:]CONTAINER-PORT[/tcp|/udp|/sctp], as 8080:80"),
                        text);
        port.address = host ? g_strdup(rest) : NULL;
        *ret = port;
        return 0;
}

void port_option_done(PortOption *port)
{
        g_clear_pointer(&port->address, g_free);
}

/* One address for all of them is what the service takes. */
static int find_address(const GArray *ports, const char **ret, sd_bus_error *error)
{
        const char *address = g_array_index(ports, PortOption, 0).address;

        for (guint i = 1; i < ports->len; i++)
                if (g_strcmp0(g_array_index(ports, PortOption, i).address, address) != 0)
                        return error_invalid(error, _("the ports of a container all have the same address"));
        *ret = address;
        return 0;
}

int port_options_append(sd_bus_message *message, const GArray *ports, sd_bus_error *error)
{
        const char *address = NULL;
        int r;

        if (ports->len == 0)
                return 0;
        if ((r = find_address(ports, &address, error)) < 0 ||
            (r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(message, "s", "ports")) < 0 ||
            (r = sd_bus_message_open_container(message, 'v', "a(sqq)")) < 0 ||
            (r = sd_bus_message_open_container(message, 'a', "(sqq)")) < 0)
                return r;
        for (guint i = 0; i < ports->len; i++) {
                const PortOption *port = &g_array_index(ports, PortOption, i);

                r = sd_bus_message_append(message, "(sqq)", port->protocol, port->host, port->container);
                if (r < 0)
                        return r;
        }
        for (int i = 0; i < 3; i++)
                if ((r = sd_bus_message_close_container(message)) < 0)
                        return r;
        return address ? sd_bus_message_append(message, "{sv}", "port-address", "s", address) : 0;
}
