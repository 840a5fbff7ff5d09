/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A folder is in use from the moment that somebody claims it, or that it is being made, until its last hold is given
 * back. Who waits, waits for any folder of the cache to come free, and is served before whoever comes later: a claim
 * that finds others waiting does not overtake them, unless it shares what is in use anyway.
 *
 * Daemons end with their containers, so nothing of this has to be written down.
 */

#include "service/caches.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"

struct Caches {
        const CacheStore *store;
        void *userdata;
        GQueue news; /* CacheHold, of owners who are yet to be told */
        bool telling;
        GHashTable *used; /* UsedCache by its text, those of which anything is in use */
};

typedef struct UsedCache {
        Caches *caches;
        char *text; /* of the key */
        char *id;
        CacheKey key;
        GPtrArray *folders; /* CacheCreation */
        GQueue waiting;     /* CacheHold */
} UsedCache;

/* A folder in use; it is being made while `creating` is set. */
struct CacheCreation {
        UsedCache *cache;
        bool shared;
        StoreCache *folder;
        int fd;
        void *creating;
        GPtrArray *holds; /* CacheHold */
};

struct CacheHold {
        Caches *caches;
        UsedCache *cache; /* NULL: the claim has failed */
        CacheSharing sharing;
        CacheCreation *used;  /* NULL: it waits, or the claim has failed */
        sd_bus_error failure; /* why */
        CacheClaimed claimed;
        void *userdata;
};

static StoreCache *copy_folder(const StoreCache *folder)
{
        StoreCache *copy = g_new0(StoreCache, 1);

        copy->id = folder->id;
        copy->folder = g_strdup(folder->folder);
        copy->id_base = folder->id_base;
        return copy;
}

static void free_used_cache(gpointer data)
{
        UsedCache *cache = data;

        g_ptr_array_unref(cache->folders);
        g_queue_clear(&cache->waiting);
        g_free(cache->text);
        g_free(cache->id);
        g_free(cache);
}

Caches *caches_new(const CacheStore *store, void *userdata)
{
        Caches *caches = g_new0(Caches, 1);

        caches->store = store;
        caches->userdata = userdata;
        caches->used = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_used_cache);
        return caches;
}

Caches *caches_free(Caches *caches)
{
        if (!caches)
                return NULL;
        g_hash_table_unref(caches->used);
        g_free(caches);
        return NULL;
}

static UsedCache *get_used_cache(Caches *caches, const CacheKey *key)
{
        g_autofree char *text = g_strdup_printf("%u:%" G_GINT64_FORMAT ":%s", key->owner, key->seed, key->id);
        UsedCache *cache = g_hash_table_lookup(caches->used, text);

        if (cache)
                return cache;
        cache = g_new0(UsedCache, 1);
        cache->caches = caches;
        cache->text = g_steal_pointer(&text);
        cache->id = g_strdup(key->id);
        cache->key = *key;
        cache->key.id = cache->id;
        cache->folders = g_ptr_array_new();
        g_queue_init(&cache->waiting);
        g_hash_table_insert(caches->used, cache->text, cache);
        return cache;
}

static CacheCreation *use(CacheHold *hold)
{
        CacheCreation *used = g_new0(CacheCreation, 1);

        used->cache = hold->cache;
        used->shared = hold->sharing == CACHE_SHARED;
        used->fd = -1;
        used->holds = g_ptr_array_new();
        g_ptr_array_add(used->holds, hold);
        g_ptr_array_add(hold->cache->folders, used);
        hold->used = used;
        return used;
}

static void end_use(CacheCreation *used)
{
        const Caches *caches = used->cache->caches;

        (void) g_ptr_array_remove(used->cache->folders, used);
        if (used->creating)
                caches->store->cancel(used->creating, caches->userdata);
        store_cache_free(used->folder);
        safe_close(used->fd);
        g_ptr_array_unref(used->holds);
        g_free(used);
}

static CacheCreation *find_shared(const UsedCache *cache)
{
        for (guint i = 0; i < cache->folders->len; i++)
                if (((CacheCreation *) cache->folders->pdata[i])->shared)
                        return cache->folders->pdata[i];
        return NULL;
}

static bool is_used(const UsedCache *cache, const char *folder)
{
        for (guint i = 0; i < cache->folders->len; i++) {
                const CacheCreation *used = cache->folders->pdata[i];

                if (used->folder && strcmp(used->folder->folder, folder) == 0)
                        return true;
        }
        return false;
}

/* Takes a folder of the store that nobody uses. Returns 1, or 0 where there is none. */
static int take_free(CacheHold *hold)
{
        const UsedCache *cache = hold->cache;
        const Caches *caches = cache->caches;
        g_autoptr(GPtrArray) folders = NULL;
        int r;

        r = caches->store->list(&cache->key, &folders, caches->userdata);
        if (r < 0)
                return r;
        for (guint i = 0; i < folders->len; i++) {
                const StoreCache *folder = folders->pdata[i];
                CacheCreation *used;
                int fd;

                if (is_used(cache, folder->folder) || caches->store->hold(folder->folder, &fd, caches->userdata) < 0)
                        continue;
                used = use(hold);
                used->folder = copy_folder(folder);
                used->fd = fd;
                return 1;
        }
        return 0;
}

/* Makes a folder for hold. Returns 0, since that takes a while. */
static int create(CacheHold *hold)
{
        const Caches *caches = hold->cache->caches;
        CacheCreation *used = use(hold);
        int r = caches->store->create(&hold->cache->key, used, &used->creating, caches->userdata);

        if (r < 0) {
                end_use(used);
                hold->used = NULL;
        }
        return r;
}

