/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * --add-host and --dns: what a container's /etc/hosts and /etc/resolv.conf say beside what they say anyway. Addresses
 * are for the daemon to judge.
 */

#include <glib.h>
#include <systemd/sd-bus.h>

typedef struct HostOption {
        char *name;
        char *address; /* without the brackets around it */
} HostOption;

/* "NAME:ADDRESS", where an address of IPv6 may be in brackets. ret belongs to the caller. What is wrong is said as an
 * InvalidArgs in error. */
int host_option_parse(const char *text, HostOption **ret, sd_bus_error *error);

HostOption *host_option_free(HostOption *host);

/* Append {sv}: "extra-hosts" of HostOptions, "dns-servers" of texts; nothing where there are none. */
int host_options_append(sd_bus_message *message, const GPtrArray *hosts);
int dns_options_append(sd_bus_message *message, const GPtrArray *servers);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostOption, host_option_free)
