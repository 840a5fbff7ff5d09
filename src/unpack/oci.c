/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The OCI image layout (OCI image spec: image-layout, image-index, manifest, config). Docker's media types mean the
 * same, and images that were fetched from a registry as they were have them.
 */

#include "unpack/oci.h"

#include <string.h>

#include "unpack/choice.h"
#include "unpack/document.h"
#include "unpack/sentence.h"
#include "util/cleanup.h"
#include "util/error.h"

#define INDEX_DEPTH_MAX 8U
#define DESCRIPTORS_MAX 1024U

#define OCI    "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

static const char *const index_types[] = {
        OCI "index.v1+json",
        DOCKER "distribution.manifest.list.v2+json",
        NULL,
};
static const char *const manifest_types[] = {
        "",
        OCI "manifest.v1+json",
        DOCKER "distribution.manifest.v2+json",
        NULL,
};
static const char *const config_types[] = {
        "",
        OCI "config.v1+json",
        DOCKER "container.image.v1+json",
        NULL,
};
static const char *const layer_types[] = {
        OCI "layer.v1.tar",
        OCI "layer.v1.tar+gzip",
        OCI "layer.v1.tar+zstd",
        OCI "layer.nondistributable.v1.tar",
        OCI "layer.nondistributable.v1.tar+gzip",
        OCI "layer.nondistributable.v1.tar+zstd",
        DOCKER "image.rootfs.diff.tar",
        DOCKER "image.rootfs.diff.tar.gzip",
        DOCKER "image.rootfs.diff.tar.zstd",
        DOCKER "image.rootfs.foreign.diff.tar",
        DOCKER "image.rootfs.foreign.diff.tar.gzip",
        DOCKER "image.rootfs.foreign.diff.tar.zstd",
        NULL,
};

typedef struct Walk {
        const Source *source;
        Choice *choice;
        GPtrArray *documents;   /* what the descriptors borrow from */
        GPtrArray *descriptors; /* of the candidates */
        unsigned n_descriptors;
        unsigned group;
} Walk;

static void walk_init(Walk *walk, const Source *source)
{
        walk->source = source;
        walk->choice = choice_new();
        walk->documents = g_ptr_array_new_with_free_func((GDestroyNotify) json_node_unref);
        walk->descriptors = g_ptr_array_new_with_free_func(g_free);
}

static void walk_done(Walk *walk)
{
        choice_free(walk->choice);
        g_ptr_array_unref(walk->documents);
        g_ptr_array_unref(walk->descriptors);
}

static int wrong_type(const char *what, const char *type, sd_bus_error *error)
{
        g_autofree char *name = sentence_name(type);

        return error_set(error, ERROR_INVALID_IMAGE, "The image is none of a container: its %s is of the type '%s'",
                         what, name);
}

/* Returns 1 where there is one, which may be "unknown/unknown": what is no image, but says something of one. */
static int read_platform(JsonNode *node, Platform *ret, sd_bus_error *error)
{
        static const char what[] = "a platform of its index";
        const char *os, *architecture, *variant;
        JsonNode *platform;
        int r;

        r = document_object(node, "platform", "an entry of its index", &platform, error);
        if (r <= 0)
                return r;
        r = document_string(platform, "os", what, &os, error);
        if (r >= 0)
                r = document_string(platform, "architecture", what, &architecture, error);
        if (r >= 0)
                r = document_string(platform, "variant", what, &variant, error);
        if (r < 0)
                return r;
        platform_set(ret, os, architecture, variant);
        return os && architecture;
}

static int add_manifest(Walk *walk, JsonNode *node, const Descriptor *descriptor, sd_bus_error *error)
{
        Descriptor *copy;
        Platform platform;
        int r = read_platform(node, &platform, error);

        if (r < 0)
                return r;
        if (r > 0 && strcmp(platform.os, "unknown") == 0)
                return 0;
        copy = g_new0(Descriptor, 1);
        *copy = *descriptor;
        g_ptr_array_add(walk->descriptors, copy);
        choice_add(walk->choice, r > 0 ? &platform : NULL, walk->group, descriptor->digest, copy);
        return 0;
}

