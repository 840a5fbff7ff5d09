/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "service/access.h"
#include "service/authorize.h"
#include "service/manager.h"
#include "service/operations.h"
#include "service/peers.h"
#include "service/subscribers.h"

/*
 * The bus side of the service: what shows the manager, its containers and the operations as objects.
 */

typedef struct Bus {
        Service *service;
        Manager *manager;
        Peers *peers;
        Authorizer *authorizer;
        Access *access;
        Subscribers *subscribers;
        GHashTable *containers; /* ContainerBus by the container's id */
        Operations *operations;
        GHashTable *shown_operations; /* OperationBus by its Operation */
        sd_bus_slot *manager_slot;
        sd_bus_slot *container_slot;
        sd_bus_slot *enumerator_slot;
        sd_bus_slot *operation_slot;
        sd_bus_slot *operation_enumerator_slot;
} Bus;

/* Shows the manager's objects and the operations on the service's bus connection. */
int bus_new(Service *service, Manager *manager, Operations *operations, Bus **ret);
Bus *bus_free(Bus *bus);
