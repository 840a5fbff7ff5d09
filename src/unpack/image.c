/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What kind of input it is. A pipe can't be read twice, and what tells a root file system from an image in an archive
 * may be the archive's last entry: so each archive is unpacked, and then looked at. A root file system is a single
 * layer in which whiteouts are ordinary files.
 */

#include "unpack/image.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "unpack/document.h"
#include "unpack/layer.h"
#include "unpack/layout.h"
#include "unpack/sentence.h"
#include "unpack/settings.h"
#include "unpack/store-link.h"
#include "util/cleanup.h"
#include "util/error.h"

#define OUTER      "outer"
#define INDEX_SIZE 12U

typedef struct Unpacking {
        const Request *request;
        Platform platform;
        Usage usage;
} Unpacking;

static int send_done(const Unpacking *u, size_t n_layers)
{
        char numbers[2][24];

        (void) snprintf(numbers[0], sizeof(numbers[0]), "%zu", n_layers);
        (void) snprintf(numbers[1], sizeof(numbers[1]), "%" PRIu64, u->usage.skipped);
        return store_link_send("done", numbers[0], numbers[1]);
}

/* Where a config says nothing that could be one, nothing is known. */
static int send_platform(const Platform *platform)
{
        g_autofree char *text = NULL;

        if (!platform_is_valid(platform))
                return 0;
        text = platform_to_text(platform);
        return store_link_send("platform", text);
}

static int send_unpacked(const char *index, const char *diff_id, uint64_t size)
{
        char number[24];

        (void) snprintf(number, sizeof(number), "%" PRIu64, size);
        return store_link_send("unpacked", index, diff_id, number);
}

/* The archive was a root file system: its only layer, which is there. */
static int finish_root(const Unpacking *u, const LayerResult *layer, sd_bus_error *error)
{
        int r;

        if (layer->objection)
                return error_set(error, ERROR_INVALID_IMAGE, "%s", layer->objection);
        r = store_link_ask_layer(0, layer->diff_id);
        if (r > 0) {
                if (rename(OUTER, "0") < 0)
                        return sentence_disk_error(error, "The layer's folder can't be renamed", errno);
                r = send_unpacked("0", layer->diff_id, u->usage.bytes);
        }
        /* It does not say what it is for, so its owner's word is taken. */
        if (r >= 0)
                r = send_platform(&u->platform);
        return r < 0 ? r : send_done(u, 1);
}

static int open_layer(const Source *source, const LayoutLayer *layer, const char *what, sd_bus_error *error)
{
        g_autofree char *name = NULL;
        int fd = source_open(source, layer->path);

        if (fd >= 0)
                return fd;
        if (layer->url && fd == -ENOENT) {
                name = sentence_name(layer->url);
                return error_set(
                        error, ERROR_INVALID_IMAGE,
                        "%s is not in the image, but is to be had from %s (a foreign layer); gangway does not fetch "
                        "those, make an image that has it",
                        what, name);
        }
        name = sentence_name(layer->path);
        return error_set(error, ERROR_INVALID_IMAGE, "%s ('%s') %s: %s", what, name,
                         fd == -ENOENT ? "is not in the image" : "can't be opened", strerror(-fd));
}

static int unpack_layer(Unpacking *u, const Source *source, const LayoutLayer *layer, size_t number, size_t n_layers,
                        sd_bus_error *error)
{
        g_autofree char *what =
                g_strdup_printf("Layer %zu of %zu (%s)", number + 1, n_layers, layer->digest ?: layer->diff_id);
        uint64_t before = u->usage.bytes;
        _cleanup_close_ int fd = -1;
        _cleanup_(layer_result_done) LayerResult result = {};
        char index[INDEX_SIZE];
        int r;

        r = store_link_ask_layer(number, layer->diff_id);
        if (r <= 0)
                return r;
        fd = open_layer(source, layer, what, error);
        if (fd < 0)
                return fd;

        (void) snprintf(index, sizeof(index), "%zu", number);
        r = layer_unpack(&(const Layer){.archive = {.fd = fd,
                                                    .what = what,
                                                    .digest = layer->digest,
                                                    .size = layer->size,
                                                    .diff_id = layer->diff_id},
                                        .folder = index,
                                        .index = index},
                         &u->request->limits, &u->usage, &result, error);
        return r < 0 ? r : send_unpacked(index, result.diff_id, u->usage.bytes - before);
}

static void add_total(Unpacking *u, const Layout *layout)
{
        for (unsigned i = 0; i < layout->layers->len; i++) {
                const LayoutLayer *layer = layout->layers->pdata[i];

                /* A made-up size is found out when the layer is read. */
                u->usage.total += MIN(layer->size, (uint64_t) INT64_MAX / LAYOUT_LAYERS_MAX);
        }
}

/* The index comes first, where it says something: configs of arm's lesser variants often leave the variant out, which
 * would make them arm/v7. */
