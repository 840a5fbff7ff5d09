/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/cache-set.h"

#include <string.h>

#include "util/cleanup.h"

struct CacheSet {
        Caches *caches;
        uint32_t owner;
        GPtrArray *members; /* Member, in the order of their claims */
        guint n_claimed;
        CacheSetClaimed claimed;
        void *userdata;
};

typedef struct Member {
        char *id;
        int64_t seed;
        CacheSharing sharing;
        CacheHold *hold;
} Member;

static void free_member(gpointer data)
{
        Member *member = data;

        cache_hold_free(member->hold);
        g_free(member->id);
        g_free(member);
}

CacheSet *cache_set_new(Caches *caches, uint32_t owner)
{
        CacheSet *set = g_new0(CacheSet, 1);

        set->caches = caches;
        set->owner = owner;
        set->members = g_ptr_array_new_with_free_func(free_member);
        return set;
}

CacheSet *cache_set_free(CacheSet *set)
{
        if (!set)
                return NULL;
        g_ptr_array_unref(set->members);
        g_free(set);
        return NULL;
}

static Member *find(const CacheSet *set, const char *id, int64_t seed)
{
        for (guint i = 0; i < set->members->len; i++) {
                Member *member = set->members->pdata[i];

                if (member->seed == seed && strcmp(member->id, id) == 0)
                        return member;
        }
        return NULL;
}

void cache_set_add(CacheSet *set, const char *id, int64_t seed, CacheSharing sharing)
{
        Member *member = find(set, id, seed);

        if (member) {
                /* The words are in the order of how few they let in. */
                member->sharing = MAX(member->sharing, sharing);
                return;
        }
        member = g_new0(Member, 1);
        member->id = g_strdup(id);
        member->seed = seed;
        member->sharing = sharing;
        g_ptr_array_add(set->members, member);
}

static int compare_members(gconstpointer a, gconstpointer b)
{
        const Member *one = *(Member *const *) a, *other = *(Member *const *) b;
        int order = strcmp(one->id, other->id);

        return order != 0 ? order : (one->seed > other->seed) - (one->seed < other->seed);
}

static int claim_next(CacheSet *set, sd_bus_error *error);

static void on_claimed(CacheHold *hold, const sd_bus_error *error, void *userdata)
{
        CacheSet *set = userdata;
        _cleanup_(sd_bus_error_free) sd_bus_error failure = SD_BUS_ERROR_NULL;
        int r = 1;

        if (!error) {
                set->n_claimed++;
                r = claim_next(set, &failure);
                error = r < 0 ? &failure : NULL;
        }
        if (r != 0)
                set->claimed(error, set->userdata);
}

static int claim_next(CacheSet *set, sd_bus_error *error)
{
        for (; set->n_claimed < set->members->len; set->n_claimed++) {
                Member *member = set->members->pdata[set->n_claimed];
                const CacheKey key = {.owner = set->owner, .id = member->id, .seed = member->seed};
                int r = caches_claim(set->caches, &key, member->sharing, on_claimed, set, &member->hold, error);

                if (r <= 0)
                        return r;
        }
        return 1;
}

int cache_set_claim(CacheSet *set, CacheSetClaimed claimed, void *userdata, sd_bus_error *error)
{
        g_ptr_array_sort(set->members, compare_members);
        set->claimed = claimed;
        set->userdata = userdata;
        return claim_next(set, error);
}

bool cache_set_is_waiting(const CacheSet *set)
{
        const Member *member = set->n_claimed < set->members->len ? set->members->pdata[set->n_claimed] : NULL;

        return member && member->hold && cache_hold_is_waiting(member->hold);
}

const StoreCache *cache_set_get(const CacheSet *set, const char *id, int64_t seed)
{
        const Member *member = find(set, id, seed);

        return member && member->hold ? cache_hold_get_folder(member->hold) : NULL;
}
