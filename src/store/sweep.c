/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Compares folders and rows, while no change is under way, and removes what others left behind that were killed. A row
 * without a folder is none of that: somebody removed the folder by hand, or the disk lost it. Such a row goes too, with
 * the images that stand on it: they can't be mounted, and a new import of the same layer would take it for there.
 */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "model/store-layout.h"
#include "store/database.h"
#include "store/images.h"
#include "store/verbs.h"
#include "util/cleanup.h"
#include "util/log.h"

typedef struct Sweep {
        Job *job;
        const char *kind;
        const char *sql; /* whether a row speaks of the folder */
        Removals *removals;
} Sweep;

static int sweep_folder(const char *folder, void *userdata, sd_bus_error *error)
{
        Sweep *sweep = userdata;
        int64_t found = 0;
        int lock = -1, r;

        r = database_get(sweep->job, error, &found, sweep->sql, "t", folder);
        if (r != 0)
                return r;
        /* One that was removed is locked until it is gone: it is in good hands. */
        r = folder_lock(sweep->job, sweep->kind, folder, LOCK_EX, &lock);
        if (r == -EWOULDBLOCK || r == -ENOENT)
                return 0;
        removals_add(sweep->removals, sweep->kind, folder, lock);
        return 0;
}

static int sweep_folders(Job *job, Removals *removals, sd_bus_error *error)
{
        Sweep layers = {job, STORE_LAYERS, "SELECT 1 FROM layers WHERE folder = ? LIMIT 1", removals};
        Sweep caches = {job, STORE_CACHES, "SELECT 1 FROM caches WHERE folder = ?", removals};
        int r = folder_list(job, STORE_LAYERS, sweep_folder, &layers, error);

        return r < 0 ? r : folder_list(job, STORE_CACHES, sweep_folder, &caches, error);
}

#define ABOVE                                                                                                          \
        "WITH RECURSIVE above(id) AS (VALUES(?) UNION SELECT l.id FROM layers l, above WHERE l.parent = above.id) "

/* What an image superseded comes back, or is superseded by what superseded the image. In the order of their ids, since
 * both may go. */
static int forget_images(Job *job, int64_t layer, sd_bus_error *error)
{
        _cleanup_(database_finalize) sqlite3_stmt *statement = NULL;
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        int r;

        r = database_prepare(job, error, &statement,
                             ABOVE "SELECT id, superseded, name FROM images WHERE layer IN above ORDER BY id", "i",
                             layer);
        if (r < 0)
                return r;
        while ((r = database_step(job, statement, error)) > 0) {
                int64_t image[] = {sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)};

                g_array_append_vals(ids, image, 2);
                if (image[1] == 0)
                        log_warning("The image '%s' is removed, since the files of one of its layers are not there, or "
                                    "not whole",
                                    (const char *) sqlite3_column_text(statement, 2));
        }
        for (unsigned i = 0; r >= 0 && i < ids->len; i += 2) {
                int64_t id = g_array_index(ids, int64_t, i), superseded = g_array_index(ids, int64_t, i + 1);

                r = database_run(job, error, "DELETE FROM images WHERE id = ?", "i", id);
                if (r >= 0)
                        r = database_run(job, error, "UPDATE images SET superseded = ? WHERE superseded = ?", "ii",
                                         superseded, id);
        }
        return r;
}

/* A layer with all that stands on it, in the order in which the rows can be deleted. */
static int forget_layer(Job *job, int64_t layer, sd_bus_error *error)
{
        int r;

        r = forget_images(job, layer, error);
        if (r >= 0)
                r = database_run(job, error, ABOVE "DELETE FROM caches WHERE seed IN above", "i", layer);
        if (r >= 0)
                r = database_run(job, error, ABOVE "DELETE FROM layers WHERE id IN above", "i", layer);
        return r;
}

/* The machine stopped before the layer was known to be on the disk. */
static int sweep_unsettled(Job *job, sd_bus_error *error)
{
        int64_t layer = 0;
        int r;

        while ((r = database_get(job, error, &layer, "SELECT id FROM layers WHERE boot_id NOT IN ('', ?) LIMIT 1", "t",
                                 job->boot_id)) > 0) {
                r = forget_layer(job, layer, error);
                if (r < 0)
                        break;
        }
        return r;
}

static bool is_missing(const Job *job, const char *kind, const char *folder)
{
        g_autofree char *path = g_build_filename(kind, folder, STORE_ROOT, NULL);
        struct stat st;

        return fstatat(job->store, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

typedef int (*Forget)(Job *job, int64_t id, sd_bus_error *error);

static int sweep_rows(Job *job, const char *kind, const char *sql, Forget forget, sd_bus_error *error)
{
        _cleanup_(database_finalize) sqlite3_stmt *statement = NULL;
        g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(int64_t));
        int r;

        r = database_prepare(job, error, &statement, sql, "");
        if (r < 0)
                return r;
        while ((r = database_step(job, statement, error)) > 0)
                if (is_missing(job, kind, (const char *) sqlite3_column_text(statement, 1))) {
                        int64_t id = sqlite3_column_int64(statement, 0);

                        log_warning("The folder %s/%s/%s is not there any more", job->path, kind,
                                    (const char *) sqlite3_column_text(statement, 1));
                        g_array_append_val(missing, id);
                }
        for (unsigned i = 0; r >= 0 && i < missing->len; i++)
                r = forget(job, g_array_index(missing, int64_t, i), error);
        return r;
}

static int forget_cache(Job *job, int64_t cache, sd_bus_error *error)
{
        return database_run(job, error, "DELETE FROM caches WHERE id = ?", "i", cache);
}

/* What is unlocked belongs to nobody: see incoming_new(). It keeps the lock while it goes, so that two sweeps don't
 * meet. */
static int sweep_incoming(const char *name, void *userdata, sd_bus_error *error)
{
        Job *job = userdata;
        g_autofree char *path = g_build_filename(STORE_INCOMING, name, NULL);
        _cleanup_close_ int lock = -1;
        int r = folder_lock(job, STORE_INCOMING, name, LOCK_EX, &lock);

        if (r == -EWOULDBLOCK || r == -ENOENT)
                return 0;
        if (!folder_remove(job, path))
                log_warning("The folder %s/%s can't be removed", job->path, path);
        return 0;
}

int verb_sweep(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error)
{
        g_autoptr(Removals) removals = removals_new(job);
        uint64_t freed = 0;
        int r;

        r = database_begin(job, DURABLE_NOW, error);
        if (r < 0)
                return r;
        r = sweep_unsettled(job, error);
        if (r >= 0)
                r = sweep_rows(job, STORE_LAYERS, "SELECT id, folder FROM layers", forget_layer, error);
        if (r >= 0)
                r = sweep_rows(job, STORE_CACHES, "SELECT id, folder FROM caches", forget_cache, error);
        if (r >= 0)
                r = layers_collect(job, removals, &freed, error);
        if (r >= 0)
                r = sweep_folders(job, removals, error);
        if (r < 0) {
                database_rollback(job);
                return r;
        }
        /* Which folders have no row was seen while nobody could be between a rename and its commit. */
        r = database_commit(job, NULL, error);
        if (r < 0)
                return r;
        removals_apply(removals);
        removals_free(g_steal_pointer(&removals));

        return folder_list(job, STORE_INCOMING, sweep_incoming, job, error);
}
