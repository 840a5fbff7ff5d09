/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "store/folders.h"
#include "store/job.h"

/*
 * The layers of an image on its way in, lowest first: those that the store has, and those that are unpacked anew.
 */

#define IMPORT_LAYERS_MAX 128U

typedef struct ImportLayer {
        char *digest; /* "" until it is known */
        int hold;     /* on a layer that the store has, or -1 */
        bool is_new;  /* its files are in tree/INDEX of the incoming folder, */
        char *folder; /* and then in this one of it; NULL until they are */
        uint64_t size;
} ImportLayer;

typedef struct Import {
        Job *job;
        int64_t owner;
        uint32_t id_base;
        uint64_t max_bytes;
        Incoming incoming;
        int tree;          /* tree/ in the incoming folder: all that the unpacker sees */
        GPtrArray *layers; /* of ImportLayer */
} Import;

/* Makes the incoming folder. *import has job, owner, id_base and max_bytes. */
int import_begin(Import *import, sd_bus_error *error);
void import_done(Import *import);

/* Whether text is sha256: and 64 hexadecimal digits in lower case. */
bool import_digest_is_valid(const char *text);

/* Adds a layer. Returns 1 where the store has it already: then it is held, and its files are not wanted. Only what
 * belongs to an image that the owner may see is found by a digest that the image merely names; whoever knows no more
 * than the digest of another user's layer gets none of its files. */
int import_add_layer(Import *import, const char *digest, sd_bus_error *error);

/* Marks a folder of the layer that is being unpacked as one that hides what is below it. */
int import_set_opaque(Import *import, const char *path, sd_bus_error *error);

/* The layer's files are there. */
void import_end_layer(Import *import, const char *digest, uint64_t size);

/* Readies the new layers for their places. The unpacker has ended. */
int import_settle(Import *import, sd_bus_error *error);

/* Makes the rows of the layers and puts the new ones into their places, as the last part of which the image is made.
 * Answers the top layer, the size and the chain id (the caller frees it). */
typedef struct ImportResult {
        int64_t layer;
        uint64_t size;
        char *digest;
} ImportResult;
struct Placement;
int import_insert_layers(Import *import, struct Placement *placement, ImportResult *ret, sd_bus_error *error);
