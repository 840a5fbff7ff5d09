/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A container's /etc/resolv.conf, resolv.conf(5), made of the machine's.
 */

/* What libc takes of a file, MAXNS of resolv.h. */
#define DNS_SERVERS_MAX 3U

typedef struct ResolvConfRequest {
        bool host_network;
        const char *const *dns_servers; /* asked for, instead of the machine's; NULL or empty: none are */
        /* [DNS] of gangwayd.conf, each NULL or empty where it is not set. */
        const char *const *servers;
        const char *const *search;
        const char *const *options;
} ResolvConfRequest;

/* Whether all servers that a file names are the stub of systemd-resolved(8), and there are any: then the servers are in
 * /run/systemd/resolve/resolv.conf, and that file is to be taken instead. */
bool resolv_conf_is_stub(const char *text, size_t size);

/* The container's file, of the machine's, which may hold anything. The caller frees it. */
GString *resolv_conf_make(const char *text, size_t size, const ResolvConfRequest *request);

/* Whether a word can stand in Search= and in Options= of [DNS]. */
bool resolv_conf_is_domain(const char *word);
bool resolv_conf_is_option(const char *word);
