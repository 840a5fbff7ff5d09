/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>

/*
 * * Who has which 65,536 ids: each sandboxed container gets a block of its own out of the configured range, so that no
 * two of them share an id on the host. The first block of the range is the store's: the files of images have its ids,
 * and no process ever runs with them.
 */

#define ID_RANGE_SIZE 65536U

typedef struct IdRanges IdRanges;

/* first and size are multiples of ID_RANGE_SIZE, and size is at least two of them; the config's parser sees to it. */
IdRanges *id_ranges_new(uint32_t first, uint32_t size);
/* Takes blocks from another range from now on; those that are taken stay so. */
void id_ranges_set(IdRanges *ranges, uint32_t first, uint32_t size);
IdRanges *id_ranges_free(IdRanges *ranges);

/* Takes the lowest free block. Errors: -ENOSPC where all are taken. */
int id_ranges_acquire(IdRanges *ranges, uint32_t *ret_first);
void id_ranges_release(IdRanges *ranges, uint32_t first);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(IdRanges, id_ranges_free)