static bool is_any_made(const UsedCache *cache)
{
        for (guint i = 0; i < cache->folders->len; i++)
                if (((CacheCreation *) cache->folders->pdata[i])->creating)
                        return true;
        return false;
}

/* Finds a folder for a claim. Returns 1 where it has one, 0 where it has to wait: for its turn, or for the folder that
 * is made for it now. While one is made, the store may know it before we do, and it would look like a free one. */
static int claim(CacheHold *hold)
{
        UsedCache *cache = hold->cache;
        CacheCreation *used = hold->sharing == CACHE_SHARED ? find_shared(cache) : NULL;
        int r;

        if (used) {
                g_ptr_array_add(used->holds, hold);
                hold->used = used;
                return used->folder ? 1 : 0;
        }
        if (is_any_made(cache))
                return 0;
        r = take_free(hold);
        if (r != 0)
                return r;
        return hold->sharing == CACHE_LOCKED && cache->folders->len > 0 ? 0 : create(hold);
}

static int set_error(int r, const UsedCache *cache, sd_bus_error *error)
{
        return error_set(error, ERROR_MOUNT_FAILED, "The cache '%.128s' can't be had: %s", cache->id, g_strerror(-r));
}

/* Owners may do anything when they are told, to their own holds and to others: what follows from that comes after. */
static void tell(Caches *caches)
{
        CacheHold *hold;

        if (caches->telling)
                return;
        caches->telling = true;
        while ((hold = g_queue_pop_head(&caches->news)))
                hold->claimed(hold, sd_bus_error_is_set(&hold->failure) ? &hold->failure : NULL, hold->userdata);
        caches->telling = false;
}

static void fail(CacheHold *hold, const sd_bus_error *error)
{
        hold->cache = NULL;
        hold->used = NULL;
        (void) sd_bus_error_copy(&hold->failure, error);
        g_queue_push_tail(&hold->caches->news, hold);
}

/* Goes on with those who wait, as far as there is something for them, in their order. */
static void serve_waiting(UsedCache *cache)
{
        for (GList *l = cache->waiting.head, *next; l; l = next) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                CacheHold *hold = l->data;
                int r = claim(hold);

                next = l->next;
                if (r == 0 && !hold->used)
                        continue;
                g_queue_delete_link(&cache->waiting, l);
                if (r > 0) {
                        g_queue_push_tail(&cache->caches->news, hold);
                } else if (r < 0) {
                        (void) set_error(r, cache, &error);
                        fail(hold, &error);
                }
        }
        if (cache->folders->len == 0 && g_queue_is_empty(&cache->waiting))
                (void) g_hash_table_remove(cache->caches->used, cache->text);
}

int caches_claim(Caches *caches, const CacheKey *key, CacheSharing sharing, CacheClaimed claimed, void *userdata,
                 CacheHold **ret, sd_bus_error *error)
{
        CacheHold *hold = g_new0(CacheHold, 1);
        int r = 0;

        hold->caches = caches;
        hold->cache = get_used_cache(caches, key);
        hold->sharing = sharing;
        hold->claimed = claimed;
        hold->userdata = userdata;
        g_queue_push_tail(&hold->cache->waiting, hold);
        serve_waiting(hold->cache);

        /* What is known at once is the answer. */
        if (g_queue_remove(&caches->news, hold))
                r = hold->cache ? 1 : sd_bus_error_copy(error, &hold->failure);
        if (r < 0)
                cache_hold_free(hold);
        else
                *ret = hold;
        tell(caches);
        return r;
}

CacheHold *cache_hold_free(CacheHold *hold)
{
        Caches *caches;

        if (!hold)
                return NULL;
        caches = hold->caches;
        (void) g_queue_remove(&caches->news, hold);
        if (hold->used) {
                (void) g_ptr_array_remove(hold->used->holds, hold);
                if (hold->used->holds->len == 0)
                        end_use(hold->used);
        } else if (hold->cache) {
                (void) g_queue_remove(&hold->cache->waiting, hold);
        }
        if (hold->cache)
                serve_waiting(hold->cache);
        sd_bus_error_free(&hold->failure);
        g_free(hold);
        tell(caches);
        return NULL;
}

bool cache_hold_is_waiting(const CacheHold *hold)
{
        return hold->cache && !hold->used;
}

const StoreCache *cache_hold_get_folder(const CacheHold *hold)
{
        return hold->used ? hold->used->folder : NULL;
}

static void creation_failed(CacheCreation *used, const sd_bus_error *error)
{
        UsedCache *cache = used->cache;
        Caches *caches = cache->caches;

        for (guint i = 0; i < used->holds->len; i++)
                fail(used->holds->pdata[i], error);
        end_use(used);
        serve_waiting(cache);
        tell(caches);
}

void caches_created(CacheCreation *used, StoreCache *folder, const sd_bus_error *error)
{
        _cleanup_(sd_bus_error_free) sd_bus_error failure = SD_BUS_ERROR_NULL;
        Caches *caches = used->cache->caches;
        int r;

        used->creating = NULL;
        if (error) {
                creation_failed(used, error);
                return;
        }
        used->folder = folder;
        r = caches->store->hold(folder->folder, &used->fd, caches->userdata);
        if (r < 0) {
                (void) set_error(r, used->cache, &failure);
                creation_failed(used, &failure);
                return;
        }
        for (guint i = 0; i < used->holds->len; i++)
                g_queue_push_tail(&caches->news, used->holds->pdata[i]);
        serve_waiting(used->cache);
        tell(caches);
}
