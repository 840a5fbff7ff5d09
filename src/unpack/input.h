/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "unpack/hasher.h"

/*
 * The bytes of a file or pipe as they come: counted for the progress, and digested. A regular file is read from its
 * beginning, whatever the offset of the fd, which is shared with whoever opened it.
 */

/* How much has been read, for other processes to look at: in shared memory. */
typedef struct Meter {
        _Atomic uint64_t read;
} Meter;

typedef struct Input {
        int fd; /* borrowed */
        bool seekable;
        Meter *meter;
        Digest *digest;  /* NULL: not wanted */
        Hasher *hasher;  /* borrowed */
        uint64_t hashed; /* the hasher's part that is in the buffer */
        uint64_t size;   /* read so far */
        int error;       /* negative errno of a read that failed */
        unsigned char *buffer;
        size_t held; /* in the buffer, read and not yet handed out */
} Input;

/* Reads the beginning. hasher: digests it, or NULL where no digest is wanted. Errors: those of read(2). */
int input_start(Input *input, int fd, Meter *meter, Hasher *hasher);
void input_done(Input *input);

/* The beginning, before it is handed out: 512 bytes where there are so many. */
const unsigned char *input_peek(const Input *input, size_t *ret_size);

/* Hands out the next bytes, valid until the next call. Returns how many, 0 at the end. Errors: those of read(2). */
ssize_t input_next(Input *input, const void **ret);
