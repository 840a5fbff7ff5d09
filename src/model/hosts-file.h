/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

/*
 * A container's /etc/hosts, hosts(5): the loopback's names, and what the caller adds.
 */

#define EXTRA_HOSTS_MAX     256U
#define EXTRA_HOST_NAME_MAX 253U /* RFC 1035, as text */

typedef struct ExtraHost {
        char *name;
        char *address;
} ExtraHost;

/* Both are copied. */
ExtraHost *extra_host_new(const char *name, const char *address);
ExtraHost *extra_host_free(ExtraHost *host);

/* Checks one, and brings its address into the usual form. Errors: InvalidArgs. */
int extra_host_check(ExtraHost *host, sd_bus_error *error);

/* The file's text, of checked ExtraHosts. The first lines, and the tab between address and name, are those of the
 * reference (BuildKit, executor/oci/hosts.go). The caller frees it. */
char *hosts_file_text(const char *hostname, const GPtrArray *extra_hosts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ExtraHost, extra_host_free)
