/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/bus.h"

#include "service/bus-path.h"
#include "service/container-bus.h"
#include "service/manager-bus.h"

static bool exists(uint32_t owner, const char *name, void *userdata)
{
        Bus *bus = userdata;

        return manager_find(bus->manager, owner, name) != NULL;
}

static void free_container_bus(gpointer data)
{
        container_bus_free(data);
}

static int show(Bus *bus)
{
        sd_bus *b = bus->service->bus;
        int r;

        r = peers_new(b, &bus->peers);
        if (r >= 0)
                r = authorizer_new(b, bus->peers, &bus->authorizer);
        if (r >= 0)
                r = access_new(b, bus->peers, bus->authorizer, exists, bus, &bus->access);
        if (r < 0)
                return r;
        bus->subscribers = subscribers_new(bus->peers);
        r = sd_bus_add_object_vtable(b, &bus->manager_slot, ROOT_PATH, MANAGER_INTERFACE, manager_bus_vtable, bus);
        if (r >= 0)
                r = sd_bus_add_fallback_vtable(b, &bus->container_slot, CONTAINER_PREFIX, CONTAINER_INTERFACE,
                                               container_bus_vtable, container_bus_find, bus);
        if (r >= 0)
                r = sd_bus_add_node_enumerator(b, &bus->enumerator_slot, CONTAINER_PREFIX, container_bus_enumerate,
                                               bus);
        return r;
}

int bus_new(Service *service, Manager *manager, Bus **ret)
{
        static const ManagerListener listener = {
                .added = manager_bus_container_added,
                .changed = container_bus_changed,
                .process_ended = container_bus_process_ended,
                .removed = manager_bus_container_removed,
        };
        Bus *bus = g_new0(Bus, 1);
        int r;

        bus->service = service;
        bus->manager = manager;
        bus->containers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_container_bus);
        r = show(bus);
        if (r < 0) {
                bus_free(bus);
                return r;
        }
        manager_set_listener(manager, &listener, bus);
        *ret = bus;
        return 0;
}

Bus *bus_free(Bus *bus)
{
        if (!bus)
                return NULL;
        sd_bus_slot_unref(bus->enumerator_slot);
        sd_bus_slot_unref(bus->container_slot);
        sd_bus_slot_unref(bus->manager_slot);
        g_hash_table_unref(bus->containers);
        access_free(bus->access);
        authorizer_free(bus->authorizer);
        subscribers_free(bus->subscribers);
        peers_free(bus->peers);
        g_free(bus);
        return NULL;
}
