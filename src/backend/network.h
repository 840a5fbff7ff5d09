/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "backend/helper.h"

/*
 * A network that CNI plugins have set up: a user and a network namespace with an interface in it. gangway-network
 * (src/network/main.c) does the work, and keeps a record of it, so that what a killed daemon leaves behind is undone by
 * the next one.
 */

typedef struct Network Network;

typedef struct NetworkRequest {
        const char *id;   /* that the plugins know it by, and no other network has */
        gboolean own_ids; /* a user namespace with the ids from id_base on; else the machine's own */
        uint32_t id_base;
        const char *list;         /* the path of a CNI network list */
        const char *plugin_path;  /* folders with ':' between them */
        const GArray *ports;      /* PublishedPort, none of them 0; NULL: none */
        const char *port_address; /* IPv4 */
} NetworkRequest;

/* error is NULL where all went well; where not, nothing of it is left. */
typedef void (*NetworkDone)(const sd_bus_error *error, void *userdata);

/* Sets one up. The answer comes from the event loop: NetworkUnavailable (plugins or list are missing), NetworkFailed
 * (with the plugin's message), Cancelled. Errors: of helper_start(). */
int network_new(Helpers *helpers, const NetworkRequest *request, NetworkDone added, void *userdata, Network **ret);

/* Has the plugins check that it is as they left it (CNI specification, CHECK). An error that is answered is their
 * message. */
int network_check(Network *network, NetworkDone checked, void *userdata);

/* Undoes it, also where it is not there yet; removed is called from the event loop, and may free the network. Nothing
 * may be asked afterwards. */
void network_remove(Network *network, NetworkDone removed, void *userdata);

/* Forgets it, without undoing more than what is under way; no callback comes. */
Network *network_free(Network *network);

const char *network_get_id(const Network *network);

/* The namespaces, owned by the network; the user namespace is -1 where it is the machine's own. */
int network_get_namespace(const Network *network);
int network_get_user_namespace(const Network *network);

/* The addresses of the interface, as "10.209.0.2/16". */
const char *const *network_get_addresses(const Network *network);
