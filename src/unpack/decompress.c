/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libarchive reads all kinds but gzip, of which it checks no checksum (3.6): a damaged one would pass. That one is
 * zlib's own work. libarchive's `raw` format is the way to have its filters without a format.
 */

#include "unpack/decompress.h"

#include <archive.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <zlib.h>

#include "util/error.h"

#define OUTPUT_SIZE (256U * 1024U)

typedef struct Kind {
        const char *name;
        const char *magic;
        size_t n_magic;
        int (*support)(struct archive *archive); /* NULL: zlib */
} Kind;

/* lzma's has no magic: these are its usual parameters, and the two lowest bytes of a dictionary's size. */
static const Kind kinds[] = {
        {"gzip", "\x1f\x8b", 2, NULL},
        {"bzip2", "BZh", 3, archive_read_support_filter_bzip2},
        {"xz", "\xfd\x37zXZ\0", 6, archive_read_support_filter_xz},
        {"lzma", "\x5d\0\0", 3, archive_read_support_filter_lzma},
        {"zstd", "\x28\xb5\x2f\xfd", 4, archive_read_support_filter_zstd},
        {"lz4", "\x04\x22\x4d\x18", 4, archive_read_support_filter_lz4},
};

struct Decompressor {
        Input *input;
        const char *what;
        const Kind *kind; /* NULL: not compressed */
        struct archive *archive;
        z_stream zlib;
        bool zlib_ready;
        unsigned char *output;
        bool input_ended, ended;
};

static const Kind *find_kind(const Input *input)
{
        size_t size;
        const unsigned char *bytes = input_peek(input, &size);

        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
                if (size >= kinds[i].n_magic && memcmp(bytes, kinds[i].magic, kinds[i].n_magic) == 0)
                        return &kinds[i];
        return NULL;
}

/* What stopped it: the input, or what stands in it. */
static int set_error(const Decompressor *d, const char *reason, sd_bus_error *error)
{
        if (d->input->error < 0)
                return error_set(error, SD_BUS_ERROR_IO_ERROR, "%s can't be read: %s", d->what,
                                 strerror(-d->input->error));
        return error_set(error, ERROR_INVALID_IMAGE, "%s is damaged or incomplete: %s", d->what, reason);
}

static ssize_t archive_next(struct archive *archive, void *data, const void **ret)
{
        Decompressor *d = data;
        ssize_t size = input_next(d->input, ret);

        if (size < 0)
                archive_set_error(archive, -(int) size, "%s", strerror(-(int) size));
        return size < 0 ? -1 : size;
}

static int open_archive(Decompressor *d, sd_bus_error *error)
{
        struct archive_entry *entry;
        int r;

        d->archive = archive_read_new();
        if (!d->archive)
                return -ENOMEM;
        /* Anything but OK means that it would call a program for that. */
        if (d->kind->support(d->archive) != ARCHIVE_OK || archive_read_support_format_raw(d->archive) != ARCHIVE_OK)
                return error_set(error, SD_BUS_ERROR_NOT_SUPPORTED,
                                 "%s is compressed by %s, which this machine's libarchive can't read", d->what,
                                 d->kind->name);
        if (archive_read_open(d->archive, d, NULL, archive_next, NULL) != ARCHIVE_OK)
                return set_error(d, archive_error_string(d->archive), error);
        r = archive_read_next_header(d->archive, &entry);
        /* It does not tell an empty stream from one that it can't read. */
        if (r == ARCHIVE_EOF)
                return set_error(d, "there is nothing in it", error);
        if (r != ARCHIVE_OK)
                return set_error(d, archive_error_string(d->archive), error);
        /* Where the rest of the header is wrong, the data is taken as it is. */
        if (archive_filter_count(d->archive) < 2)
                return set_error(d, "its header is wrong", error);
        return 0;
}

