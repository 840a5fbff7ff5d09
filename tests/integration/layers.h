/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "common.h"

/* Images layer by layer, put into the store by its own program and not through the daemon: with layers and ids that no
 * import would have. */

#define STORE_FOLDER "/var/lib/gangway"

/* The first id of layers that an import would make. */
#define LAYER_BASE 1879048192U

/* Puts a layer on top of the image `name` of the user `uid` (-1: of the system), which it makes where there is none.
 * The script makes the files in an empty folder; `own UID GID FILE…` gives them to others than 0:0, and a whiteout is
 * `hide FILE`, an opaque folder `opaque FOLDER`. */
void layer_add(int uid, const char *name, guint32 id_base, const char *script);

/* Adds a setting to the image: a line of the kind. */
void layer_setting(int uid, const char *name, const char *kind, const char *value);

/* Puts root_shared() into an image, once for each name. */
void image_of_root(int uid, const char *name);

/* Removes an image. */
void image_drop(int uid, const char *name);

/* The folder of its top layer. */
char *image_top_layer(int uid, const char *name);
