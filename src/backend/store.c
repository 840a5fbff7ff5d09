/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The connection is opened read-only and kept. In WAL form a reader sees the last state that was committed and waits
 * for no writer; only a helper that repairs the records of one that was killed can be in the way, for a moment. On a
 * file system that is read-only, a WAL that was cleared away can't be made anew: then the file is read as one that
 * nobody can change (immutable), and the connection is not kept, since that can become wrong.
 *
 * A hold is a shared lock on the folder. Who removes a folder locks it exclusively, deletes its row, and only then the
 * files, so a hold is good if the row is still there after it was taken.
 */

#include "backend/store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "model/store-layout.h"
#include "util/cleanup.h"
#include "util/sqlite-errno.h"

/* Milliseconds, for the repair above. */
#define BUSY_TIMEOUT 100

struct Store {
        char *path;
        sqlite3 *connection;
        bool immutable;
        int version; /* of the records */
};

void store_finalize(sqlite3_stmt **statement)
{
        (void) sqlite3_finalize(*statement);
}

int store_open(const char *path, Store **ret)
{
        Store *store = g_new0(Store, 1);

        store->path = g_strdup(path);
        *ret = store;
        return 0;
}

static void disconnect(Store *store)
{
        (void) sqlite3_close_v2(store->connection);
        store->connection = NULL;
}

Store *store_close(Store *store)
{
        if (!store)
                return NULL;
        disconnect(store);
        g_free(store->path);
        g_free(store);
        return NULL;
}

const char *store_get_path(const Store *store)
{
        return store->path;
}

/* Leaves no statement behind, so that the next try starts afresh. */
static int fail(Store *store, int result)
{
        int r = sqlite_to_errno(store->connection, result);

        disconnect(store);
        return r;
}

static int check_version(Store *store)
{
        _cleanup_(store_finalize) sqlite3_stmt *statement = NULL;
        int result, version;

        result = sqlite3_prepare_v2(store->connection, "PRAGMA user_version", -1, &statement, NULL);
        if (result == SQLITE_OK)
                result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
                return result;
        version = store->version = sqlite3_column_int(statement, 0);
        /* Without tables yet: as good as not there. Older ones stay so where nobody can write. */
        return version == 0 ? SQLITE_EMPTY : version > 0 && version <= STORE_VERSION ? SQLITE_OK : SQLITE_NOTADB;
}

static int open_records(Store *store, bool immutable)
{
        g_autofree char *path = g_build_filename(store->path, STORE_DATABASE, NULL);
        g_autofree char *escaped = g_uri_escape_string(path, "/", FALSE);
        g_autofree char *uri = g_strdup_printf("file:%s%s", escaped, immutable ? "?immutable=1" : "");
        int result;

        result = sqlite3_open_v2(uri, &store->connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                                 NULL);
        if (result == SQLITE_OK)
                result = sqlite3_busy_timeout(store->connection, BUSY_TIMEOUT);
        if (result == SQLITE_OK)
                result = check_version(store);
        store->immutable = immutable;
        return result;
}

int store_get_version(const Store *store)
{
        return store->version;
}

int store_begin(Store *store)
{
        int result = SQLITE_OK;

        if (!store->connection) {
                result = open_records(store, false);
                if (result == SQLITE_EMPTY || sqlite_to_errno(store->connection, result) == -ENOENT) {
                        disconnect(store);
                        return 0;
                }
                if (sqlite_to_errno(store->connection, result) == -EROFS) {
                        disconnect(store);
                        result = open_records(store, true);
                }
        }
        if (result == SQLITE_OK)
                result = sqlite3_exec(store->connection, "BEGIN", NULL, NULL, NULL);
        return result == SQLITE_OK ? 1 : fail(store, result);
}

int store_end(Store *store, int r)
{
        if (!store->connection)
                return r;
        if (store->immutable || (r < 0 && r != -ENOENT) ||
            sqlite3_exec(store->connection, "END", NULL, NULL, NULL) != SQLITE_OK)
                disconnect(store);
        return r;
}

int store_connect(Store *store)
{
        int r = store_begin(store);

        return r > 0 ? store_end(store, 0) : r;
}

