/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "backend/store.h"
#include "model/mount-plan.h"

/* What the store has for a mount. All is borrowed. */
typedef struct MountSource {
        const StoreImage *image; /* what it is made from, or is the seed; NULL: no image */
        const char *cache;       /* the path of a cache's files; NULL: it is no cache */
        uint32_t cache_id_base;  /* of the cache's files on disk */
} MountSource;

/* The launcher's request for one operation of the plan: mount-calls.h of the launcher says what is in it. The strings,
 * NULL at their end, for launcher_request(). */
GPtrArray *mount_request_new(const MountOperation *operation, uint32_t owner, uint32_t id_base,
                             const MountSource *source);

/* The reading end of a pipe that holds all of the bytes: memory that, unlike a file's, is not swapped. Returns the fd.
 * Errors: of pipe2(2), fcntl(2). */
int mount_request_pipe(GBytes *bytes);
