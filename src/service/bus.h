/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "service/access.h"
#include "service/authorize.h"
#include "service/manager.h"
#include "service/peers.h"
#include "service/subscribers.h"

/*
 * The bus side of the service: what shows the manager and its containers as objects.
 */

typedef struct Bus {
        Service *service;
        Manager *manager;
        Peers *peers;
        Authorizer *authorizer;
        Access *access;
        Subscribers *subscribers;
        GHashTable *containers; /* ContainerBus by the container's id */
        sd_bus_slot *manager_slot;
        sd_bus_slot *container_slot;
        sd_bus_slot *enumerator_slot;
} Bus;

/* Shows the manager's objects on the service's bus connection. */
int bus_new(Service *service, Manager *manager, Bus **ret);
Bus *bus_free(Bus *bus);