static int read_platform(const Unpacking *u, const Layout *layout, Platform *ret, sd_bus_error *error)
{
        static const char what[] = "its config";
        const char *os, *architecture, *variant;
        g_autofree char *wanted = NULL, *there = NULL, *name = NULL;
        int r;

        if (layout->has_platform) {
                *ret = layout->platform;
                return 0;
        }
        r = document_string(layout->config, "os", what, &os, error);
        if (r >= 0)
                r = document_string(layout->config, "architecture", what, &architecture, error);
        if (r >= 0)
                r = document_string(layout->config, "variant", what, &variant, error);
        if (r < 0)
                return r;
        if (!os || !architecture) {
                *ret = u->platform;
                return 0;
        }
        platform_set(ret, os, architecture, variant);
        /* What nobody asked for is taken as what it is, so that an image need not be for this machine. */
        if (strcmp(ret->os, u->platform.os) == 0 && (!*u->request->platform || platform_fit(&u->platform, ret) > 0))
                return 0;
        wanted = platform_to_text(&u->platform);
        there = platform_to_text(ret);
        name = sentence_name(there);
        return error_set(error, ERROR_INVALID_IMAGE, "The image's config says that it is for %s, and not for %s", name,
                         wanted);
}

static int unpack_layout(Unpacking *u, const Source *source, LayoutKind kind, sd_bus_error *error)
{
        g_autoptr(Layout) layout = NULL;
        g_autoptr(Settings) settings = NULL;
        Platform platform;
        int r;

        r = layout_read(source, kind, &u->platform, &layout, error);
        if (r >= 0)
                r = read_platform(u, layout, &platform, error);
        if (r >= 0)
                r = settings_read(layout->config, &settings, error);
        if (r < 0)
                return r;

        add_total(u, layout);
        for (unsigned i = 0; i < layout->layers->len; i++) {
                r = unpack_layer(u, source, layout->layers->pdata[i], i, layout->layers->len, error);
                if (r < 0)
                        return r;
        }
        r = settings_send(settings);
        if (r >= 0)
                r = send_platform(&platform);
        return r < 0 ? r : send_done(u, layout->layers->len);
}

static int unpack_archive(Unpacking *u, const struct stat *st, sd_bus_error *error)
{
        const Layer outer = {.archive = {.fd = u->request->input, .what = "The archive"}, .folder = OUTER};
        _cleanup_close_ int folder = -1;
        _cleanup_(layer_result_done) LayerResult result = {};
        LayoutKind kind;
        int r;

        u->usage.total = S_ISREG(st->st_mode) ? (uint64_t) st->st_size : 0;
        r = layer_unpack(&outer, &u->request->limits, &u->usage, &result, error);
        if (r < 0)
                return r;

        folder = open(OUTER, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0)
                return sentence_disk_error(error, "The archive's folder can't be opened", errno);
        r = layout_find(&(const Source){.folder = folder, .opener = -1}, &kind);
        if (r < 0)
                return r;
        if (kind == LAYOUT_NONE)
                return finish_root(u, &result, error);

        /* The limits are those of an image, and of an archive of one. */
        u->usage.bytes = u->usage.entries = u->usage.skipped = 0;
        return unpack_layout(u, &(const Source){.folder = folder, .opener = -1}, kind, error);
}

static int unpack_folder(Unpacking *u, sd_bus_error *error)
{
        const Source source = {.folder = -1, .opener = u->request->input};
        LayoutKind kind;
        int r = layout_find(&source, &kind);

        if (r < 0)
                return error_set(error, SD_BUS_ERROR_IO_ERROR, "The image's folder can't be read: %s", strerror(-r));
        if (kind == LAYOUT_NONE)
                return error_set(
                        error, ERROR_INVALID_IMAGE,
                        "The folder is no image: it has neither 'oci-layout' and 'index.json' nor 'manifest.json'");
        return unpack_layout(u, &source, kind, error);
}

/* What is wanted, or else this machine's. */
static int set_platform(Platform *platform, const char *wanted, sd_bus_error *error)
{
        struct utsname name;

        if (*wanted)
                return platform_parse(wanted, platform, error);
        (void) uname(&name);
        platform_set_machine(platform, name.machine);
        return 0;
}

int image_unpack(const Request *request, sd_bus_error *error)
{
        Unpacking u = {.request = request};
        struct stat st;
        int r;

        r = set_platform(&u.platform, request->platform, error);
        if (r < 0)
                return r;
        /* cppcheck-suppress invalidFunctionArg ; -1 is what mmap(2) wants of an anonymous mapping */
        u.usage.meter = mmap(NULL, sizeof(Meter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (u.usage.meter == MAP_FAILED)
                return error_set(error, SD_BUS_ERROR_NO_MEMORY, "There is no memory for the image's parser");
        if (fstat(request->input, &st) < 0)
                return error_set(error, SD_BUS_ERROR_IO_ERROR, "The archive can't be looked at: %m");

        if (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode))
                return unpack_archive(&u, &st, error);
        if (S_ISSOCK(st.st_mode))
                return unpack_folder(&u, error);
        return error_set(error, SD_BUS_ERROR_INVALID_ARGS, "An image comes from a regular file, a pipe, or a folder");
}
