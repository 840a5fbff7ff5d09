/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "backend/store-helper.h"
#include "service/caches.h"

/* The caches' folders in the real store: read from its records, made by its helper. */

typedef struct CacheDisk {
        Store *store; /* borrowed, as is what follows */
        StoreHelpers *helpers;
        const uint32_t *id_base; /* the ids that a new folder's files get */
} CacheDisk;

/* Its userdata is a CacheDisk. */
extern const CacheStore cache_store;
