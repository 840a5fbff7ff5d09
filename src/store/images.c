/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A layer stays as long as an image, another layer or a cache refers to it, or somebody holds its folder. So whatever
 * stops referring to one looks for layers that can go, and a layer that is in use then goes later, by the verb collect.
 */

#include "store/images.h"

#include <errno.h>
#include <sys/file.h>
#include <time.h>

#include "model/store-layout.h"
#include "store/database.h"
#include "store/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"

static const char *const setting_kinds[] = {"env", "entrypoint", "cmd", "user", "working-dir", "label"};

struct ImageSettings {
        GPtrArray *kinds; /* of constants */
        GPtrArray *values;
};

static const char *find_kind(const char *kind)
{
        for (size_t i = 0; i < G_N_ELEMENTS(setting_kinds); i++)
                if (g_str_equal(setting_kinds[i], kind))
                        return setting_kinds[i];
        return NULL;
}

bool image_setting_is_known(const char *kind)
{
        return find_kind(kind) != NULL;
}

ImageSettings *image_settings_new(void)
{
        ImageSettings *settings = g_new0(ImageSettings, 1);

        settings->kinds = g_ptr_array_new();
        settings->values = g_ptr_array_new_with_free_func(g_free);
        return settings;
}

ImageSettings *image_settings_free(ImageSettings *settings)
{
        if (!settings)
                return NULL;
        g_ptr_array_unref(settings->kinds);
        g_ptr_array_unref(settings->values);
        g_free(settings);
        return NULL;
}

void image_settings_add(ImageSettings *settings, const char *kind, const char *value)
{
        g_ptr_array_add(settings->kinds, (gpointer) find_kind(kind));
        g_ptr_array_add(settings->values, g_strdup(value));
}

size_t image_settings_count(const ImageSettings *settings)
{
        return settings->values->len;
}

int image_find(Job *job, int64_t owner, const char *name, int64_t *ret, sd_bus_error *error)
{
        int r = database_get(job, error, ret, "SELECT id FROM images WHERE owner = ? AND name = ? AND superseded = 0",
                             "it", owner, name);

        if (r == 0)
                return error_set(error, ERROR_NO_SUCH_IMAGE,
                                 "There is no image '%s' of %s; ListImages tells which there are", name,
                                 owner < 0 ? "the system" : "this user");
        return r;
}

/* The new row has no place beside the old one until that is superseded, which takes the id of the new one. */
int image_replace(Job *job, const ImageRow *row, int64_t *ret_id, sd_bus_error *error)
{
        int64_t id;
        int r;

        r = database_run(job, error,
                         "INSERT INTO images (owner, name, layer, created, size, digest, platform, superseded)"
                         " VALUES (?, ?, ?, ?, ?, ?, ?, -1)",
                         "itiiitt", row->owner, row->name, row->layer, (int64_t) time(NULL), (int64_t) row->size,
                         row->digest, row->platform);
        if (r < 0)
                return r;
        id = sqlite3_last_insert_rowid(job->database);
        r = database_run(job, error, "UPDATE images SET superseded = ? WHERE owner = ? AND name = ? AND superseded = 0",
                         "iit", id, row->owner, row->name);
        if (r >= 0)
                r = database_run(job, error, "UPDATE images SET superseded = 0 WHERE id = ?", "i", id);
        if (r < 0)
                return r;
        *ret_id = id;
        return 0;
}

int image_set_settings(Job *job, int64_t image, const ImageSettings *settings, sd_bus_error *error)
{
        int r = 0;

        for (unsigned i = 0; r >= 0 && i < settings->values->len; i++)
                r = database_run(job, error,
                                 "INSERT INTO image_settings (image, kind, position, value) VALUES (?, ?, ?, ?)",
                                 "itit", image, g_ptr_array_index(settings->kinds, i), (int64_t) i,
                                 g_ptr_array_index(settings->values, i));
        return r;
}

int image_get_settings(Job *job, int64_t image, ImageSettings *settings, sd_bus_error *error)
{
        _cleanup_(database_finalize) sqlite3_stmt *statement = NULL;
        int r;

        r = database_prepare(job, error, &statement,
                             "SELECT kind, value FROM image_settings WHERE image = ? ORDER BY position", "i", image);
        if (r < 0)
                return r;
        while ((r = database_step(job, statement, error)) > 0)
                image_settings_add(settings, (const char *) sqlite3_column_text(statement, 0),
                                   (const char *) sqlite3_column_text(statement, 1));
        return r;
}

int layer_get_size(Job *job, int64_t layer, uint64_t *ret, sd_bus_error *error)
{
        int64_t size = 0;
        int r = database_get(job, error, &size,
                             "WITH RECURSIVE chain(id, parent, size) AS ("
                             " SELECT id, parent, size FROM layers WHERE id = ?"
                             " UNION ALL SELECT l.id, l.parent, l.size FROM layers l, chain WHERE l.id = chain.parent)"
                             "SELECT total FROM (SELECT sum(size) AS total FROM chain) WHERE total IS NOT NULL",
                             "i", layer);

        if (r > 0)
                *ret = (uint64_t) size;
        return r;
}

int layer_forget(Job *job, int64_t layer, const char *folder, uint64_t size, Removals *removals, uint64_t *bytes,
                 uint64_t *n_folders, sd_bus_error *error)
{
        _cleanup_close_ int lock = -1;
        int64_t others = 0;
        int r;

        /* One that is missing can be forgotten as well. */
        r = folder_lock(job, STORE_LAYERS, folder, LOCK_EX, &lock);
        if (r == -EWOULDBLOCK)
                return 0;
        if (r < 0 && r != -ENOENT)
                return job_fail(job, r, "A layer can't be opened", error);
        r = database_run(job, error, "DELETE FROM layers WHERE id = ?", "i", layer);
        if (r >= 0)
                r = database_get(job, error, &others, "SELECT count(*) FROM layers WHERE folder = ?", "t", folder);
        if (r < 0)
                return r;
        if (others == 0 && lock >= 0) {
                removals_add(removals, STORE_LAYERS, folder, steal_fd(&lock));
                *bytes += size;
                if (n_folders)
                        *n_folders += 1;
        }
        return 1;
}

/* Returns how many went. */
static int collect_once(Job *job, Removals *removals, GHashTable *used, uint64_t *bytes, sd_bus_error *error)
{
        _cleanup_(database_finalize) sqlite3_stmt *statement = NULL;
        int r, n = 0;

        r = database_prepare(job, error, &statement, LAYERS_UNREFERENCED, "");
        if (r < 0)
                return r;
        while ((r = database_step(job, statement, error)) > 0) {
                gint64 id = sqlite3_column_int64(statement, 0);

                if (g_hash_table_contains(used, &id))
                        continue;
                r = layer_forget(job, id, (const char *) sqlite3_column_text(statement, 1),
                                 (uint64_t) sqlite3_column_int64(statement, 2), removals, bytes, NULL, error);
                if (r < 0)
                        return r;
                if (r == 0)
                        g_hash_table_add(used, g_memdup2(&id, sizeof(id)));
                n += r;
        }
        return r < 0 ? r : n;
}

int layers_collect(Job *job, Removals *removals, uint64_t *bytes, sd_bus_error *error)
{
        g_autoptr(GHashTable) used = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
        int r;

        do
                r = collect_once(job, removals, used, bytes, error);
        while (r > 0);
        return r;
}
