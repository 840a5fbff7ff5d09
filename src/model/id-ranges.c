/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/id-ranges.h"

#include <errno.h>
#include <stdbool.h>

struct IdRanges {
        uint32_t first;
        uint32_t n_blocks;
        GHashTable *taken; /* first ids */
};

IdRanges *id_ranges_new(uint32_t first, uint32_t size)
{
        IdRanges *ranges = g_new0(IdRanges, 1);

        id_ranges_set(ranges, first, size);
        ranges->taken = g_hash_table_new(NULL, NULL);
        return ranges;
}

void id_ranges_set(IdRanges *ranges, uint32_t first, uint32_t size)
{
        ranges->first = first;
        ranges->n_blocks = size / ID_RANGE_SIZE;
}

IdRanges *id_ranges_free(IdRanges *ranges)
{
        if (!ranges)
                return NULL;
        g_hash_table_unref(ranges->taken);
        g_free(ranges);
        return NULL;
}

int id_ranges_acquire(IdRanges *ranges, uint32_t *ret_first)
{
        for (uint32_t i = 1; i < ranges->n_blocks; i++) {
                uint32_t first = ranges->first + i * ID_RANGE_SIZE;

                if (g_hash_table_add(ranges->taken, GUINT_TO_POINTER(first))) {
                        *ret_first = first;
                        return 0;
                }
        }
        return -ENOSPC;
}

void id_ranges_release(IdRanges *ranges, uint32_t first)
{
        g_hash_table_remove(ranges->taken, GUINT_TO_POINTER(first));
}
