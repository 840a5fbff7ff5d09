/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/caches.h"

/*
 * The caches of one container. The same cache twice is one folder, with the sharing that lets in the fewest. They are
 * claimed one after another, in the same order for every container: so two that want the same two locked caches can't
 * each have one of them and wait for the other.
 */

typedef struct CacheSet CacheSet;

/* error is NULL where all folders are there. The set may be freed in it. */
typedef void (*CacheSetClaimed)(const sd_bus_error *error, void *userdata);

CacheSet *cache_set_new(Caches *caches, uint32_t owner);
/* Gives all back, or ends the wait; nothing is told any more. */
CacheSet *cache_set_free(CacheSet *set);

/* Adds one, before the claim. */
void cache_set_add(CacheSet *set, const char *id, int64_t seed, CacheSharing sharing);

/* Claims them all. Returns 1 where they are there at once, 0 where claimed will tell, or a negative errno with error
 * set. */
int cache_set_claim(CacheSet *set, CacheSetClaimed claimed, void *userdata, sd_bus_error *error);

/* Whether it waits for other containers. */
bool cache_set_is_waiting(const CacheSet *set);

/* The folder of one that was added; NULL before it is there. */
const StoreCache *cache_set_get(const CacheSet *set, const char *id, int64_t seed);
