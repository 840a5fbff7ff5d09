/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "unpack/source.h"

/*
 * The JSON documents of an image: read with limits, checked against their digests, and asked for members of the types
 * that these have to have. null is as good as no member, as docker writes it.
 */

/* What a descriptor of another document says of a document or layer. Strings are borrowed from its document. */
typedef struct Descriptor {
        const char *media_type; /* "" where there is none */
        const char *digest;     /* valid */
        uint64_t size;          /* or DESCRIPTOR_ANY_SIZE */
} Descriptor;

#define DESCRIPTOR_ANY_SIZE UINT64_MAX

/* Loads path. descriptor: what it has to be, or NULL. what: names it in sentences, "its config". Errors with a
 * sentence: InvalidImage, IOError. */
int document_load(const Source *source, const char *path, const Descriptor *descriptor, const char *what,
                  JsonNode **ret, sd_bus_error *error);

/* The same for a blob of an OCI layout, by its descriptor. */
int document_load_blob(const Source *source, const Descriptor *descriptor, const char *what, JsonNode **ret,
                       sd_bus_error *error);

/* Where an OCI layout has a blob. Owned by the caller. */
char *document_blob_path(const char *digest);

/* A member of a JSON object, borrowed. Returns 1, or 0 where it is not there and *ret is NULL. Errors with a sentence
 * where it is of another type, or the node is no object. */
int document_string(JsonNode *node, const char *member, const char *what, const char **ret, sd_bus_error *error);
int document_object(JsonNode *node, const char *member, const char *what, JsonNode **ret, sd_bus_error *error);
int document_array(JsonNode *node, const char *member, const char *what, JsonArray **ret, sd_bus_error *error);
/* An array of strings. Free the container only. */
int document_strings(JsonNode *node, const char *member, const char *what, GPtrArray **ret, sd_bus_error *error);

/* Reads a descriptor, which is an object itself. */
int document_descriptor(JsonNode *node, const char *what, Descriptor *ret, sd_bus_error *error);
