/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "unpack/digest.h"
#include "unpack/request.h"
#include "unpack/stream.h"

/*
 * One archive to one folder: two workers with a ring between them, one that uncompresses and digests and one that
 * writes, so that both of two processors are busy.
 */

/* What has been used up of the limits, and how far everything is. */
typedef struct Usage {
        Meter *meter;   /* in shared memory */
        uint64_t total; /* bytes of input that there will be; 0: unknown */
        uint64_t bytes, entries, skipped;
} Usage;

/* Which archive becomes which folder. */
typedef struct Layer {
        Archive archive;
        const char *folder; /* a path below the root; it is made */
        const char *index;  /* of a layer, whose whiteouts mean something; NULL: there are none in this archive */
} Layer;

typedef struct LayerResult {
        char diff_id[DIGEST_TEXT_SIZE];
        char *objection; /* a sentence why this can't be a root file system, or NULL; g_free() */
} LayerResult;

void layer_result_done(LayerResult *result);

/* Adds to *usage, and tells the store of progress and opaque folders. Errors with a sentence, or without one where the
 * store is gone. */
int layer_unpack(const Layer *layer, const Limits *limits, Usage *usage, LayerResult *ret, sd_bus_error *error);
