/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who gets which folder of a cache, and when. */

#include "fake-cache-store.h"

typedef struct World {
        FakeStore store;
        Caches *caches;
        unsigned n_fds;
} World;

static void world_new(World *world)
{
        *world = (World){.n_fds = count_fds()};
        world->store.folders = g_ptr_array_new_with_free_func(g_free);
        world->store.creations = g_ptr_array_new();
        world->caches = caches_new(&fake, &world->store);
}

static void world_free(World *world)
{
        caches_free(world->caches);
        g_ptr_array_unref(world->store.folders);
        g_ptr_array_unref(world->store.creations);
        g_assert_cmpuint(count_fds(), ==, world->n_fds);
}

/* A holder, and what it was told. */
typedef struct Claim {
        CacheHold *hold;
        int at_once;
        unsigned n_told;
        char *error;
        struct Claim *frees; /* another's hold, which it gives back when it is told */
} Claim;

static void on_claimed(CacheHold *hold, const sd_bus_error *error, void *userdata)
{
        Claim *claim = userdata;

        g_assert_true(hold == claim->hold);
        g_assert_true(!error == (cache_hold_get_folder(hold) != NULL));
        g_assert_false(cache_hold_is_waiting(hold));
        claim->n_told++;
        claim->error = g_strdup(error ? error->message : NULL);
        if (claim->frees)
                claim->frees->hold = cache_hold_free(claim->frees->hold);
}

static void claim_key(World *world, Claim *claim, CacheSharing sharing, const CacheKey *key)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        claim->at_once = caches_claim(world->caches, key, sharing, on_claimed, claim, &claim->hold, &error);
        g_assert_cmpint(claim->at_once, >=, 0);
        g_assert_cmpint(claim->n_told, ==, 0);
        g_assert_true((claim->at_once == 1) == (cache_hold_get_folder(claim->hold) != NULL));
}

static void claim_cache(World *world, Claim *claim, CacheSharing sharing)
{
        claim_key(world, claim, sharing, &(const CacheKey){.owner = 1000, .id = "pip"});
}

static void give_back(Claim *claim)
{
        claim->hold = cache_hold_free(claim->hold);
        g_free(claim->error);
        *claim = (Claim){};
}

/* The store has made what it was asked for: the folders are f1, f2 … */
static void finish_creation(World *world, const char *key)
{
        FakeStore *store = &world->store;
        CacheCreation *creation;
        g_autofree char *name = g_strdup_printf("f%u", ++store->last_name);

        g_assert_cmpuint(store->creations->len, ==, 1);
        creation = g_ptr_array_remove_index(store->creations, 0);
        g_ptr_array_add(store->folders, g_strdup_printf("%s=%s", key, name));
        caches_created(creation, fake_folder(name), NULL);
}

static void finish_pip(World *world)
{
        finish_creation(world, "1000:0:pip");
}

static void assert_has(const Claim *claim, const char *folder)
{
        const StoreCache *has = cache_hold_get_folder(claim->hold);

        g_assert_nonnull(has);
        g_assert_cmpstr(has->folder, ==, folder);
        g_assert_cmpuint(has->id_base, ==, 7);
        g_assert_cmpuint(claim->n_told, ==, claim->at_once ? 0 : 1);
}

static void assert_waits(const Claim *claim)
{
        g_assert_true(cache_hold_is_waiting(claim->hold));
        g_assert_null(cache_hold_get_folder(claim->hold));
        g_assert_cmpuint(claim->n_told, ==, 0);
}

static void test_shared(void)
{
        _cleanup_(world_free) World world;
        Claim a = {}, b = {}, c = {};

        world_new(&world);
        claim_cache(&world, &a, CACHE_SHARED);
        claim_cache(&world, &b, CACHE_SHARED);
        finish_pip(&world);
        claim_cache(&world, &c, CACHE_SHARED);
        assert_has(&a, "f1");
        assert_has(&b, "f1");
        assert_has(&c, "f1");
        give_back(&a);
        give_back(&c);
        claim_cache(&world, &a, CACHE_SHARED);
        assert_has(&a, "f1");
        give_back(&a);
        give_back(&b);
        claim_cache(&world, &c, CACHE_SHARED);
        assert_has(&c, "f1");
        give_back(&c);
}

static void test_private(void)
{
        _cleanup_(world_free) World world;
        Claim a = {}, b = {}, c = {};

        world_new(&world);
        claim_cache(&world, &a, CACHE_PRIVATE);
        finish_pip(&world);
        claim_cache(&world, &b, CACHE_PRIVATE);
        finish_pip(&world);
        assert_has(&a, "f1");
        assert_has(&b, "f2");
        give_back(&a);
        claim_cache(&world, &c, CACHE_PRIVATE);
        assert_has(&c, "f1");
        g_assert_cmpint(c.at_once, ==, 1);
        give_back(&b);
        give_back(&c);
}

