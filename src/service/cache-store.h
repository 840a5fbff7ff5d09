/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/caches.h"

/* The caches' folders in the real store: read from its records, made by its helper. */

/* Its userdata is the Service. */
extern const CacheStore cache_store;
