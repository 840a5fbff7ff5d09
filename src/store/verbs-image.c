/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Changes of the records alone: a second name for an image, one name less, and what can go then.
 */

#include "store/database.h"
#include "store/images.h"
#include "store/verbs.h"
#include "util/cleanup.h"

typedef struct Tag {
        int64_t owner, new_owner;
        const char *name, *new_name;
} Tag;

static int copy_image(Job *job, const Tag *tag, sd_bus_error *error)
{
        _cleanup_(database_finalize) sqlite3_stmt *statement = NULL;
        g_autoptr(ImageSettings) settings = image_settings_new();
        g_autofree char *digest = NULL, *platform = NULL;
        int64_t from = 0, image = 0;
        ImageRow row = {.owner = tag->new_owner, .name = tag->new_name};
        int r;

        r = image_find(job, tag->owner, tag->name, &from, error);
        /* The image itself, under the name that it has. */
        if (r < 0 || (tag->owner == tag->new_owner && g_str_equal(tag->name, tag->new_name)))
                return r;
        r = database_prepare(job, error, &statement, "SELECT layer, size, digest, platform FROM images WHERE id = ?",
                             "i", from);
        if (r >= 0)
                r = database_step(job, statement, error);
        if (r < 0)
                return r;
        row.layer = sqlite3_column_int64(statement, 0);
        row.size = (uint64_t) sqlite3_column_int64(statement, 1);
        digest = g_strdup((const char *) sqlite3_column_text(statement, 2));
        row.digest = digest;
        platform = g_strdup((const char *) sqlite3_column_text(statement, 3));
        row.platform = platform;
        r = image_get_settings(job, from, settings, error);
        if (r >= 0)
                r = image_replace(job, &row, &image, error);
        return r < 0 ? r : image_set_settings(job, image, settings, error);
}

int verb_tag(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error)
{
        Tag tag = {.name = request->strings[2], .new_name = request->strings[4]};
        int r;

        r = argument_to_owner(request->strings[1], &tag.owner, error);
        if (r >= 0)
                r = argument_to_owner(request->strings[3], &tag.new_owner, error);
        if (r >= 0)
                r = argument_check_name(tag.new_name, error);
        if (r >= 0)
                r = database_begin(job, DURABLE_LATER, error);
        if (r < 0)
                return r;

        r = copy_image(job, &tag, error);
        if (r < 0) {
                database_rollback(job);
                return r;
        }
        return database_commit(job, NULL, error);
}

static int remove_image(Job *job, int64_t owner, const char *name, sd_bus_error *error)
{
        int64_t image = 0;
        int r = image_find(job, owner, name, &image, error);

        /* With those that it superseded. */
        return r < 0 ? r
                     : database_run(job, error, "DELETE FROM images WHERE owner = ? AND name = ?", "it", owner, name);
}

int verb_remove(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error)
{
        g_autoptr(Removals) removals = removals_new(job);
        uint64_t freed = 0;
        int64_t owner = 0;
        int r;

        r = argument_to_owner(request->strings[1], &owner, error);
        if (r >= 0)
                r = database_begin(job, DURABLE_NOW, error);
        if (r < 0)
                return r;

        r = remove_image(job, owner, request->strings[2], error);
        if (r >= 0)
                r = layers_collect(job, removals, &freed, error);
        if (r < 0) {
                database_rollback(job);
                return r;
        }
        r = database_commit(job, NULL, error);
        if (r < 0)
                return r;
        removals_apply(removals);
        answer_add_number(answer, "freed", freed);
        return 0;
}

int verb_collect(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error)
{
        g_autoptr(Removals) removals = removals_new(job);
        uint64_t freed = 0;
        int r;

        r = database_begin(job, DURABLE_NOW, error);
        if (r < 0)
                return r;
        r = layers_collect(job, removals, &freed, error);
        if (r < 0) {
                database_rollback(job);
                return r;
        }
        r = database_commit(job, NULL, error);
        if (r < 0)
                return r;
        removals_apply(removals);
        answer_add_number(answer, "freed", freed);
        return 0;
}
