/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/bus.h"

/* org.gangway1.Manager: dbus-interfaces/org.gangway1.Manager.xml. Its userdata is the Bus. */
extern const sd_bus_vtable manager_bus_vtable[];

/* Of the manager's listener; userdata is the Bus. */
void manager_bus_container_added(Container *container, void *userdata);
void manager_bus_container_removed(Container *container, void *userdata);

/* Of the platforms' listener; userdata is the Bus. */
void manager_bus_platforms_changed(void *userdata);

/* Tells of a new container, whose creator is known by now. */
void manager_bus_container_new(Bus *bus, Container *container);