int store_prepare(Store *store, const char *sql, sqlite3_stmt **ret)
{
        int result = sqlite3_prepare_v2(store->connection, sql, -1, ret, NULL);

        return sqlite_to_errno(store->connection, result);
}

int store_step(Store *store, sqlite3_stmt *statement)
{
        int result = sqlite3_step(statement);

        return result == SQLITE_ROW ? 1 : sqlite_to_errno(store->connection, result);
}

char *store_copy_text(sqlite3_stmt *statement, int column)
{
        return g_strdup((const char *) sqlite3_column_text(statement, column));
}

static void free_cache(gpointer cache)
{
        store_cache_free(cache);
}

static int find_caches(Store *store, uint32_t owner, const char *cache_id, int64_t seed, GPtrArray *caches)
{
        _cleanup_(store_finalize) sqlite3_stmt *statement = NULL;
        int r;

        r = store_prepare(
                store,
                "SELECT id, folder, id_base FROM caches WHERE owner = ? AND cache_id = ? AND ifnull(seed, 0) = ?"
                " ORDER BY id",
                &statement);
        if (r < 0)
                return r;
        (void) sqlite3_bind_int64(statement, 1, owner);
        (void) sqlite3_bind_text(statement, 2, cache_id, -1, SQLITE_STATIC);
        (void) sqlite3_bind_int64(statement, 3, seed);
        while ((r = store_step(store, statement)) > 0) {
                StoreCache *cache = g_new0(StoreCache, 1);

                cache->id = sqlite3_column_int64(statement, 0);
                cache->folder = store_copy_text(statement, 1);
                cache->id_base = (uint32_t) sqlite3_column_int64(statement, 2);
                g_ptr_array_add(caches, cache);
        }
        return r;
}

int store_find_caches(Store *store, uint32_t owner, const char *cache_id, int64_t seed, GPtrArray **ret)
{
        g_autoptr(GPtrArray) caches = g_ptr_array_new_with_free_func(free_cache);
        int r = store_begin(store);

        if (r > 0)
                r = store_end(store, find_caches(store, owner, cache_id, seed, caches));
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&caches);
        return 0;
}

static int has_row(Store *store, const char *sql, const char *folder)
{
        _cleanup_(store_finalize) sqlite3_stmt *statement = NULL;
        int r = store_prepare(store, sql, &statement);

        if (r < 0)
                return r;
        (void) sqlite3_bind_text(statement, 1, folder, -1, SQLITE_STATIC);
        return store_step(store, statement);
}

static int hold(Store *store, const char *kind, const char *sql, const char *folder, int *ret_fd)
{
        g_autofree char *path = g_build_filename(store->path, kind, folder, NULL);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r;

        if (fd < 0)
                return -errno;
        if (flock(fd, LOCK_SH | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? -ENOENT : -errno;
        r = store_begin(store);
        if (r > 0)
                r = store_end(store, has_row(store, sql, folder));
        if (r <= 0)
                return r < 0 ? r : -ENOENT;

        /* The time is a hint for those who tidy up, and a store that can't be written is never tidied up. */
        (void) futimens(fd, NULL);
        *ret_fd = steal_fd(&fd);
        return 0;
}

int store_hold_layer(Store *store, const char *folder, int *ret_fd)
{
        return hold(store, STORE_LAYERS, "SELECT 1 FROM layers WHERE folder = ?", folder, ret_fd);
}

int store_hold_cache(Store *store, const char *folder, int *ret_fd)
{
        return hold(store, STORE_CACHES, "SELECT 1 FROM caches WHERE folder = ?", folder, ret_fd);
}

char *store_layer_path(const Store *store, const char *folder)
{
        return g_build_filename(store->path, STORE_LAYERS, folder, STORE_ROOT, NULL);
}

char *store_cache_path(const Store *store, const char *folder)
{
        return g_build_filename(store->path, STORE_CACHES, folder, STORE_ROOT, NULL);
}

StoreCache *store_cache_free(StoreCache *cache)
{
        if (!cache)
                return NULL;
        g_free(cache->folder);
        g_free(cache);
        return NULL;
}
