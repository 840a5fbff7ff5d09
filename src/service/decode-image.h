/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/* The arguments of the manager's methods for images, checked. */

typedef enum ImageVerb {
        IMAGE_IMPORT,
        IMAGE_PULL,
        IMAGE_TAG,
        IMAGE_REMOVE,
        IMAGE_PRUNE,
} ImageVerb;

typedef struct ImageRequest {
        ImageVerb verb;
        char *name; /* NULL for prune; of a pull: the name that the image gets */
        char *new_name;
        char *reference;
        int source; /* -1: none */
        bool system;
        char *platform;      /* NULL: that of this machine */
        uint64_t older_than; /* seconds */
        uint64_t keep_bytes;
        bool all_users;
} ImageRequest;

/* Reads the call's arguments. Errors: InvalidArgs. */
int decode_image(sd_bus_message *m, ImageVerb verb, ImageRequest **ret, sd_bus_error *error);

ImageRequest *image_request_free(ImageRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageRequest, image_request_free)
