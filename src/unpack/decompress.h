/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

#include "unpack/input.h"

/*
 * A compressed stream, told by its first bytes: gzip, bzip2, xz, lzma, zstd, lz4, or none of these. What it is called
 * (by a media type, a file name) does not matter: people get that wrong, and digests tell whether it is right.
 */

typedef struct Decompressor Decompressor;

/* The input is borrowed, and has been started. `what` begins sentences. */
int decompressor_new(Input *input, const char *what, Decompressor **ret, sd_bus_error *error);
Decompressor *decompressor_free(Decompressor *decompressor);

/* The next bytes, valid until the next call. Returns 1, or 0 at the end: of the compressed data, after which the input
 * may have more. Errors with a sentence: InvalidImage where it is damaged or ends early, IOError where the input can't
 * be read. */
int decompressor_next(Decompressor *decompressor, const void **ret, size_t *ret_size, sd_bus_error *error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Decompressor, decompressor_free)
