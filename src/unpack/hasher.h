/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "unpack/digest.h"

/*
 * A thread that digests, so that reading an archive does not wait for it: SHA-256 takes more than half as long as
 * zstd's decompression, and tar, which digests nothing, is what an import is compared with.
 */

typedef struct Hasher Hasher;

Hasher *hasher_new(void);
/* Ends the thread first. */
Hasher *hasher_free(Hasher *hasher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hasher, hasher_free)

/* Has a copy of the bytes added to a digest, in the order of the calls. Waits where much is to be done already. */
void hasher_add(Hasher *hasher, Digest *digest, const void *bytes, size_t size);

/* Waits until all is done: the digests are the caller's again, until the next hasher_add(). */
void hasher_wait(Hasher *hasher);
