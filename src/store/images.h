/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "store/folders.h"
#include "store/job.h"

/*
 * The rows of images and layers. All these are parts of a change: database_begin() came before.
 */

/* The kinds of settings that an image may have: env, entrypoint, cmd, user, working-dir, label. */
bool image_setting_is_known(const char *kind);

/* The settings of an image that is being made, in their order. */
typedef struct ImageSettings ImageSettings;
ImageSettings *image_settings_new(void);
ImageSettings *image_settings_free(ImageSettings *settings);
void image_settings_add(ImageSettings *settings, const char *kind, const char *value);
size_t image_settings_count(const ImageSettings *settings);

/* The id of an image. Errors: NoSuchImage. */
int image_find(Job *job, int64_t owner, const char *name, int64_t *ret, sd_bus_error *error);

/* Makes an image, which supersedes one of the same owner and name: that stays until store_settle(). */
typedef struct ImageRow {
        int64_t owner;
        const char *name;
        int64_t layer;
        uint64_t size;
        const char *digest;   /* or "" */
        const char *platform; /* normalised, or "" */
} ImageRow;
int image_replace(Job *job, const ImageRow *row, int64_t *ret_id, sd_bus_error *error);

int image_set_settings(Job *job, int64_t image, const ImageSettings *settings, sd_bus_error *error);
/* Adds those of an image; none where it is gone. */
int image_get_settings(Job *job, int64_t image, ImageSettings *settings, sd_bus_error *error);

/* The bytes of a layer with all below it. Returns 0 where there is no such layer, else 1. */
int layer_get_size(Job *job, int64_t layer, uint64_t *ret, sd_bus_error *error);

/* Forgets the layers that no image, layer or cache refers to and that nobody uses, again and again until there is none;
 * adds their folders and bytes. */
int layers_collect(Job *job, Removals *removals, uint64_t *bytes, sd_bus_error *error);

/* Forgets one layer, or leaves it where somebody uses it. Returns whether it is gone. *bytes and *n_folders grow by
 * what goes with it, which is nothing where another layer has the same folder. n_folders may be NULL. */
int layer_forget(Job *job, int64_t layer, const char *folder, uint64_t size, Removals *removals, uint64_t *bytes,
                 uint64_t *n_folders, sd_bus_error *error);

/* Those that layers_collect() looks at: id, folder, size. */
#define LAYERS_UNREFERENCED                                                                                            \
        "SELECT id, folder, size FROM layers l WHERE NOT EXISTS (SELECT 1 FROM layers WHERE parent = l.id)"            \
        " AND NOT EXISTS (SELECT 1 FROM images WHERE layer = l.id)"                                                    \
        " AND NOT EXISTS (SELECT 1 FROM caches WHERE seed = l.id)"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageSettings, image_settings_free)
