/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "service/container.h"

/*
 * All containers: their names, their ids, and how many a user may have.
 */

typedef struct Manager Manager;

typedef struct ManagerListener {
        void (*added)(Container *container, void *userdata);
        void (*changed)(Container *container, const char *const *properties, void *userdata);
        void (*process_ended)(Container *container, const Process *process, void *userdata);
        /* Of a container that was added; it is freed after this. */
        void (*removed)(Container *container, void *userdata);
} ManagerListener;

Manager *manager_new(Service *service);
Manager *manager_free(Manager *manager);
void manager_set_listener(Manager *manager, const ManagerListener *listener, void *userdata);

/* Takes over what the service's config says now; containers that are there stay as they are. */
void manager_reload(Manager *manager);

/* To be called when nothing of an earlier daemon is left: makes the networks that are kept ready. */
void manager_begin(Manager *manager);

typedef struct ManagerCreate {
        ContainerSpec *spec; /* checked; it is taken over */
        uint32_t owner;
        pid_t caller; /* the process that sent its fds */
        /* Called where the making waits for others: the container can be found, and released, from then on. */
        ContainerWaits waits;
        /* Called with the container, which can be found from then on, or with an error: ContainerExists,
         * LimitsExceeded, or what container_create() answers. */
        ContainerDone created;
        void *userdata;
} ManagerCreate;

/* Makes a container. */
void manager_create(Manager *manager, const ManagerCreate *create);

/* NULL where there is none. */
Container *manager_find(Manager *manager, uint32_t owner, const char *name);

/* Container, in no order. The caller unrefs the array. */
GPtrArray *manager_list(Manager *manager);

typedef void (*ManagerLeft)(unsigned n, void *userdata);

/* Releases all, and calls left with how many there are still, whenever that has changed. No container can be made any
 * more. */
void manager_stop(Manager *manager, ManagerLeft left, void *userdata);
