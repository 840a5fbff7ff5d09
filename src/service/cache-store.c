/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/cache-store.h"

#include "service/service.h"
#include "util/cleanup.h"
#include "util/error.h"

typedef struct Creating {
        CacheCreation *creation;
        uint32_t id_base;
        Helper *helper;
} Creating;

static int list(const CacheKey *key, GPtrArray **ret, void *userdata)
{
        const Service *service = userdata;

        return store_find_caches(service->store, key->owner, key->id, key->seed, ret);
}

static int hold(const char *folder, int *ret_fd, void *userdata)
{
        const Service *service = userdata;

        return store_hold_cache(service->store, folder, ret_fd);
}

static void free_creating(Creating *creating)
{
        helper_free(creating->helper);
        g_free(creating);
}

static void on_ended(StringMessage *result, sd_bus_error *error, void *userdata)
{
        Creating *creating = userdata;
        CacheCreation *creation = creating->creation;
        _cleanup_(sd_bus_error_free) sd_bus_error failure = SD_BUS_ERROR_NULL;
        const char *id = result ? helper_find(result, "id") : NULL;
        const char *name = result ? helper_find(result, "folder") : NULL;
        StoreCache *folder = NULL;

        if (error) {
                (void) sd_bus_error_copy(&failure, error);
        } else if (!id || !name) {
                (void) error_set(&failure, ERROR_MOUNT_FAILED, "The store made a cache, and did not say where");
        } else {
                folder = g_new0(StoreCache, 1);
                folder->id = g_ascii_strtoll(id, NULL, 10);
                folder->folder = g_strdup(name);
                folder->id_base = creating->id_base;
        }
        free_creating(creating);
        caches_created(creation, folder, folder ? NULL : &failure);
}

/* Its ids are those of the store, the first block of all: a container shows them as its own. */
static int create(const CacheKey *key, CacheCreation *creation, void **ret, void *userdata)
{
        static const HelperCallbacks callbacks = {.ended = on_ended};
        const Service *service = userdata;
        uint32_t base = service->config->id_range_first;
        Creating *creating = g_new0(Creating, 1);
        g_autofree char *owner = g_strdup_printf("%u", key->owner);
        g_autofree char *seed = g_strdup_printf("%" G_GINT64_FORMAT, key->seed);
        g_autofree char *id_base = g_strdup_printf("%u", base);
        int r;

        creating->creation = creation;
        creating->id_base = base;
        r = helper_start(service->store_helpers,
                         (const char *const[]){"cache-create", owner, key->id, seed, id_base, NULL}, NULL, 0,
                         &callbacks, creating, &creating->helper);
        if (r < 0) {
                g_free(creating);
                return r;
        }
        *ret = creating;
        return 0;
}

static void cancel(void *creating, void *userdata)
{
        free_creating(creating);
}

const CacheStore cache_store = {.list = list, .hold = hold, .create = create, .cancel = cancel};
