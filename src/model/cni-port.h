/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <stdint.h>

/*
 * A port of the machine that leads to one of a container: what CNI's convention calls portMappings.
 */

typedef struct CniPort {
        const char *protocol; /* tcp, udp or sctp; static */
        char *host_address;   /* empty: all of the machine's */
        uint16_t host_port, container_port;
} CniPort;

/* Reads "PROTOCOL,HOST-IP,HOST-PORT,CONTAINER-PORT"; HOST-IP may be empty. Returns -EINVAL where it is nothing of this
 * form. The caller frees it. */
int cni_port_parse(const char *text, CniPort **ret);
CniPort *cni_port_free(CniPort *port);

/* The other way round. The caller frees it. */
char *cni_port_to_text(const CniPort *port);

/* As plugins want it. The caller gives back the reference. */
JsonObject *cni_port_to_json(const CniPort *port);
