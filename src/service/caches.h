/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "backend/store.h"
#include "model/mount-spec.h"

/*
 * Who has which cache folder. A cache is known by its owner, its id, and the layer that it began with; it is made of as
 * many folders as had to be used at the same time, mostly one. What is here is only about folders in use: the others
 * are the store's.
 */

typedef struct CacheKey {
        uint32_t owner;
        const char *id;
        int64_t seed; /* the top layer of the image that it begins with; 0: it begins empty */
} CacheKey;

typedef struct Caches Caches;
typedef struct CacheHold CacheHold;
/* The making of a folder, as the caches know it. */
typedef struct CacheCreation CacheCreation;

/* What the store does for the caches. */
typedef struct CacheStore {
        /* The folders of a cache, used or not: StoreCache, the best one first. The array is the caller's. */
        int (*list)(const CacheKey *key, GPtrArray **ret, void *userdata);
        /* Keeps a folder from being removed as long as the fd is open. -ENOENT: it is being removed. */
        int (*hold)(const char *folder, int *ret_fd, void *userdata);
        /* Begins to make a folder, which caches_created() tells the end of, from the event loop. *ret is for cancel. */
        int (*create)(const CacheKey *key, CacheCreation *creation, void **ret, void *userdata);
        /* Ends that, and frees it; nothing is told any more. A folder may come of it all the same. */
        void (*cancel)(void *creating, void *userdata);
} CacheStore;

/* error is NULL where the hold has its folder now. The hold stays its owner's in either case, who may free it, or
 * others, at once. */
typedef void (*CacheClaimed)(CacheHold *hold, const sd_bus_error *error, void *userdata);

Caches *caches_new(const CacheStore *store, void *userdata);
/* No hold may be left. */
Caches *caches_free(Caches *caches);

/* Claims a folder of a cache. shared: the one that others share, or else one of its own that later ones may share.
 * private: one that nobody uses. locked: the same, but where all are in use it waits its turn and no further one is
 * made. Returns 1 where it has one at once, 0 where claimed will tell, or a negative errno with error set. */
int caches_claim(Caches *caches, const CacheKey *key, CacheSharing sharing, CacheClaimed claimed, void *userdata,
                 CacheHold **ret, sd_bus_error *error);

/* Gives it back, or ends the wait. */
CacheHold *cache_hold_free(CacheHold *hold);

/* Whether it waits for others, who may take any time. */
bool cache_hold_is_waiting(const CacheHold *hold);

/* The folder, NULL before it has one. */
const StoreCache *cache_hold_get_folder(const CacheHold *hold);

/* The store's answer to create: folder is taken over, NULL where error is set. */
void caches_created(CacheCreation *used, StoreCache *folder, const sd_bus_error *error);
