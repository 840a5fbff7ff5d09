/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/manager.h"

#include "model/id-ranges.h"
#include "model/names.h"
#include "service/network-pool.h"
#include "util/cleanup.h"
#include "util/error.h"

struct Manager {
        Service *service;
        GHashTable *containers; /* Entry by the container's id */
        IdRanges *ranges;
        NetworkPool *pool;
        bool pool_empty;
        const ManagerListener *listener;
        void *userdata;
        bool stopping;
        ManagerLeft left;
        void *left_userdata;
};

/* What the manager knows of a container: it holds the name from the moment that somebody asked for it. */
typedef struct Entry {
        Manager *manager;
        Container *container;
        char *id;
        uint32_t owner;
        bool has_ids;
        uint32_t id_base;
        Network *network; /* of the pool, until the container has it */
        bool shown;
} Entry;

typedef struct Creation {
        Entry *entry;
        ContainerWaits waits;
        ContainerDone created;
        void *userdata;
} Creation;

static void free_entry(gpointer data)
{
        Entry *entry = data;

        if (entry->has_ids)
                id_ranges_release(entry->manager->ranges, entry->id_base);
        g_free(entry->id);
        g_free(entry);
}

Manager *manager_new(Service *service)
{
        Manager *manager = g_new0(Manager, 1);

        manager->service = service;
        manager->containers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_entry);
        manager->ranges = id_ranges_new(service->config->id_range_first, service->config->id_range_size);
        manager->pool = network_pool_new(service, manager->ranges);
        return manager;
}

Manager *manager_free(Manager *manager)
{
        GHashTableIter iterator;
        Entry *entry;

        if (!manager)
                return NULL;
        g_hash_table_iter_init(&iterator, manager->containers);
        while (g_hash_table_iter_next(&iterator, NULL, (gpointer *) &entry))
                container_free(entry->container);
        g_hash_table_unref(manager->containers);
        network_pool_free(manager->pool);
        id_ranges_free(manager->ranges);
        g_free(manager);
        return NULL;
}

void manager_reload(Manager *manager)
{
        id_ranges_set(manager->ranges, manager->service->config->id_range_first,
                      manager->service->config->id_range_size);
        network_pool_reload(manager->pool);
}

void manager_begin(Manager *manager)
{
        network_pool_reload(manager->pool);
}

void manager_set_listener(Manager *manager, const ManagerListener *listener, void *userdata)
{
        manager->listener = listener;
        manager->userdata = userdata;
}

static void on_changed(Container *container, const char *const *properties, void *userdata)
{
        Entry *entry = userdata;

        if (entry->shown)
                entry->manager->listener->changed(container, properties, entry->manager->userdata);
}

static void on_process_ended(Container *container, const Process *process, void *userdata)
{
        Entry *entry = userdata;

        entry->manager->listener->process_ended(container, process, entry->manager->userdata);
}

static void tell_left(Manager *manager)
{
        if (manager->stopping)
                manager->left(g_hash_table_size(manager->containers) + !manager->pool_empty, manager->left_userdata);
}

static void on_pool_empty(void *userdata)
{
        Manager *manager = userdata;

        manager->pool_empty = true;
        tell_left(manager);
}

static void on_removed(Container *container, void *userdata)
{
        Entry *entry = userdata;
        Manager *manager = entry->manager;

        if (entry->shown)
                manager->listener->removed(container, manager->userdata);
        (void) g_hash_table_remove(manager->containers, entry->id);
        tell_left(manager);
}

static void show(Entry *entry, Container *container)
{
        if (entry->shown)
                return;
        entry->shown = true;
        entry->manager->listener->added(container, entry->manager->userdata);
}

static void on_waits(Container *container, void *userdata)
{
        Creation *creation = userdata;

        show(creation->entry, container);
        creation->waits(container, creation->userdata);
}

/* A container that could not be made has been removed by now, so that its name is free before the caller hears of it:
 * the answer does not hang on the entry. */
static void on_created(Container *container, const sd_bus_error *error, void *userdata)
{
        Creation creation = *(Creation *) userdata;

        g_free(userdata);
        if (!error)
                show(creation.entry, container);
        creation.created(error ? NULL : container, error, creation.userdata);
}

static int check_limits(Manager *manager, uint32_t owner, sd_bus_error *error)
{
        unsigned count = 0, most = manager->service->config->max_containers_per_user;
        GHashTableIter iterator;
        const Entry *entry;

        if (manager->stopping)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "gangwayd is stopping; call again in a moment");
        g_hash_table_iter_init(&iterator, manager->containers);
        while (g_hash_table_iter_next(&iterator, NULL, (gpointer *) &entry))
                if (entry->owner == owner)
                        count++;
        if (count >= most)
                return error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                 "The user %u has %u containers already; release one, or raise ContainersPerUser in "
                                 "gangwayd.conf",
                                 owner, most);
        return 0;
}

