/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Blocks of ids: no block twice, none lost, none outside of the range, and the first one for the store alone. */

#include <errno.h>
#include <glib.h>

#include "model/id-ranges.h"

#define FIRST (10 * ID_RANGE_SIZE)

/* Ranges with so many blocks for containers, from first on; the store's comes before them. */
static IdRanges *new_ranges(uint32_t first, uint32_t n)
{
        return id_ranges_new(first - ID_RANGE_SIZE, (n + 1) * ID_RANGE_SIZE);
}

static void set_ranges(IdRanges *ranges, uint32_t first, uint32_t n)
{
        id_ranges_set(ranges, first - ID_RANGE_SIZE, (n + 1) * ID_RANGE_SIZE);
}

static void assert_acquired(IdRanges *ranges, uint32_t expected)
{
        uint32_t first = 4711;

        g_assert_cmpint(id_ranges_acquire(ranges, &first), ==, 0);
        g_assert_cmpuint(first, ==, expected);
}

static void assert_none_left(IdRanges *ranges)
{
        uint32_t first = 4711;

        g_assert_cmpint(id_ranges_acquire(ranges, &first), ==, -ENOSPC);
        g_assert_cmpuint(first, ==, 4711);
}

static void test_all(void)
{
        g_autoptr(IdRanges) ranges = new_ranges(FIRST, 3);

        assert_acquired(ranges, FIRST);
        assert_acquired(ranges, FIRST + ID_RANGE_SIZE);
        assert_acquired(ranges, FIRST + 2 * ID_RANGE_SIZE);
        assert_none_left(ranges);
        assert_none_left(ranges);
}

static void test_store(void)
{
        g_autoptr(IdRanges) ranges = id_ranges_new(FIRST, 2 * ID_RANGE_SIZE);

        assert_acquired(ranges, FIRST + ID_RANGE_SIZE);
        assert_none_left(ranges);
}

static void test_release(void)
{
        g_autoptr(IdRanges) ranges = new_ranges(FIRST, 3);

        for (uint32_t i = 0; i < 3; i++)
                assert_acquired(ranges, FIRST + i * ID_RANGE_SIZE);
        id_ranges_release(ranges, FIRST + 2 * ID_RANGE_SIZE);
        id_ranges_release(ranges, FIRST + ID_RANGE_SIZE);
        /* Once more is no second block. */
        id_ranges_release(ranges, FIRST + ID_RANGE_SIZE);
        assert_acquired(ranges, FIRST + ID_RANGE_SIZE);
        assert_acquired(ranges, FIRST + 2 * ID_RANGE_SIZE);
        assert_none_left(ranges);
}

/* The highest range that the config allows ends at 2^31. */
static void test_highest(void)
{
        g_autoptr(IdRanges) ranges = new_ranges(2147418112U, 1);

        assert_acquired(ranges, 2147418112U);
        assert_none_left(ranges);
        id_ranges_release(ranges, 2147418112U);
        assert_acquired(ranges, 2147418112U);
}

/* A reload moves the range: what is taken stays taken, also where the two overlap, and is released as before. */
static void test_set(void)
{
        g_autoptr(IdRanges) ranges = new_ranges(FIRST, 2);

        assert_acquired(ranges, FIRST);
        assert_acquired(ranges, FIRST + ID_RANGE_SIZE);
        set_ranges(ranges, FIRST + ID_RANGE_SIZE, 2);
        assert_acquired(ranges, FIRST + 2 * ID_RANGE_SIZE);
        assert_none_left(ranges);
        id_ranges_release(ranges, FIRST);
        assert_none_left(ranges);
        id_ranges_release(ranges, FIRST + ID_RANGE_SIZE);
        assert_acquired(ranges, FIRST + ID_RANGE_SIZE);
        set_ranges(ranges, FIRST, 2);
        assert_acquired(ranges, FIRST);
        assert_none_left(ranges);
}

static void test_free_null(void)
{
        g_assert_null(id_ranges_free(NULL));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/id-ranges/all", test_all);
        g_test_add_func("/id-ranges/store", test_store);
        g_test_add_func("/id-ranges/release", test_release);
        g_test_add_func("/id-ranges/highest", test_highest);
        g_test_add_func("/id-ranges/set", test_set);
        g_test_add_func("/id-ranges/free-null", test_free_null);
        return g_test_run();
}
