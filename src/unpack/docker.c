/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The archive of `docker save` (the Docker image spec v1.2): a list of images in manifest.json, each with a config and
 * the paths of its layers. A layer that stands twice is there once, and a symlink the other time. Nothing says a
 * file's digest, but a config is named after its own, and has those of the layers' contents.
 */

#include "unpack/docker.h"

#include <string.h>

#include "unpack/choice.h"
#include "unpack/document.h"
#include "util/cleanup.h"
#include "util/error.h"

#define MANIFEST   "manifest.json"
#define IMAGES_MAX 256U

typedef struct Image {
        JsonNode *entry; /* of the manifest, borrowed */
        JsonNode *config;
} Image;

static void image_free(void *data)
{
        Image *image = data;

        if (image->config)
                json_node_unref(image->config);
        g_free(image);
}

/* The digest that a config's path says, "HEX.json" or "blobs/sha256/HEX"; or NULL. Owned by the caller. */
static char *path_digest(const char *path)
{
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        g_autofree char *digest = g_strdup_printf("sha256:%.64s", name);

        if (!digest_is_valid(digest) || (name[64] != '\0' && strcmp(name + 64, ".json") != 0))
                return NULL;
        return g_steal_pointer(&digest);
}

static int read_config(const Source *source, Image *image, Platform *ret_platform, bool *ret_has_platform,
                       sd_bus_error *error)
{
        const char *path, *os, *architecture, *variant;
        g_autofree char *digest = NULL;
        int r;

        r = document_string(image->entry, "Config", MANIFEST, &path, error);
        if (r < 0)
                return r;
        if (r == 0)
                return error_set(error, ERROR_INVALID_IMAGE,
                                 "The image is malformed: its manifest.json names no config");
        digest = path_digest(path);
        r = document_load(source, path, digest ? &(Descriptor){.digest = digest, .size = DESCRIPTOR_ANY_SIZE} : NULL,
                          "its config", &image->config, error);
        if (r >= 0)
                r = document_string(image->config, "os", "its config", &os, error);
        if (r >= 0)
                r = document_string(image->config, "architecture", "its config", &architecture, error);
        if (r >= 0)
                r = document_string(image->config, "variant", "its config", &variant, error);
        if (r < 0)
                return r;
        *ret_has_platform = os && architecture;
        platform_set(ret_platform, os, architecture, variant);
        return 0;
}

static int add_images(const Source *source, JsonNode *manifest, GPtrArray *images, Choice *choice, sd_bus_error *error)
{
        JsonArray *array;

        if (!JSON_NODE_HOLDS_ARRAY(manifest))
                return error_set(error, ERROR_INVALID_IMAGE, "The image is malformed: its manifest.json is no array");
        array = json_node_get_array(manifest);
        if (json_array_get_length(array) == 0 || json_array_get_length(array) > IMAGES_MAX)
                return error_set(error, ERROR_INVALID_IMAGE, "The archive has %u images, and has to have 1 to %u",
                                 json_array_get_length(array), IMAGES_MAX);

        for (unsigned i = 0; i < json_array_get_length(array); i++) {
                Image *image = g_new0(Image, 1);
                g_autofree char *identity = g_strdup_printf("%u", i);
                Platform platform;
                bool has_platform = false;
                int r;

                g_ptr_array_add(images, image);
                image->entry = json_array_get_element(array, i);
                r = read_config(source, image, &platform, &has_platform, error);
                if (r < 0)
                        return r;
                choice_add(choice, has_platform ? &platform : NULL, i, identity, image);
        }
        return 0;
}

static int read_image(Image *image, Layout *layout, sd_bus_error *error)
{
        g_autoptr(GPtrArray) paths = NULL;
        int r = document_strings(image->entry, "Layers", MANIFEST, &paths, error);

        if (r < 0)
                return r;
        for (unsigned i = 0; i < paths->len; i++)
                layout_add_layer(layout, paths->pdata[i], NULL, 0, NULL);
        return layout_set_config(layout, g_steal_pointer(&image->config), error);
}

int docker_read(const Source *source, const Platform *platform, Layout **ret, sd_bus_error *error)
{
        g_autoptr(Layout) layout = layout_new();
        g_autoptr(Choice) choice = choice_new();
        g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func(image_free);
        g_autoptr(JsonNode) manifest = NULL;
        void *chosen;
        int r;

        r = document_load(source, MANIFEST, NULL, MANIFEST, &manifest, error);
        if (r >= 0)
                r = add_images(source, manifest, images, choice, error);
        if (r >= 0)
                r = choice_make(choice, platform, &chosen, &layout->platform, &layout->has_platform, error);
        if (r >= 0)
                r = read_image(chosen, layout, error);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&layout);
        return 0;
}
