/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For test-caches.c: a store that is a list of names, and makes a folder when it is told to. */

#include "service/caches.h"

#include <errno.h>

#include "unit.h"
#include "util/error.h"

typedef struct FakeStore {
        GPtrArray *folders;   /* "OWNER:SEED:ID=NAME" */
        GPtrArray *creations; /* CacheCreation under way */
        unsigned last_name;
        unsigned n_cancelled;
        const char *removed; /* a folder that can't be held */
        int list_error;
        int create_error;
} FakeStore;

static inline char *text_of(const CacheKey *key)
{
        return g_strdup_printf("%u:%d:%s=", key->owner, (int) key->seed, key->id);
}

static inline StoreCache *fake_folder(const char *name)
{
        StoreCache *folder = g_new0(StoreCache, 1);

        folder->folder = g_strdup(name);
        folder->id_base = 7;
        return folder;
}

static inline void fake_free_folder(gpointer folder)
{
        store_cache_free(folder);
}

static inline int fake_list(const CacheKey *key, GPtrArray **ret, void *userdata)
{
        const FakeStore *store = userdata;
        g_autofree char *text = text_of(key);

        if (store->list_error < 0)
                return store->list_error;
        *ret = g_ptr_array_new_with_free_func(fake_free_folder);
        for (guint i = 0; i < store->folders->len; i++)
                if (g_str_has_prefix(store->folders->pdata[i], text))
                        g_ptr_array_add(*ret, fake_folder(strchr(store->folders->pdata[i], '=') + 1));
        return 0;
}

static inline int fake_hold(const char *folder, int *ret_fd, void *userdata)
{
        const FakeStore *store = userdata;

        if (g_strcmp0(folder, store->removed) == 0)
                return -ENOENT;
        *ret_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return 0;
}

static inline int fake_create(const CacheKey *key, CacheCreation *creation, void **ret, void *userdata)
{
        FakeStore *store = userdata;

        if (store->create_error < 0)
                return store->create_error;
        g_ptr_array_add(store->creations, creation);
        *ret = store;
        return 0;
}

static inline void fake_cancel(void *creating, void *userdata)
{
        FakeStore *store = userdata;

        store->n_cancelled++;
        g_assert_true(creating == store);
        g_ptr_array_set_size(store->creations, 0);
}

static const CacheStore fake = {fake_list, fake_hold, fake_create, fake_cancel};
