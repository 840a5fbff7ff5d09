/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What kind of input it is. A pipe can't be read twice, and what tells a root file system from an image in an archive
 * may be the archive's last entry: so each archive is unpacked, and then looked at. A root file system is a single
 * layer in which whiteouts are ordinary files.
 */

#include "unpack/image.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "unpack/layer.h"
#include "unpack/sentence.h"
#include "unpack/store-link.h"
#include "util/error.h"

#define OUTER "outer"

static int send_done(size_t n_layers, const Usage *usage)
{
        char numbers[2][24];

        (void) snprintf(numbers[0], sizeof(numbers[0]), "%zu", n_layers);
        (void) snprintf(numbers[1], sizeof(numbers[1]), "%" PRIu64, usage->skipped);
        return store_link_send("done", numbers[0], numbers[1]);
}

/* The archive was a root file system: its only layer, which is there. */
static int finish_root(const Usage *usage, const char *diff_id, sd_bus_error *error)
{
        char size[24];
        int r;

        r = store_link_ask_layer(0, diff_id);
        if (r > 0) {
                if (rename(OUTER, "0") < 0)
                        return sentence_disk_error(error, "The layer's folder can't be renamed", errno);
                (void) snprintf(size, sizeof(size), "%" PRIu64, usage->bytes);
                r = store_link_send("unpacked", "0", diff_id, size);
        }
        return r < 0 ? r : send_done(1, usage);
}

static int unpack_archive(const Request *request, const struct stat *st, Usage *usage, sd_bus_error *error)
{
        const Layer outer = {.archive = {.fd = request->input, .what = "The archive"}, .folder = OUTER};
        char diff_id[DIGEST_TEXT_SIZE];
        int r;

        usage->total = S_ISREG(st->st_mode) ? (uint64_t) st->st_size : 0;
        r = layer_unpack(&outer, &request->limits, usage, diff_id, error);
        return r < 0 ? r : finish_root(usage, diff_id, error);
}

int image_unpack(const Request *request, sd_bus_error *error)
{
        Usage usage = {};
        struct stat st;

        usage.meter = mmap(NULL, sizeof(Meter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (usage.meter == MAP_FAILED)
                return error_set(error, SD_BUS_ERROR_NO_MEMORY, "There is no memory for the image's parser");
        if (fstat(request->input, &st) < 0)
                return error_set(error, SD_BUS_ERROR_IO_ERROR, "The archive can't be looked at: %m");
        if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
                return error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                 "An image comes from a regular file, a pipe, or a folder");
        return unpack_archive(request, &st, &usage, error);
}
