/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "backend/container-dir.h"
#include "backend/launcher.h"
#include "backend/network.h"
#include "model/container-spec.h"
#include "model/oci-spec.h"
#include "service/service.h"

/*
 * A container's network, from its ports to the namespaces that the runtime joins. With the net-modes none and host
 * there is nothing to do, and all of this succeeds at once.
 */

typedef struct ContainerNetwork ContainerNetwork;

typedef struct ContainerNetworkRequest {
        Service *service;
        const ContainerSpec *spec; /* borrowed */
        const char *id;            /* of the container */
        uint32_t id_base;
        Network *ready; /* taken over: one of the pool with the same ids; NULL: one is to be made */
} ContainerNetworkRequest;

/* error is NULL where all went well. */
typedef void (*ContainerNetworkDone)(const sd_bus_error *error, void *userdata);

ContainerNetwork *container_network_new(const ContainerNetworkRequest *request);
ContainerNetwork *container_network_free(ContainerNetwork *network);

/* Reserves the ports and sets the network up. Returns 1 where that is done, or 0 where made will be called, once.
 * Errors: PortInUse, NetworkUnavailable, NetworkFailed, InvalidArgs. */
int container_network_make(ContainerNetwork *network, ContainerNetworkDone made, void *userdata, sd_bus_error *error);

/* Then, and when the launcher has made its folders: lets it have the namespaces, or make those of a network that begins
 * with the first process. Returns as container_network_make(). */
int container_network_join(ContainerNetwork *network, Launcher *launcher, const ContainerDir *dir,
                           ContainerNetworkDone joined, void *userdata);

/* What the runtime is to join; to be called for the first process only. */
void container_network_describe(ContainerNetwork *network, OciRoot *root);

/* Lets go of the ports that a program of the container's own will bind now. */
void container_network_start(ContainerNetwork *network);

/* What that program's interface got, ending with NULL, as the launcher tells. Returns whether there are any. */
bool container_network_take_addresses(ContainerNetwork *network, const char *const *addresses);

/* The device that it has to open; NULL: none. */
const char *container_network_get_device(const ContainerNetwork *network);

/* Whether a process beside the container's own ones serves it, which has to be ended with them. */
bool container_network_has_process(const ContainerNetwork *network);

/* Undoes all of it, as soon as the container's processes have ended. Returns as container_network_make(). */
int container_network_release(ContainerNetwork *network, ContainerNetworkDone released, void *userdata);

/* PublishedPort, with the numbers of those that were left to choose. */
const GArray *container_network_get_ports(const ContainerNetwork *network);
const char *const *container_network_get_addresses(const ContainerNetwork *network);
