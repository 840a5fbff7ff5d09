/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A new folder for a cache. Who needs one, and when, the daemon knows: several caches of one key may be there. With a
 * seed it begins with a copy of the image, not with an overlay over it: the next container that uses it has other ids,
 * and a plain folder can be idmapped, while the upper folder of an overlay can't.
 */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/store-layout.h"
#include "store/database.h"
#include "store/folders.h"
#include "store/placement.h"
#include "store/seed.h"
#include "store/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"

#define CACHE_ID_LENGTH_MAX 4096

typedef struct CacheRow {
        int64_t owner;
        const char *cache_id;
        uint64_t seed;
        uint32_t id_base;
        const char *folder;
} CacheRow;

/* The root belongs to who is root inside. *ret_root is an fd of it. */
static int make_folders(int parent, const CacheRow *row, int *ret_root)
{
        _cleanup_close_ int fd = -1;
        int root;

        if (mkdirat(parent, row->folder, 0700) < 0)
                return -errno;
        fd = openat(parent, row->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || mkdirat(fd, STORE_ROOT, 0755) < 0 || fchmodat(fd, STORE_ROOT, 0755, 0) < 0 ||
            fchownat(fd, STORE_ROOT, row->id_base, row->id_base, AT_SYMLINK_NOFOLLOW) < 0 || fsync(fd) < 0)
                return -errno;
        root = openat(fd, STORE_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return -errno;
        *ret_root = root;
        return 0;
}

static int insert(Job *job, const CacheRow *row, sd_bus_error *error)
{
        int64_t found = 0;
        int r = 1;

        if (row->seed > 0)
                r = database_get(job, error, &found, "SELECT 1 FROM layers WHERE id = ?", "i", (int64_t) row->seed);
        if (r == 0)
                return error_set(error, ERROR_NO_SUCH_IMAGE,
                                 "The image of the cache '%s' was removed meanwhile; import it again", row->cache_id);
        if (r < 0)
                return r;
        return database_run(job, error,
                            "INSERT INTO caches (owner, cache_id, seed, folder, id_base)"
                            " VALUES (?, ?, nullif(?, 0), ?, ?)",
                            "ititi", row->owner, row->cache_id, (int64_t) row->seed, row->folder,
                            (int64_t) row->id_base);
}

static int create(Job *job, const CacheRow *row, int64_t *ret_id, sd_bus_error *error)
{
        _cleanup_(incoming_done) Incoming incoming = INCOMING_NONE;
        _cleanup_close_ int root = -1;
        Placement placement;
        int64_t id = 0;
        int r;

        r = incoming_new(job, &incoming, error);
        if (r < 0)
                return r;
        r = make_folders(incoming.fd, row, &root);
        if (r < 0)
                return job_fail(job, r, "The folder of the cache can't be made", error);
        if (row->seed > 0) {
                r = seed_copy(job, &incoming, (int64_t) row->seed, row->id_base, root, error);
                if (r < 0)
                        return r;
        }

        r = placement_begin(&placement, job, &incoming, STORE_CACHES, error);
        if (r < 0)
                return r;
        r = insert(job, row, error);
        if (r >= 0) {
                id = sqlite3_last_insert_rowid(job->database);
                r = placement_add(&placement, row->folder, error);
        }
        r = placement_end(&placement, r, error);
        if (r < 0)
                return r;
        *ret_id = id;
        return 0;
}

int verb_cache_create(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error)
{
        g_autofree char *folder = folder_name_new();
        CacheRow row = {.cache_id = request->strings[2], .folder = folder};
        int64_t id = 0;
        int r;

        r = argument_to_owner(request->strings[1], &row.owner, error);
        if (r >= 0)
                r = argument_to_number(request->strings[3], 0, INT64_MAX, &row.seed, error);
        if (r >= 0)
                r = argument_to_id_base(request->strings[4], &row.id_base, error);
        if (r >= 0 && (!g_utf8_validate(row.cache_id, -1, NULL) || strlen(row.cache_id) > CACHE_ID_LENGTH_MAX))
                r = error_invalid(error, "The id of a cache has to be valid UTF-8 of at most %d bytes",
                                  CACHE_ID_LENGTH_MAX);
        if (r >= 0)
                r = create(job, &row, &id, error);
        if (r < 0)
                return r;
        answer_add_number(answer, "id", (uint64_t) id);
        answer_add_text(answer, "folder", folder);
        return 0;
}
