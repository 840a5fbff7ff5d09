/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "unpack/digest.h"

/*
 * A thread that digests, so that reading an archive does not wait for it: SHA-256 takes more than half as long as
 * zstd's decompression, and tar, which digests nothing, is what an import is compared with.
 */

typedef struct Hasher Hasher;

Hasher *hasher_new(void);
/* Waits until all is done: the digests and bytes are the caller's again. */
Hasher *hasher_free(Hasher *hasher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hasher, hasher_free)

/* Has the bytes added to a digest, in the order of the calls. Both are the thread's until hasher_wait() for what this
 * returns. Waits where much is to be done already. */
uint64_t hasher_add(Hasher *hasher, Digest *digest, const void *bytes, size_t size);

/* Waits until that part, and all before it, are done; 0: for none. */
void hasher_wait(Hasher *hasher, uint64_t part);
