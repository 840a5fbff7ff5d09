/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A real DNS server, dnsmasq, that knows one name. */
typedef struct DnsServer DnsServer;

/* On port 53 of an address; it answers when this returns. namespace: the path of the network namespace that it runs in,
 * NULL for the machine's. All other names are unknown to it. */
DnsServer *dns_server_new(const char *namespace, const char *address, const char *name, const char *answer);
/* When this returns its process is gone. */
void dns_server_free(DnsServer *server);