/* Those of a network that is ready, or a block of its own. pasta needs one in insecure mode, too: for its namespaces.
 */
static int acquire_ids(Manager *manager, const ContainerSpec *spec, Entry *entry, sd_bus_error *error)
{
        bool sandbox = spec->security_mode == SECURITY_SANDBOX, networked = spec->net_mode == NET_SANDBOX;
        bool by_pasta = manager->service->config->network_provider == NETWORK_PASTA;

        if (sandbox && networked && !by_pasta && spec->ports->len == 0)
                entry->network = network_pool_take(manager->pool, &entry->id_base);
        entry->has_ids = sandbox || (networked && by_pasta);
        if (!entry->has_ids || entry->network || id_ranges_acquire(manager->ranges, &entry->id_base) >= 0)
                return 0;
        entry->has_ids = false;
        return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                "All blocks of 65536 ids are in use; release a container, or make Size in [Ids] of "
                                "gangwayd.conf larger");
}

static int reserve(Manager *manager, const ContainerSpec *spec, uint32_t owner, Entry **ret, sd_bus_error *error)
{
        g_autofree char *id = name_to_id(owner, spec->name);
        Entry *entry;
        int r;

        if (g_hash_table_contains(manager->containers, id))
                return error_set(error, ERROR_CONTAINER_EXISTS, "The user %u already has a container '%s'", owner,
                                 spec->name);
        r = check_limits(manager, owner, error);
        if (r < 0)
                return r;
        entry = g_new0(Entry, 1);
        entry->manager = manager;
        r = acquire_ids(manager, spec, entry, error);
        if (r < 0) {
                free_entry(entry);
                return r;
        }
        entry->id = g_steal_pointer(&id);
        entry->owner = owner;
        g_hash_table_insert(manager->containers, entry->id, entry);
        *ret = entry;
        return 0;
}

void manager_create(Manager *manager, const ManagerCreate *create)
{
        static const ContainerListener listener = {
                .changed = on_changed,
                .process_ended = on_process_ended,
                .removed = on_removed,
        };
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        ContainerRequest request = {
                .spec = create->spec, .owner = create->owner, .caller = create->caller, .listener = &listener};
        Creation *creation;
        Entry *entry = NULL;
        int r;

        r = reserve(manager, create->spec, create->owner, &entry, &error);
        if (r < 0 || !entry) {
                container_spec_free(create->spec);
                create->created(NULL, &error, create->userdata);
                return;
        }
        creation = g_new0(Creation, 1);
        creation->entry = entry;
        creation->waits = create->waits;
        creation->created = create->created;
        creation->userdata = create->userdata;
        request.id_base = entry->id_base;
        request.network = g_steal_pointer(&entry->network);
        request.userdata = entry;
        request.created = on_created;
        request.waits = on_waits;
        request.created_userdata = creation;
        entry->container = container_new(manager->service, &request);
        container_create(entry->container);
}

Container *manager_find(Manager *manager, uint32_t owner, const char *name)
{
        g_autofree char *id = name_to_id(owner, name);
        const Entry *entry = g_hash_table_lookup(manager->containers, id);

        return entry && entry->shown ? entry->container : NULL;
}

GPtrArray *manager_list(Manager *manager)
{
        GPtrArray *list = g_ptr_array_new();
        GHashTableIter iterator;
        const Entry *entry;

        g_hash_table_iter_init(&iterator, manager->containers);
        while (g_hash_table_iter_next(&iterator, NULL, (gpointer *) &entry))
                if (entry->shown)
                        g_ptr_array_add(list, entry->container);
        return list;
}

void manager_stop(Manager *manager, ManagerLeft left, void *userdata)
{
        g_autoptr(GPtrArray) all = g_ptr_array_new();
        GHashTableIter iterator;
        const Entry *entry;

        manager->stopping = true;
        manager->left = left;
        manager->left_userdata = userdata;
        g_hash_table_iter_init(&iterator, manager->containers);
        while (g_hash_table_iter_next(&iterator, NULL, (gpointer *) &entry))
                g_ptr_array_add(all, entry->container);
        manager->pool_empty = network_pool_stop(manager->pool, on_pool_empty, manager) > 0;
        if (all->len == 0)
                tell_left(manager);
        for (guint i = 0; i < all->len; i++)
                container_release(all->pdata[i], NULL, NULL, NULL);
}
