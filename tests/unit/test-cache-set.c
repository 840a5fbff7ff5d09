/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a container has of caches: the same twice, two containers that want the same two, and an error half-way. */

#include "service/cache-set.h"

#include "fake-cache-store.h"

typedef struct World {
        FakeStore store;
        Caches *caches;
} World;

static void world_new(World *world)
{
        *world = (World){};
        world->store.folders = g_ptr_array_new_with_free_func(g_free);
        world->store.creations = g_ptr_array_new();
        world->caches = caches_new(&fake, &world->store);
        g_ptr_array_add(world->store.folders, g_strdup("1000:0:a=a1"));
        g_ptr_array_add(world->store.folders, g_strdup("1000:0:b=b1"));
        g_ptr_array_add(world->store.folders, g_strdup("1000:5:a=a5"));
}

static void world_free(World *world)
{
        caches_free(world->caches);
        g_ptr_array_unref(world->store.folders);
        g_ptr_array_unref(world->store.creations);
}

typedef struct Result {
        unsigned n_told;
        char *error;
} Result;

static void on_claimed(const sd_bus_error *error, void *userdata)
{
        Result *result = userdata;

        result->n_told++;
        result->error = g_strdup(error ? error->message : NULL);
}

static int claim(CacheSet *set, Result *result)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = cache_set_claim(set, on_claimed, result, &error);

        g_assert_cmpint(r, >=, 0);
        return r;
}

static void free_set(CacheSet **set)
{
        *set = cache_set_free(*set);
}

static void assert_has(const CacheSet *set, const char *id, int64_t seed, const char *folder)
{
        const StoreCache *has = cache_set_get(set, id, seed);

        g_assert_nonnull(has);
        g_assert_cmpstr(has->folder, ==, folder);
}

static void test_same_cache_twice(void)
{
        _cleanup_(world_free) World world;
        world_new(&world);
        _cleanup_(free_set) CacheSet *set = cache_set_new(world.caches, 1000);
        _cleanup_(free_set) CacheSet *other = cache_set_new(world.caches, 1000);
        _cleanup_(free_set) CacheSet *third = cache_set_new(world.caches, 1000);
        Result result = {}, later = {};

        cache_set_add(set, "a", 0, CACHE_SHARED);
        cache_set_add(set, "a", 5, CACHE_SHARED);
        cache_set_add(set, "a", 0, CACHE_LOCKED);
        cache_set_add(set, "a", 0, CACHE_PRIVATE);
        g_assert_null(cache_set_get(set, "a", 0));
        g_assert_cmpint(claim(set, &result), ==, 1);
        assert_has(set, "a", 0, "a1");
        assert_has(set, "a", 5, "a5");
        g_assert_null(cache_set_get(set, "b", 0));

        /* It is locked now, since one of the mounts wanted that: nobody shares it. */
        cache_set_add(third, "a", 0, CACHE_SHARED);
        g_assert_cmpint(claim(third, &later), ==, 0);
        g_assert_cmpuint(world.store.creations->len, ==, 1);
        free_set(&third);
        cache_set_add(other, "a", 5, CACHE_SHARED);
        cache_set_add(other, "a", 0, CACHE_LOCKED);
        g_assert_cmpint(claim(other, &later), ==, 0);
        g_assert_true(cache_set_is_waiting(other));
        free_set(&set);
        g_assert_cmpuint(later.n_told, ==, 1);
        g_assert_null(later.error);
        g_assert_false(cache_set_is_waiting(other));
        assert_has(other, "a", 0, "a1");
        assert_has(other, "a", 5, "a5");
}

static void test_none(void)
{
        _cleanup_(world_free) World world;
        world_new(&world);
        _cleanup_(free_set) CacheSet *set = cache_set_new(world.caches, 1000);
        Result result = {};

        g_assert_cmpint(claim(set, &result), ==, 1);
        g_assert_false(cache_set_is_waiting(set));
}

/* Whatever order they ask in, nobody waits for somebody who waits for him. */
static void test_two_that_want_the_same_two(void)
{
        _cleanup_(world_free) World world;
        world_new(&world);
        _cleanup_(free_set) CacheSet *holder = cache_set_new(world.caches, 1000);
        _cleanup_(free_set) CacheSet *one = cache_set_new(world.caches, 1000);
        _cleanup_(free_set) CacheSet *other = cache_set_new(world.caches, 1000);
        Result results[3] = {};

        cache_set_add(holder, "a", 0, CACHE_LOCKED);
        cache_set_add(one, "a", 0, CACHE_LOCKED);
        cache_set_add(one, "b", 0, CACHE_LOCKED);
        cache_set_add(other, "b", 0, CACHE_LOCKED);
        cache_set_add(other, "a", 0, CACHE_LOCKED);
        g_assert_cmpint(claim(holder, &results[0]), ==, 1);
        g_assert_cmpint(claim(one, &results[1]), ==, 0);
        g_assert_cmpint(claim(other, &results[2]), ==, 0);
        free_set(&holder);
        g_assert_cmpuint(results[1].n_told, ==, 1);
        g_assert_cmpuint(results[2].n_told, ==, 0);
        free_set(&one);
        g_assert_cmpuint(results[2].n_told, ==, 1);
        assert_has(other, "b", 0, "b1");
}

static void test_error_half_way(void)
{
        _cleanup_(world_free) World world;
        world_new(&world);
        _cleanup_(free_set) CacheSet *holder = cache_set_new(world.caches, 1000);
        _cleanup_(free_set) CacheSet *set = cache_set_new(world.caches, 1000);
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Result result = {}, later = {};

        cache_set_add(holder, "a", 0, CACHE_LOCKED);
        g_assert_cmpint(claim(holder, &result), ==, 1);
        cache_set_add(set, "c", 0, CACHE_LOCKED);
        cache_set_add(set, "a", 0, CACHE_LOCKED);
        g_assert_cmpint(claim(set, &later), ==, 0);
        world.store.create_error = -EAGAIN;
        free_set(&holder);
        g_assert_cmpuint(later.n_told, ==, 1);
        g_assert_nonnull(strstr(later.error, "'c'"));
        g_free(later.error);
        free_set(&set);

        set = cache_set_new(world.caches, 1000);
        cache_set_add(set, "a", 0, CACHE_LOCKED);
        cache_set_add(set, "c", 0, CACHE_LOCKED);
        int r = cache_set_claim(set, on_claimed, &later, &error);
        assert_refused(r, &error, ERROR_MOUNT_FAILED, "'c'");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/cache-set/none", test_none);
        g_test_add_func("/cache-set/same-cache-twice", test_same_cache_twice);
        g_test_add_func("/cache-set/two-that-want-the-same-two", test_two_that_want_the_same_two);
        g_test_add_func("/cache-set/error-half-way", test_error_half_way);
        return g_test_run();
}
