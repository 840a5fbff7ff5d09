/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "unpack/digest.h"
#include "unpack/source.h"
#include "util/platform.h"

/*
 * An image in a folder, of either kind: which layers it has, and its config.
 */

#define LAYOUT_LAYERS_MAX 127U

/* A layer's file. */
typedef struct LayoutLayer {
        char *path;
        char *digest; /* of the file, or NULL: then the size is not known either */
        uint64_t size;
        char *diff_id; /* of what is in it */
        char *url;     /* where it is to be had, if it may not be in the image; or NULL */
} LayoutLayer;

typedef struct Layout {
        GPtrArray *layers; /* LayoutLayer, the lowest first */
        JsonNode *config;
        Platform platform; /* as the list said that it was chosen from, */
        bool has_platform; /* if it said anything */
} Layout;

typedef enum LayoutKind {
        LAYOUT_NONE,
        LAYOUT_OCI,    /* an OCI image layout: oci-layout, index.json, blobs */
        LAYOUT_DOCKER, /* what `docker save` wrote before it wrote both: manifest.json, configs, layers' archives */
} LayoutKind;

/* Looks what a folder is. Errors: -EPIPE where the opener is gone. */
int layout_find(const Source *source, LayoutKind *ret);

/* Reads the documents, and checks them. Errors with a sentence: InvalidImage, IOError. */
int layout_read(const Source *source, LayoutKind kind, const Platform *platform, Layout **ret, sd_bus_error *error);
Layout *layout_free(Layout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layout, layout_free)

/* For the readers of either kind. */
Layout *layout_new(void);
/* Adds a layer; strings are copied, diff_id comes with layout_set_config(). */
void layout_add_layer(Layout *layout, const char *path, const char *digest, uint64_t size, const char *url);
/* Takes the config, which names as many diff_ids as there are layers. */
int layout_set_config(Layout *layout, JsonNode *config, sd_bus_error *error);