static int open_zlib(Decompressor *d)
{
        /* 16: with gzip's header and trailer. */
        if (inflateInit2(&d->zlib, MAX_WBITS + 16) != Z_OK)
                return -ENOMEM;
        d->zlib_ready = true;
        d->output = g_malloc(OUTPUT_SIZE);
        return 0;
}

int decompressor_new(Input *input, const char *what, Decompressor **ret, sd_bus_error *error)
{
        Decompressor *d = g_new0(Decompressor, 1);
        int r = 0;

        d->input = input;
        d->what = what;
        d->kind = find_kind(input);
        if (d->kind)
                r = d->kind->support ? open_archive(d, error) : open_zlib(d);
        if (r < 0) {
                decompressor_free(d);
                return r;
        }
        *ret = d;
        return 0;
}

Decompressor *decompressor_free(Decompressor *d)
{
        if (!d)
                return NULL;
        if (d->archive)
                archive_read_free(d->archive);
        if (d->zlib_ready)
                (void) inflateEnd(&d->zlib);
        g_free(d->output);
        g_free(d);
        return NULL;
}

static int next_plain(Decompressor *d, const void **ret, size_t *ret_size, sd_bus_error *error)
{
        ssize_t size = input_next(d->input, ret);

        if (size < 0)
                return set_error(d, "", error);
        *ret_size = (size_t) size;
        return size > 0;
}

/* More input for zlib, where it has none. */
static int feed_zlib(Decompressor *d, sd_bus_error *error)
{
        const void *bytes = NULL;
        ssize_t size;

        if (d->zlib.avail_in > 0 || d->input_ended)
                return 0;
        size = input_next(d->input, &bytes);
        if (size < 0)
                return set_error(d, "", error);
        d->input_ended = size == 0;
        d->zlib.next_in = (unsigned char *) bytes;
        d->zlib.avail_in = (unsigned) size;
        return 0;
}

/* A gzip file may be several, one after another. What follows and is none (padding of a tape) is left, as gzip does. */
static int end_member(Decompressor *d, sd_bus_error *error)
{
        int r = feed_zlib(d, error);

        if (r < 0)
                return r;
        d->ended = d->zlib.avail_in == 0 || *d->zlib.next_in != 0x1f;
        return d->ended || inflateReset(&d->zlib) == Z_OK ? 0 : -ENOMEM;
}

static int next_gzip(Decompressor *d, const void **ret, size_t *ret_size, sd_bus_error *error)
{
        d->zlib.next_out = d->output;
        d->zlib.avail_out = OUTPUT_SIZE;

        while (!d->ended && d->zlib.avail_out > 0) {
                int z, r = feed_zlib(d, error);

                if (r < 0)
                        return r;
                z = inflate(&d->zlib, Z_NO_FLUSH);
                if (z == Z_STREAM_END) {
                        r = end_member(d, error);
                        if (r < 0)
                                return r;
                } else if (z == Z_BUF_ERROR && d->input_ended)
                        return set_error(d, "its gzip data ends early", error);
                else if (z != Z_OK)
                        return set_error(d, d->zlib.msg ?: "its gzip data is wrong", error);
        }

        *ret = d->output;
        *ret_size = OUTPUT_SIZE - d->zlib.avail_out;
        return *ret_size > 0;
}

static int next_archive(Decompressor *d, const void **ret, size_t *ret_size, sd_bus_error *error)
{
        la_int64_t offset;
        int r;

        do
                r = archive_read_data_block(d->archive, ret, ret_size, &offset);
        while (r == ARCHIVE_RETRY || (r == ARCHIVE_OK && *ret_size == 0));
        if (r == ARCHIVE_EOF)
                return 0;
        if (r != ARCHIVE_OK)
                return set_error(d, archive_error_string(d->archive) ?: "its data is wrong", error);
        return 1;
}

int decompressor_next(Decompressor *d, const void **ret, size_t *ret_size, sd_bus_error *error)
{
        if (!d->kind)
                return next_plain(d, ret, ret_size, error);
        return d->kind->support ? next_archive(d, ret, ret_size, error) : next_gzip(d, ret, ret_size, error);
}
