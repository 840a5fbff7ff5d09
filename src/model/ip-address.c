/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/ip-address.h"

#include <arpa/inet.h>
#include <glib.h>

char *ip_address_normalize(const char *text)
{
        char normal[INET6_ADDRSTRLEN];
        struct in6_addr address;

        if (inet_pton(AF_INET, text, &address) == 1)
                return g_strdup(inet_ntop(AF_INET, &address, normal, sizeof(normal)));
        if (inet_pton(AF_INET6, text, &address) != 1)
                return NULL;
        if (IN6_IS_ADDR_V4MAPPED(&address))
                return g_strdup(inet_ntop(AF_INET, &address.s6_addr[12], normal, sizeof(normal)));
        return g_strdup(inet_ntop(AF_INET6, &address, normal, sizeof(normal)));
}
