/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/stream.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "unpack/decompress.h"
#include "unpack/socket-wait.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Small archives may well be mostly holes. */
#define RATIO_FREE (UINT64_C(64) << 20)
/* What an entry may take besides its contents: headers and long names. */
#define ENTRY_BYTES UINT64_C(16384)
#define TAR_BLOCK   512U

typedef struct State {
        Stream *stream;
        Digest *digest;
        Hasher *hasher;
        uint64_t size;
        uint64_t hashed[RING_PARTS]; /* the hasher's part in each of the ring's */
        size_t n_zeros;              /* at the end of what has been seen, up to a block's */
} State;

static uint64_t saturating_sum(uint64_t a, uint64_t b)
{
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* No image within its limits is a longer stream. */
static uint64_t stream_size_max(const Limits *limits)
{
        uint64_t entries = limits->entries > UINT64_MAX / ENTRY_BYTES ? UINT64_MAX : limits->entries * ENTRY_BYTES;

        return saturating_sum(saturating_sum(limits->bytes, entries), RATIO_FREE);
}

static int check_size(const State *state, uint64_t compressed, sd_bus_error *error)
{
        const Limits *limits = state->stream->limits;
        const char *what = state->stream->archive->what;
        uint64_t size_max = stream_size_max(limits);

        if (state->size > size_max || compressed > size_max)
                return error_set(error, ERROR_INVALID_IMAGE,
                                 "%s is a stream of more than %" PRIu64 " bytes, the limit for images of %" PRIu64
                                 " bytes",
                                 what, size_max, limits->bytes);
        if (state->size > RATIO_FREE && state->size / limits->ratio > compressed)
                return error_set(error, ERROR_INVALID_IMAGE,
                                 "%s makes %" PRIu64 " bytes out of %" PRIu64 ", more than %" PRIu64
                                 " times as many, which is the limit",
                                 what, state->size, compressed, limits->ratio);
        return 0;
}

static void count_zeros(State *state, const unsigned char *bytes, size_t size)
{
        size_t n = 0;

        while (n < size && n < TAR_BLOCK && bytes[size - 1 - n] == 0)
                n++;
        state->n_zeros = n < size ? n : MIN(state->n_zeros + n, TAR_BLOCK);
}

/* Each part of the ring is digested where it is, beside the writer's reading it. */
static int pass_on(State *state, const unsigned char *bytes, size_t size)
{
        Ring *output = state->stream->output;

        while (size > 0) {
                size_t n = MIN(size, RING_PART_SIZE);
                unsigned char *part_bytes;
                unsigned part;
                int r = ring_reserve(output, &part, &part_bytes);

                if (r < 0)
                        return r;
                hasher_wait(state->hasher, state->hashed[part]);
                memcpy(part_bytes, bytes, n);
                state->hashed[part] = hasher_add(state->hasher, state->digest, part_bytes, n);
                r = ring_send(output, n);
                if (r < 0)
                        return r;
                bytes += n;
                size -= n;
        }
        return 0;
}

static int copy(State *state, Input *input, sd_bus_error *error)
{
        const char *what = state->stream->archive->what;
        g_autoptr(Decompressor) decompressor = NULL;
        const void *bytes;
        size_t size;
        int r;

        r = decompressor_new(input, what, &decompressor, error);
        if (r < 0)
                return r;
        while ((r = decompressor_next(decompressor, &bytes, &size, error)) > 0) {
                state->size += size;
                count_zeros(state, bytes, size);
                r = check_size(state, input->size, error);
                if (r >= 0)
                        r = pass_on(state, bytes, size);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        /* What follows the compressed data belongs to the digest, too. */
        while ((r = (int) input_next(input, &bytes)) > 0) {
                r = check_size(state, input->size, error);
                if (r < 0)
                        return r;
        }
        return r < 0 ? error_set(error, SD_BUS_ERROR_IO_ERROR, "%s can't be read: %s", what, strerror(-r)) : 0;
}

static int check_digests(const State *state, const Input *input, const char *diff_id, sd_bus_error *error)
{
        const Archive *archive = state->stream->archive;
        char digest[DIGEST_TEXT_SIZE];

        if (archive->digest) {
                if (input->size != archive->size)
                        return error_set(error, ERROR_INVALID_IMAGE,
                                         "%s is %" PRIu64 " bytes long, and should be %" PRIu64, archive->what,
                                         input->size, archive->size);
                digest_text(input->digest, digest);
                if (strcmp(digest, archive->digest) != 0)
                        return error_set(error, ERROR_INVALID_IMAGE, "%s has the digest %s instead", archive->what,
                                         digest);
        }
        if (archive->diff_id && strcmp(diff_id, archive->diff_id) != 0)
                return error_set(error, ERROR_INVALID_IMAGE, "%s has the digest %s uncompressed, and should have %s",
                                 archive->what, diff_id, archive->diff_id);
        if (!archive->diff_id && state->n_zeros < TAR_BLOCK)
                return error_set(error, ERROR_INVALID_IMAGE,
                                 "%s is no tar archive, or incomplete: it does not end with a block of zeros",
                                 archive->what);
        return 0;
}

int stream_run(int report, void *data, sd_bus_error *error)
{
        Stream *stream = data;
        const Archive *archive = stream->archive;
        _cleanup_(input_done) Input input = {};
        g_autoptr(Digest) digest = digest_new();
        g_autoptr(Hasher) hasher = hasher_new();
        State state = {.stream = stream, .digest = digest, .hasher = hasher};
        char diff_id[DIGEST_TEXT_SIZE];
        int r;

        ring_be_source(stream->output);
        r = input_start(&input, archive->fd, stream->meter, archive->digest ? hasher : NULL);
        if (r < 0)
                return error_set(error, SD_BUS_ERROR_IO_ERROR, "%s can't be read: %s", archive->what, strerror(-r));
        if (input.size == 0)
                return error_set(error, ERROR_INVALID_IMAGE, "%s is empty", archive->what);

        r = copy(&state, &input, error);
        if (r < 0)
                return r;
        g_clear_pointer(&hasher, hasher_free);
        digest_text(digest, diff_id);
        r = check_digests(&state, &input, diff_id, error);
        if (r < 0)
                return r;
        return socket_send(report, (const char *const[]){"ok", diff_id, NULL});
}
