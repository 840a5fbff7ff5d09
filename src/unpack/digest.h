/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * SHA-256 by libgcrypt, which uses the processor's instructions for it, as the text that OCI images use: sha256:HEX.
 */

#define DIGEST_TEXT_SIZE (sizeof("sha256:") + 64)

typedef struct Digest Digest;

/* Once in the program, while it still sees the machine's files. */
void digest_prepare(void);

Digest *digest_new(void);
Digest *digest_free(Digest *digest);
void digest_update(Digest *digest, const void *bytes, size_t size);
/* The digest of what has been added so far. */
void digest_text(Digest *digest, char ret[static DIGEST_TEXT_SIZE]);

/* That it is one of ours, in lower case. */
bool digest_is_valid(const char *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Digest, digest_free)
