/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/network-pool.h"

#include "util/log.h"

#define REFILL_DELAY_USEC (G_USEC_PER_SEC / 4)

typedef enum EntryState {
        ENTRY_MAKING,
        ENTRY_READY,
        ENTRY_CHECKING,
        ENTRY_REMOVING,
} EntryState;

typedef struct Entry {
        NetworkPool *pool;
        Network *network;
        uint32_t id_base;
        EntryState state;
} Entry;

struct NetworkPool {
        Service *service;
        IdRanges *ranges;
        GPtrArray *entries; /* Entry */
        uint64_t last_number;
        char *list, *plugin_path; /* what the entries were made of */
        sd_event_source *refill;
        bool stopping;
        NetworkPoolEmpty empty;
        void *userdata;
};

static void free_entry(gpointer data)
{
        Entry *entry = data;

        network_free(entry->network);
        g_free(entry);
}

NetworkPool *network_pool_new(Service *service, IdRanges *ranges)
{
        NetworkPool *pool = g_new0(NetworkPool, 1);

        pool->service = service;
        pool->ranges = ranges;
        pool->entries = g_ptr_array_new_with_free_func(free_entry);
        return pool;
}

NetworkPool *network_pool_free(NetworkPool *pool)
{
        if (!pool)
                return NULL;
        sd_event_source_disable_unref(pool->refill);
        g_ptr_array_unref(pool->entries);
        g_free(pool->list);
        g_free(pool->plugin_path);
        g_free(pool);
        return NULL;
}

static unsigned get_size(const NetworkPool *pool)
{
        const Config *config = pool->service->config;

        return config->network_provider == NETWORK_CNI && !pool->stopping ? config->network_pool_size : 0;
}

static void fill(NetworkPool *pool);

static void forget(Entry *entry)
{
        NetworkPool *pool = entry->pool;

        id_ranges_release(pool->ranges, entry->id_base);
        (void) g_ptr_array_remove(pool->entries, entry);
        if (pool->stopping && pool->entries->len == 0 && pool->empty)
                pool->empty(pool->userdata);
}

static void on_removed(const sd_bus_error *error, void *userdata)
{
        Entry *entry = userdata;

        if (error)
                log_error("The network %s of the pool could not be undone: %s", network_get_id(entry->network),
                          error->message);
        forget(entry);
}

static void remove_entry(Entry *entry)
{
        if (entry->state == ENTRY_REMOVING)
                return;
        entry->state = ENTRY_REMOVING;
        network_remove(entry->network, on_removed, entry);
}

/* One that fails is not tried again by itself: containers make their own, and say what is wrong. */
static void on_made(const sd_bus_error *error, void *userdata)
{
        Entry *entry = userdata;
        NetworkPool *pool = entry->pool;

        if (error) {
                log_warning("No network can be kept ready: %s", error->message);
                remove_entry(entry);
                return;
        }
        entry->state = ENTRY_READY;
        fill(pool);
}

static int make(NetworkPool *pool)
{
        Entry *entry = g_new0(Entry, 1);
        g_autofree char *id = g_strdup_printf("pool-%" G_GUINT64_FORMAT, ++pool->last_number);
        NetworkRequest request = {.id = id, .own_ids = TRUE, .list = pool->list, .plugin_path = pool->plugin_path};
        int r;

        entry->pool = pool;
        r = id_ranges_acquire(pool->ranges, &entry->id_base);
        if (r < 0) {
                g_free(entry);
                return r;
        }
        request.id_base = entry->id_base;
        r = network_new(pool->service->network_helpers, &request, on_made, entry, &entry->network);
        if (r < 0) {
                id_ranges_release(pool->ranges, entry->id_base);
                g_free(entry);
                return r;
        }
        g_ptr_array_add(pool->entries, entry);
        return 0;
}

/* One at a time: what is asked for now goes first. */
static void fill(NetworkPool *pool)
{
        unsigned n = 0;
        int r;

        for (guint i = 0; i < pool->entries->len; i++) {
                const Entry *entry = pool->entries->pdata[i];

                if (entry->state == ENTRY_MAKING)
                        return;
                n += entry->state != ENTRY_REMOVING;
        }
        if (n >= get_size(pool))
                return;
        r = make(pool);
        if (r < 0)
                log_warning("No network can be kept ready: %s", g_strerror(-r));
}

static int on_refill(sd_event_source *source, uint64_t usec, void *userdata)
{
        NetworkPool *pool = userdata;

        pool->refill = sd_event_source_disable_unref(pool->refill);
        fill(pool);
        return 0;
}

Network *network_pool_take(NetworkPool *pool, uint32_t *ret_id_base)
{
        Network *network = NULL;

        for (guint i = 0; i < pool->entries->len && !network; i++) {
                Entry *entry = pool->entries->pdata[i];

                if (entry->state != ENTRY_READY)
                        continue;
                network = g_steal_pointer(&entry->network);
                *ret_id_base = entry->id_base;
                (void) g_ptr_array_remove_index(pool->entries, i);
        }
        if (get_size(pool) > 0 && !pool->refill &&
            sd_event_add_time_relative(pool->service->event, &pool->refill, CLOCK_MONOTONIC, REFILL_DELAY_USEC, 0,
                                       on_refill, pool) < 0)
                log_warning("The pool of networks is not filled up again");
        return network;
}

static void on_checked(const sd_bus_error *error, void *userdata)
{
        Entry *entry = userdata;

        entry->state = ENTRY_READY;
        if (error) {
                log_warning("The network %s of the pool is replaced: %s", network_get_id(entry->network),
                            error->message);
                remove_entry(entry);
        }
        fill(entry->pool);
}

static void check(Entry *entry)
{
        if (entry->state != ENTRY_READY)
                return;
        entry->state = ENTRY_CHECKING;
        if (network_check(entry->network, on_checked, entry) < 0)
                entry->state = ENTRY_READY;
}

void network_pool_reload(NetworkPool *pool)
{
        const Config *config = pool->service->config;
        bool other = g_strcmp0(pool->list, config->network_list) != 0 ||
                     g_strcmp0(pool->plugin_path, config->network_plugin_path) != 0;
        g_autoptr(GPtrArray) entries = g_ptr_array_copy(pool->entries, NULL, NULL);
        unsigned size = get_size(pool), kept = 0;

        g_ptr_array_set_free_func(entries, NULL);
        for (guint i = 0; i < entries->len; i++) {
                Entry *entry = entries->pdata[i];

                if (entry->state == ENTRY_REMOVING)
                        continue;
                if (other || kept >= size) {
                        remove_entry(entry);
                        continue;
                }
                kept++;
                check(entry);
        }
        g_free(pool->list);
        pool->list = g_strdup(config->network_list);
        g_free(pool->plugin_path);
        pool->plugin_path = g_strdup(config->network_plugin_path);
        fill(pool);
}

int network_pool_stop(NetworkPool *pool, NetworkPoolEmpty empty, void *userdata)
{
        pool->stopping = true;
        pool->empty = empty;
        pool->userdata = userdata;
        for (guint i = 0; i < pool->entries->len; i++)
                remove_entry(pool->entries->pdata[i]);
        return pool->entries->len == 0;
}
