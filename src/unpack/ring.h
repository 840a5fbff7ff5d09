/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stddef.h>

/*
 * Bytes from one worker to another by a ring of parts in shared memory, which the one fills and the other reads where
 * they are: a pipe would have the kernel copy all of them twice. Two pipes say which parts are filled and free again,
 * so that each end notices when the other one is gone. Parts are filled, read and given back in their order.
 */

#define RING_PARTS     16U
#define RING_PART_SIZE ((size_t) 128 * 1024)

typedef struct Ring Ring;

/* For both ends, before the workers are started. Errors: of mmap(2), pipe2(2). */
int ring_new(Ring **ret);
/* What this process has of it. */
Ring *ring_free(Ring *ring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ring, ring_free)

/* In a worker: it is the end that fills, or the one that reads. */
void ring_be_source(Ring *ring);
void ring_be_sink(Ring *ring);

/* Waits for the next part to fill, RING_PART_SIZE bytes, and hands it out until ring_send(); its number (below
 * RING_PARTS) comes in *ret_part. Where the sink is gone, it is had at once. Errors: of read(2). */
int ring_reserve(Ring *ring, unsigned *ret_part, unsigned char **ret);
/* Hands that part over with so many bytes in it, 1 to RING_PART_SIZE. That nobody reads it is no error. Errors: of
 * write(2). */
int ring_send(Ring *ring, size_t size);

/* Gives the part before back, and waits for the next one: *ret is valid until the next call. Returns how many bytes are
 * in it, 0 where the source is gone. Errors: of read(2); -EBADMSG for a size that can't be. */
ssize_t ring_receive(Ring *ring, const void **ret);
