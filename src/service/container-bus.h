/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/bus.h"

/* org.gangway1.Container: dbus-interfaces/org.gangway1.Container.xml. */

/* What the bus side keeps of a container. */
typedef struct ContainerBus {
        Bus *bus;
        Container *container;
        char *path;
        char *creator; /* its connection, NULL once it has left */
        PeerWatch *creator_watch;
        bool watch_bus;
        GPtrArray *process_watches; /* of processes with watch-bus */
        GPtrArray *commit_calls;    /* CommitCall, of those that polkit is asked about */
} ContainerBus;

extern const sd_bus_vtable container_bus_vtable[];
int container_bus_find(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret_found,
                       sd_bus_error *error);
int container_bus_enumerate(sd_bus *b, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *error);

/* A ContainerDone that answers a method call without results; userdata is the call, which it takes over. */
void container_bus_reply_done(Container *container, const sd_bus_error *error, void *userdata);

void container_bus_add(Bus *bus, Container *container);
ContainerBus *container_bus_free(ContainerBus *shown);
ContainerBus *container_bus_of(Bus *bus, const Container *container);

/* The creator gets the container's signals, and where it is watched its leaving releases the container. */
void container_bus_set_creator(Bus *bus, Container *container, const char *creator, bool watch_bus);
/* Releases the container at once where the creator that it depends on has left. */
void container_bus_check_creator(Bus *bus, Container *container);
/* NULL where it has left. */
const char *container_bus_get_creator(Bus *bus, const Container *container);

/* Of the manager's listener; userdata is the Bus. */
void container_bus_changed(Container *container, const char *const *properties, void *userdata);
void container_bus_process_ended(Container *container, const Process *process, void *userdata);