/* One folder is made at a time: until we are told of it, it is in the store and looks free. */
static void test_private_while_one_is_made(void)
{
        _cleanup_(world_free) World world;
        Claim a = {}, b = {};

        world_new(&world);
        claim_cache(&world, &a, CACHE_PRIVATE);
        g_ptr_array_add(world.store.folders, g_strdup("1000:0:pip=f1"));
        claim_cache(&world, &b, CACHE_PRIVATE);
        g_assert_cmpint(b.at_once, ==, 0);
        g_ptr_array_set_size(world.store.folders, 0);
        finish_pip(&world);
        assert_has(&a, "f1");
        finish_pip(&world);
        assert_has(&b, "f2");
        give_back(&a);
        give_back(&b);
}

static void test_locked_in_order(void)
{
        _cleanup_(world_free) World world;
        Claim claims[5] = {};

        world_new(&world);
        for (size_t i = 0; i < G_N_ELEMENTS(claims); i++)
                claim_cache(&world, &claims[i], CACHE_LOCKED);
        finish_pip(&world);
        for (size_t i = 0; i < G_N_ELEMENTS(claims); i++) {
                assert_has(&claims[i], "f1");
                for (size_t j = i + 1; j < G_N_ELEMENTS(claims); j++)
                        assert_waits(&claims[j]);
                give_back(&claims[i]);
        }
        g_assert_cmpuint(world.store.last_name, ==, 1);
}

static void test_locked_leaves_the_queue(void)
{
        _cleanup_(world_free) World world;
        Claim a = {}, b = {}, c = {}, d = {};

        world_new(&world);
        claim_cache(&world, &a, CACHE_LOCKED);
        finish_pip(&world);
        claim_cache(&world, &b, CACHE_LOCKED);
        claim_cache(&world, &c, CACHE_LOCKED);
        claim_cache(&world, &d, CACHE_LOCKED);
        give_back(&b);
        assert_waits(&c);
        give_back(&a);
        assert_has(&c, "f1");
        give_back(&d);
        give_back(&c);
}

/* Who waits may be served by any folder that comes free; others don't wait for it, nor does it wait for more than it
 * has to. */
static void test_mixed(void)
{
        _cleanup_(world_free) World world;
        Claim shared = {}, private = {}, locked = {}, locked2 = {}, late = {};

        world_new(&world);
        claim_cache(&world, &shared, CACHE_SHARED);
        finish_pip(&world);
        claim_cache(&world, &locked, CACHE_LOCKED);
        claim_cache(&world, &locked2, CACHE_LOCKED);
        assert_waits(&locked);
        claim_cache(&world, &private, CACHE_PRIVATE);
        finish_pip(&world);
        assert_has(&private, "f2");
        assert_waits(&locked);
        claim_cache(&world, &late, CACHE_SHARED);
        assert_has(&late, "f1");
        give_back(&private);
        assert_has(&locked, "f2");
        assert_waits(&locked2);
        give_back(&shared);
        assert_waits(&locked2);
        give_back(&late);
        assert_has(&locked2, "f1");
        claim_cache(&world, &shared, CACHE_SHARED);
        finish_pip(&world);
        assert_has(&shared, "f3");
        give_back(&shared);
        give_back(&locked);
        give_back(&locked2);
}

/* A waiting private claim, behind locked ones, waits only for what is being made. */
static void test_private_behind_locked(void)
{
        _cleanup_(world_free) World world;
        Claim a = {}, locked = {}, private = {};

        world_new(&world);
        claim_cache(&world, &a, CACHE_LOCKED);
        claim_cache(&world, &locked, CACHE_LOCKED);
        claim_cache(&world, &private, CACHE_PRIVATE);
        finish_pip(&world);
        assert_has(&a, "f1");
        assert_waits(&locked);
        finish_pip(&world);
        assert_has(&private, "f2");
        assert_waits(&locked);
        give_back(&private);
        assert_has(&locked, "f2");
        give_back(&a);
        give_back(&locked);
}

static void test_keys_are_apart(void)
{
        static const CacheKey keys[] = {
                {.owner = 1000, .id = "pip"},
                {.owner = 1001, .id = "pip"},
                {.owner = 1000, .id = "pip", .seed = 3},
                {.owner = 1000, .id = "npm"},
        };
        static const char *const texts[] = {"1000:0:pip", "1001:0:pip", "1000:3:pip", "1000:0:npm"};
        static const char *const folders[] = {"f1", "f2", "f3", "f4"};
        _cleanup_(world_free) World world;
        Claim claims[G_N_ELEMENTS(keys)] = {};

        world_new(&world);
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                claim_key(&world, &claims[i], CACHE_LOCKED, &keys[i]);
                finish_creation(&world, texts[i]);
                assert_has(&claims[i], folders[i]);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
                give_back(&claims[i]);
}

