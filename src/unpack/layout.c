/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/layout.h"

#include <errno.h>
#include <string.h>

#include "unpack/docker.h"
#include "unpack/document.h"
#include "unpack/oci.h"
#include "util/cleanup.h"
#include "util/error.h"

static void layer_free(void *data)
{
        LayoutLayer *layer = data;

        g_free(layer->path);
        g_free(layer->digest);
        g_free(layer->diff_id);
        g_free(layer->url);
        g_free(layer);
}

Layout *layout_new(void)
{
        Layout *layout = g_new0(Layout, 1);

        layout->layers = g_ptr_array_new_with_free_func(layer_free);
        return layout;
}

Layout *layout_free(Layout *layout)
{
        if (!layout)
                return NULL;
        g_ptr_array_unref(layout->layers);
        g_clear_pointer(&layout->config, json_node_unref);
        g_free(layout);
        return NULL;
}

void layout_add_layer(Layout *layout, const char *path, const char *digest, uint64_t size, const char *url)
{
        LayoutLayer *layer = g_new0(LayoutLayer, 1);

        layer->path = g_strdup(path);
        layer->digest = g_strdup(digest);
        layer->size = size;
        layer->url = g_strdup(url);
        g_ptr_array_add(layout->layers, layer);
}

static int set_diff_ids(Layout *layout, const GPtrArray *diff_ids, sd_bus_error *error)
{
        if (layout->layers->len == 0)
                return error_set(error, ERROR_INVALID_IMAGE, "The image has no layers");
        if (layout->layers->len > LAYOUT_LAYERS_MAX)
                return error_set(error, ERROR_INVALID_IMAGE,
                                 "The image has %u layers, more than %u, which is the limit", layout->layers->len,
                                 LAYOUT_LAYERS_MAX);
        if (diff_ids->len != layout->layers->len)
                return error_set(
                        error, ERROR_INVALID_IMAGE,
                        "The image is malformed: it has %u layers, and digests for %u ('diff_ids' of its config)",
                        layout->layers->len, diff_ids->len);
        for (unsigned i = 0; i < diff_ids->len; i++) {
                LayoutLayer *layer = layout->layers->pdata[i];

                if (!digest_is_valid(diff_ids->pdata[i]))
                        return error_set(
                                error, ERROR_INVALID_IMAGE,
                                "The image is malformed: the digest of layer %u ('diff_ids' of its config) is none "
                                "of SHA-256, the only kind that is known",
                                i + 1);
                layer->diff_id = g_strdup(diff_ids->pdata[i]);
        }
        return 0;
}

int layout_set_config(Layout *layout, JsonNode *config, sd_bus_error *error)
{
        g_autoptr(GPtrArray) diff_ids = NULL;
        JsonNode *rootfs;
        int r;

        layout->config = config;
        r = document_object(config, "rootfs", "its config", &rootfs, error);
        if (r < 0)
                return r;
        if (r == 0)
                return error_set(error, ERROR_INVALID_IMAGE,
                                 "The image is malformed: its config has no 'rootfs', so it is that of no container");
        r = document_strings(rootfs, "diff_ids", "its config", &diff_ids, error);
        return r < 0 ? r : set_diff_ids(layout, diff_ids, error);
}

static int is_there(const Source *source, const char *path)
{
        _cleanup_close_ int fd = source_open(source, path);

        return fd == -EPIPE ? fd : fd >= 0;
}

/* What docker saves now is of both kinds. The first one says more. */
int layout_find(const Source *source, LayoutKind *ret)
{
        int r;

        *ret = LAYOUT_NONE;
        r = is_there(source, "oci-layout");
        if (r > 0)
                r = is_there(source, "index.json");
        if (r > 0)
                *ret = LAYOUT_OCI;
        if (r != 0)
                return r;
        r = is_there(source, "manifest.json");
        if (r > 0)
                *ret = LAYOUT_DOCKER;
        return r;
}

int layout_read(const Source *source, LayoutKind kind, const Platform *platform, Layout **ret, sd_bus_error *error)
{
        return kind == LAYOUT_OCI ? oci_read(source, platform, ret, error) : docker_read(source, platform, ret, error);
}
