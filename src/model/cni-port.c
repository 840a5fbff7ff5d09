/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/cni-port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <stdbool.h>

static const char *const protocols[] = {"tcp", "udp", "sctp"};

static bool is_address(const char *text)
{
        struct in6_addr address;

        return *text == '\0' || inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

int cni_port_parse(const char *text, CniPort **ret)
{
        g_auto(GStrv) words = g_strsplit(text, ",", 5);
        const char *protocol = NULL;
        guint64 numbers[2];
        CniPort *port;

        if (g_strv_length(words) != 4)
                return -EINVAL;
        for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
                if (g_str_equal(words[0], protocols[i]))
                        protocol = protocols[i];
        if (!protocol || !is_address(words[1]))
                return -EINVAL;
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                if (!g_ascii_string_to_unsigned(words[2 + i], 10, 1, UINT16_MAX, &numbers[i], NULL))
                        return -EINVAL;
        port = g_new0(CniPort, 1);
        port->protocol = protocol;
        port->host_address = g_strdup(words[1]);
        port->host_port = (uint16_t) numbers[0];
        port->container_port = (uint16_t) numbers[1];
        *ret = port;
        return 0;
}

CniPort *cni_port_free(CniPort *port)
{
        if (!port)
                return NULL;
        g_free(port->host_address);
        g_free(port);
        return NULL;
}

char *cni_port_to_text(const CniPort *port)
{
        return g_strdup_printf("%s,%s,%u,%u", port->protocol, port->host_address, port->host_port,
                               port->container_port);
}

JsonObject *cni_port_to_json(const CniPort *port)
{
        JsonObject *object = json_object_new();

        json_object_set_int_member(object, "hostPort", port->host_port);
        json_object_set_int_member(object, "containerPort", port->container_port);
        json_object_set_string_member(object, "protocol", port->protocol);
        if (*port->host_address)
                json_object_set_string_member(object, "hostIP", port->host_address);
        return object;
}
