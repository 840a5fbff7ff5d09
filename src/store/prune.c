/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What could go is listed with its age and its size, and removed from the oldest on, as long as it is old enough and
 * all of it takes up more than is to be kept. A layer that goes may set the one below it free, so there is a next
 * round until one removes nothing.
 */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "model/store-layout.h"
#include "store/database.h"
#include "store/images.h"
#include "store/tree.h"
#include "store/verbs.h"
#include "util/cleanup.h"

typedef struct Candidate {
        const char *kind;
        int64_t id;
        char *folder;
        int64_t used; /* seconds since 1970 */
        uint64_t size;
} Candidate;

typedef struct Prune {
        Job *job;
        int64_t owner; /* of caches; -1: all */
        int64_t before;
        uint64_t keep;
        uint64_t freed, n_layers, n_caches;
} Prune;

static void free_candidate(gpointer data)
{
        Candidate *candidate = data;

        g_free(candidate->folder);
        g_free(candidate);
}

static int compare_age(gconstpointer a, gconstpointer b)
{
        const Candidate *first = *(Candidate *const *) a, *second = *(Candidate *const *) b;

        return first->used < second->used ? -1 : first->used > second->used;
}

static int measure_cache(Job *job, const char *folder, uint64_t *ret, sd_bus_error *error)
{
        g_autofree char *path = g_build_filename(STORE_CACHES, folder, NULL);
        _cleanup_close_ int fd = openat(job->store, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? 0 : tree_measure(job, fd, ret, error);
}

static int add_candidates(Prune *prune, const char *kind, sqlite3_stmt *statement, GPtrArray *list, sd_bus_error *error)
{
        int r;

        while ((r = database_step(prune->job, statement, error)) > 0) {
                const char *folder = (const char *) sqlite3_column_text(statement, 1);
                g_autofree char *path = g_build_filename(kind, folder, NULL);
                Candidate *candidate;
                struct stat st;

                if (fstatat(prune->job->store, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                candidate = g_new0(Candidate, 1);
                g_ptr_array_add(list, candidate);
                candidate->kind = kind;
                candidate->id = sqlite3_column_int64(statement, 0);
                candidate->folder = g_strdup(folder);
                candidate->used = st.st_mtime;
                candidate->size = (uint64_t) sqlite3_column_int64(statement, 2);
        }
        return r;
}

static int list_candidates(Prune *prune, GPtrArray *list, sd_bus_error *error)
{
        _cleanup_(database_finalize) sqlite3_stmt *layers = NULL, *caches = NULL;
        int r;

        r = database_prepare(prune->job, error, &layers, LAYERS_UNREFERENCED, "");
        if (r >= 0)
                r = add_candidates(prune, STORE_LAYERS, layers, list, error);
        if (r >= 0)
                r = database_prepare(prune->job, error, &caches,
                                     "SELECT id, folder, 0 FROM caches WHERE ?1 = -1 OR owner = ?1", "i", prune->owner);
        if (r >= 0)
                r = add_candidates(prune, STORE_CACHES, caches, list, error);
        return r;
}

static int measure(Prune *prune, const GPtrArray *list, uint64_t *ret, sd_bus_error *error)
{
        uint64_t total = 0;

        for (unsigned i = 0; i < list->len; i++) {
                Candidate *candidate = g_ptr_array_index(list, i);

                if (g_str_equal(candidate->kind, STORE_CACHES)) {
                        int r = measure_cache(prune->job, candidate->folder, &candidate->size, error);

                        if (r < 0)
                                return r;
                }
                total += candidate->size;
        }
        *ret = total;
        return 0;
}

static int forget_cache(Prune *prune, const Candidate *candidate, Removals *removals, sd_bus_error *error)
{
        int lock = -1, r;

        r = folder_lock(prune->job, STORE_CACHES, candidate->folder, LOCK_EX, &lock);
        if (r == -EWOULDBLOCK || r == -ENOENT)
                return 0;
        if (r < 0)
                return job_fail(prune->job, r, "A cache can't be opened", error);
        removals_add(removals, STORE_CACHES, candidate->folder, lock);
        r = database_run(prune->job, error, "DELETE FROM caches WHERE id = ?", "i", candidate->id);
        if (r > 0) {
                prune->freed += candidate->size;
                prune->n_caches++;
        }
        return r;
}

/* Somebody may have taken it into use since it was listed. */
static int forget_layer(Prune *prune, const Candidate *candidate, Removals *removals, sd_bus_error *error)
{
        int64_t found = 0;
        int r = database_get(prune->job, error, &found, "SELECT 1 FROM (" LAYERS_UNREFERENCED ") WHERE id = ?", "i",
                             candidate->id);

        if (r <= 0)
                return r;
        return layer_forget(prune->job, candidate->id, candidate->folder, candidate->size, removals, &prune->freed,
                            &prune->n_layers, error);
}

/* Returns how many went. */
static int forget(Prune *prune, const GPtrArray *list, uint64_t total, Removals *removals, sd_bus_error *error)
{
        int n = 0;

        for (unsigned i = 0; i < list->len && total > prune->keep; i++) {
                const Candidate *candidate = g_ptr_array_index(list, i);
                int r;

                if (candidate->used > prune->before)
                        break;
                r = g_str_equal(candidate->kind, STORE_CACHES) ? forget_cache(prune, candidate, removals, error)
                                                               : forget_layer(prune, candidate, removals, error);
                if (r < 0)
                        return r;
                if (r > 0)
                        total -= candidate->size;
                n += r;
        }
        return n;
}

static int prune_once(Prune *prune, sd_bus_error *error)
{
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_candidate);
        g_autoptr(Removals) removals = removals_new(prune->job);
        uint64_t total = 0;
        int n, r;

        prune->job->committed = false;
        r = list_candidates(prune, list, error);
        if (r >= 0)
                r = measure(prune, list, &total, error);
        if (r >= 0)
                r = database_begin(prune->job, DURABLE_NOW, error);
        if (r < 0)
                return r;
        g_ptr_array_sort(list, compare_age);
        n = forget(prune, list, total, removals, error);
        if (n < 0) {
                database_rollback(prune->job);
                return n;
        }
        r = database_commit(prune->job, NULL, error);
        if (r < 0)
                return r;
        removals_apply(removals);
        return n;
}

int verb_prune(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error)
{
        Prune prune = {.job = job, .owner = -1};
        uint64_t age = 0;
        int r = 0;

        if (!g_str_equal(request->strings[1], "all"))
                r = argument_to_owner(request->strings[1], &prune.owner, error);
        if (r >= 0)
                r = argument_to_number(request->strings[2], 0, INT64_MAX / 2, &age, error);
        if (r >= 0)
                r = argument_to_number(request->strings[3], 0, INT64_MAX, &prune.keep, error);
        if (r < 0)
                return r;
        prune.before = (int64_t) time(NULL) - (int64_t) age;
        do
                r = prune_once(&prune, error);
        while (r > 0);
        if (r < 0)
                return r;
        answer_add_number(answer, "freed", prune.freed);
        answer_add_number(answer, "layers", prune.n_layers);
        answer_add_number(answer, "caches", prune.n_caches);
        return 0;
}