static void fail_creation(World *world, const char *sentence)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_set(&error, ERROR_MOUNT_FAILED, sentence);
        caches_created(g_ptr_array_remove_index(world->store.creations, 0), NULL, &error);
}

static void test_failed_creation(void)
{
        _cleanup_(world_free) World world;
        Claim a = {}, b = {}, locked = {};

        world_new(&world);
        claim_cache(&world, &a, CACHE_SHARED);
        claim_cache(&world, &b, CACHE_SHARED);
        claim_cache(&world, &locked, CACHE_LOCKED);
        /* The first who is told gives back the other's, who then hears nothing. */
        a.frees = &b;
        fail_creation(&world, "no room");
        g_assert_cmpstr(a.error, ==, "no room");
        g_assert_cmpuint(b.n_told, ==, 0);
        g_assert_null(cache_hold_get_folder(a.hold));
        give_back(&a);
        finish_pip(&world);
        assert_has(&locked, "f1");
        give_back(&locked);
}

static void test_cancelled_creation(void)
{
        _cleanup_(world_free) World world;
        Claim a = {}, b = {}, locked = {};

        world_new(&world);
        claim_cache(&world, &a, CACHE_SHARED);
        claim_cache(&world, &b, CACHE_SHARED);
        claim_cache(&world, &locked, CACHE_LOCKED);
        give_back(&a);
        g_assert_cmpuint(world.store.n_cancelled, ==, 0);
        give_back(&b);
        g_assert_cmpuint(world.store.n_cancelled, ==, 1);
        finish_pip(&world);
        assert_has(&locked, "f1");
        give_back(&locked);
}

static void test_removed_folder(void)
{
        _cleanup_(world_free) World world;
        Claim a = {};

        world_new(&world);
        g_ptr_array_add(world.store.folders, g_strdup("1000:0:pip=old"));
        world.store.removed = "old";
        claim_cache(&world, &a, CACHE_LOCKED);
        finish_pip(&world);
        assert_has(&a, "f1");
        give_back(&a);

        claim_cache(&world, &a, CACHE_LOCKED);
        assert_has(&a, "f1");
        give_back(&a);

        g_ptr_array_set_size(world.store.folders, 0);
        claim_cache(&world, &a, CACHE_LOCKED);
        world.store.removed = "f2";
        finish_pip(&world);
        g_assert_nonnull(a.error);
        give_back(&a);
}

static void test_store_errors(void)
{
        _cleanup_(world_free) World world;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const CacheKey key = {.owner = 1000, .id = "pip"};
        CacheHold *hold = NULL;
        Claim a = {}, waiting = {};
        int r;

        world_new(&world);
        world.store.list_error = -EIO;
        r = caches_claim(world.caches, &key, CACHE_LOCKED, on_claimed, NULL, &hold, &error);
        assert_refused(r, &error, ERROR_MOUNT_FAILED, "pip");
        world.store.list_error = 0;
        world.store.create_error = -EAGAIN;
        r = caches_claim(world.caches, &key, CACHE_SHARED, on_claimed, NULL, &hold, &error);
        assert_refused(r, &error, ERROR_MOUNT_FAILED, "pip");
        g_assert_null(hold);

        world.store.create_error = 0;
        claim_cache(&world, &a, CACHE_LOCKED);
        finish_pip(&world);
        claim_cache(&world, &waiting, CACHE_LOCKED);
        world.store.list_error = -EIO;
        give_back(&a);
        g_assert_nonnull(waiting.error);
        give_back(&waiting);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/caches/shared", test_shared);
        g_test_add_func("/caches/private", test_private);
        g_test_add_func("/caches/private-while-one-is-made", test_private_while_one_is_made);
        g_test_add_func("/caches/locked-in-order", test_locked_in_order);
        g_test_add_func("/caches/locked-leaves-the-queue", test_locked_leaves_the_queue);
        g_test_add_func("/caches/mixed", test_mixed);
        g_test_add_func("/caches/private-behind-locked", test_private_behind_locked);
        g_test_add_func("/caches/keys-are-apart", test_keys_are_apart);
        g_test_add_func("/caches/failed-creation", test_failed_creation);
        g_test_add_func("/caches/cancelled-creation", test_cancelled_creation);
        g_test_add_func("/caches/removed-folder", test_removed_folder);
        g_test_add_func("/caches/store-errors", test_store_errors);
        return g_test_run();
}
