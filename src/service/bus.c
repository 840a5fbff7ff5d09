/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/bus.h"

#include "service/bus-path.h"
#include "service/container-bus.h"
#include "service/manager-bus.h"
#include "service/operation-bus.h"
#include "util/error.h"

/* The objects that have an owner. Those that are not there are nobody's. */
static int look_up(const char *path, AccessObject *ret, void *userdata)
{
        Bus *bus = userdata;
        const Operation *operation;
        uint64_t number;

        if (bus_path_parse(path, &ret->owner, &ret->name) > 0) {
                ret->kind = "container";
                ret->interface = CONTAINER_INTERFACE;
                ret->missing = ERROR_NO_SUCH_CONTAINER;
                ret->exists = manager_find(bus->manager, ret->owner, ret->name) != NULL;
                return 1;
        }
        if (bus_path_parse_operation(path, &number) > 0) {
                operation = operations_find(bus->operations, number);
                ret->kind = "operation";
                ret->interface = OPERATION_INTERFACE;
                ret->missing = ERROR_NO_SUCH_OPERATION;
                ret->name = g_strdup_printf("%" G_GUINT64_FORMAT, number);
                ret->owner = operation ? operation_get_owner(operation) : UINT32_MAX;
                ret->exists = operation != NULL;
                return 1;
        }
        return 0;
}

static void free_operation_bus(gpointer data)
{
        operation_bus_free(data);
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
                r = access_new(b, bus->peers, bus->authorizer, look_up, bus, &bus->access);
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
        if (r >= 0)
                r = sd_bus_add_fallback_vtable(b, &bus->operation_slot, OPERATION_PREFIX, OPERATION_INTERFACE,
                                               operation_bus_vtable, operation_bus_find, bus);
        if (r >= 0)
                r = sd_bus_add_node_enumerator(b, &bus->operation_enumerator_slot, OPERATION_PREFIX,
                                               operation_bus_enumerate, bus);
        return r;
}

int bus_new(Service *service, Manager *manager, Operations *operations, Bus **ret)
{
        static const ManagerListener listener = {
                .added = manager_bus_container_added,
                .changed = container_bus_changed,
                .process_ended = container_bus_process_ended,
                .removed = manager_bus_container_removed,
        };
        static const OperationsListener operations_listener = {
                .changed = operation_bus_changed,
                .finished = operation_bus_finished,
                .removed = operation_bus_removed,
        };
        Bus *bus = g_new0(Bus, 1);
        int r;

        bus->service = service;
        bus->manager = manager;
        bus->operations = operations;
        bus->containers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_container_bus);
        bus->shown_operations = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_operation_bus);
        r = show(bus);
        if (r < 0) {
                bus_free(bus);
                return r;
        }
        manager_set_listener(manager, &listener, bus);
        platforms_set_listener(service->platforms, manager_bus_platforms_changed, bus);
        operations_set_listener(operations, &operations_listener, bus);
        *ret = bus;
        return 0;
}

Bus *bus_free(Bus *bus)
{
        if (!bus)
                return NULL;
        platforms_set_listener(bus->service->platforms, NULL, NULL);
        sd_bus_slot_unref(bus->operation_enumerator_slot);
        sd_bus_slot_unref(bus->operation_slot);
        sd_bus_slot_unref(bus->enumerator_slot);
        sd_bus_slot_unref(bus->container_slot);
        sd_bus_slot_unref(bus->manager_slot);
        g_hash_table_unref(bus->shown_operations);
        g_hash_table_unref(bus->containers);
        access_free(bus->access);
        authorizer_free(bus->authorizer);
        subscribers_free(bus->subscribers);
        peers_free(bus->peers);
        g_free(bus);
        return NULL;
}