/* Adds an index' manifests to the candidates. Takes the document. */
static int walk_index(Walk *walk, JsonNode *document, unsigned depth, sd_bus_error *error)
{
        JsonArray *manifests;
        int r;

        g_ptr_array_add(walk->documents, document);
        r = document_array(document, "manifests", "its index", &manifests, error);
        if (r < 0)
                return r;

        for (unsigned i = 0; manifests && i < json_array_get_length(manifests); i++) {
                JsonNode *node = json_array_get_element(manifests, i), *inner;
                Descriptor descriptor;

                if (++walk->n_descriptors > DESCRIPTORS_MAX)
                        return error_set(error, ERROR_INVALID_IMAGE,
                                         "The image's indexes have more than %u entries, which is the limit",
                                         DESCRIPTORS_MAX);
                walk->group += depth == 0;
                r = document_descriptor(node, "an entry of its index", &descriptor, error);
                if (r < 0)
                        return r;
                if (g_strv_contains(manifest_types, descriptor.media_type)) {
                        r = add_manifest(walk, node, &descriptor, error);
                } else if (g_strv_contains(index_types, descriptor.media_type)) {
                        if (depth >= INDEX_DEPTH_MAX)
                                return error_set(
                                        error, ERROR_INVALID_IMAGE,
                                        "The image's indexes are nested more than %u levels deep, which is the limit",
                                        INDEX_DEPTH_MAX);
                        r = document_load_blob(walk->source, &descriptor, "an index", &inner, error);
                        if (r >= 0)
                                r = walk_index(walk, inner, depth + 1, error);
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

static int check_version(const Source *source, sd_bus_error *error)
{
        g_autoptr(JsonNode) document = NULL;
        const char *version;
        int r;

        r = document_load(source, "oci-layout", NULL, "its layout file", &document, error);
        if (r >= 0)
                r = document_string(document, "imageLayoutVersion", "its layout file", &version, error);
        if (r >= 0 && (!version || !g_str_has_prefix(version, "1."))) {
                g_autofree char *name = sentence_name(version ?: "");

                return error_set(error, ERROR_INVALID_IMAGE,
                                 "The image's layout has the version '%s', and only 1 is known", name);
        }
        return r;
}

static int add_layer(Layout *layout, JsonNode *node, sd_bus_error *error)
{
        g_autoptr(GPtrArray) urls = NULL;
        g_autofree char *path = NULL;
        Descriptor descriptor;
        int r;

        r = document_descriptor(node, "a layer", &descriptor, error);
        if (r >= 0)
                r = document_strings(node, "urls", "a layer", &urls, error);
        if (r < 0)
                return r;
        if (!g_strv_contains(layer_types, descriptor.media_type))
                return wrong_type("layer", descriptor.media_type, error);
        path = document_blob_path(descriptor.digest);
        layout_add_layer(layout, path, descriptor.digest, descriptor.size, urls->len > 0 ? urls->pdata[0] : NULL);
        return 0;
}

static int read_manifest(const Source *source, const Descriptor *descriptor, Layout *layout, sd_bus_error *error)
{
        static const char what[] = "its manifest";
        g_autoptr(JsonNode) manifest = NULL;
        JsonNode *node, *config;
        Descriptor config_descriptor;
        JsonArray *layers;
        int r;

        r = document_load_blob(source, descriptor, what, &manifest, error);
        if (r >= 0)
                r = document_object(manifest, "config", what, &node, error);
        if (r < 0)
                return r;
        if (r == 0)
                return error_set(error, ERROR_INVALID_IMAGE, "The image is malformed: its manifest names no config");
        r = document_descriptor(node, "its config", &config_descriptor, error);
        if (r >= 0 && !g_strv_contains(config_types, config_descriptor.media_type))
                r = wrong_type("config", config_descriptor.media_type, error);
        if (r >= 0)
                r = document_array(manifest, "layers", what, &layers, error);
        if (r < 0)
                return r;

        for (unsigned i = 0; layers && i < json_array_get_length(layers); i++) {
                r = add_layer(layout, json_array_get_element(layers, i), error);
                if (r < 0)
                        return r;
        }
        r = document_load_blob(source, &config_descriptor, "its config", &config, error);
        return r < 0 ? r : layout_set_config(layout, config, error);
}

int oci_read(const Source *source, const Platform *platform, Layout **ret, sd_bus_error *error)
{
        g_autoptr(Layout) layout = layout_new();
        _cleanup_(walk_done) Walk walk = {};
        JsonNode *index;
        void *chosen;
        int r;

        walk_init(&walk, source);
        r = check_version(source, error);
        if (r >= 0)
                r = document_load(source, "index.json", NULL, "its index", &index, error);
        if (r >= 0)
                r = walk_index(&walk, index, 0, error);
        if (r < 0)
                return r;
        if (choice_count(walk.choice) == 0)
                return error_set(error, ERROR_INVALID_IMAGE, "The image's index names no image of a container");

        r = choice_make(walk.choice, platform, &chosen, &layout->platform, &layout->has_platform, error);
        if (r >= 0)
                r = read_manifest(source, chosen, layout, error);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&layout);
        return 0;
}
