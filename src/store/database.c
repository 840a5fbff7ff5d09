/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The records are in WAL form: what a crash of the machine can take away are the last changes, whole and in order, if
 * they were not to be on the disk at once (synchronous=NORMAL). On a full disk there must be room to write that an
 * image is removed: so the WAL is made large at the beginning, is written back after each operation, and keeps its
 * size.
 *
 * Records of an older version are brought to this one when they are opened, once. They can't be brought back.
 *
 * Same parent and digest is one row. The same digest under another parent shares the folder.
 */

#include "store/database.h"

#include <fcntl.h>
#include <glib.h>
#include <stdarg.h>
#include <unistd.h>

#include "model/store-layout.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/sqlite-errno.h"

/* Milliseconds to wait for other writers: a change is over in a moment, but a disk may be slow. */
#define BUSY_TIMEOUT 60000
#define BUSY_STEP    10

/* What a few changes take. */
#define ROOM_BYTES 262144

static const char schema[] =
        "CREATE TABLE layers ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " parent INTEGER REFERENCES layers(id),"
        " folder TEXT NOT NULL,"
        " id_base INTEGER NOT NULL,"
        " size INTEGER NOT NULL," /* bytes */
        " boot_id TEXT NOT NULL," /* '' once its files are known to be on the disk; see settle.c */
        " digest TEXT NOT NULL);" /* of the uncompressed tar, sha256:…; '' for one that was committed here */
        "CREATE UNIQUE INDEX layers_by_digest ON layers(digest, ifnull(parent, 0)) WHERE digest <> '';"
        "CREATE INDEX layers_by_parent ON layers(parent);"
        "CREATE INDEX layers_by_folder ON layers(folder);"
        "CREATE TABLE images ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " owner INTEGER NOT NULL," /* a uid; -1 for the system */
        " name TEXT NOT NULL,"
        " layer INTEGER NOT NULL REFERENCES layers(id),"
        " created INTEGER NOT NULL,"              /* seconds since 1970 */
        " size INTEGER NOT NULL,"                 /* bytes of all layers */
        " digest TEXT NOT NULL,"                  /* the chain id; '' where a layer has none */
        " superseded INTEGER NOT NULL DEFAULT 0," /* 0, or the image that has its name now; see settle.c */
        " platform TEXT NOT NULL DEFAULT '',"     /* normalised, util/platform.h; '' where it is not known */
        " UNIQUE(owner, name, superseded));"
        "CREATE INDEX images_by_superseded ON images(superseded) WHERE superseded <> 0;"
        "CREATE INDEX layers_by_boot_id ON layers(boot_id) WHERE boot_id <> '';"
        "CREATE INDEX images_by_layer ON images(layer);"
        "CREATE TABLE image_settings ("
        " image INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,"
        " kind TEXT NOT NULL,"
        " position INTEGER NOT NULL,"
        " value TEXT NOT NULL,"
        " PRIMARY KEY(image, kind, position)) WITHOUT ROWID;"
        "CREATE TABLE caches ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " owner INTEGER NOT NULL,"
        " cache_id TEXT NOT NULL,"
        " seed INTEGER REFERENCES layers(id),"
        " folder TEXT NOT NULL UNIQUE,"
        " id_base INTEGER NOT NULL);"
        "CREATE INDEX caches_by_key ON caches(owner, cache_id);"
        "CREATE INDEX caches_by_seed ON caches(seed);"
        "PRAGMA user_version = " G_STRINGIFY(STORE_VERSION) ";";

/* What a version has that the one before it had not; the first is version 2. */
static const char *const upgrades[] = {
        "ALTER TABLE images ADD COLUMN platform TEXT NOT NULL DEFAULT '';",
};

G_STATIC_ASSERT(G_N_ELEMENTS(upgrades) == STORE_VERSION - 1);

void database_finalize(sqlite3_stmt **statement)
{
        (void) sqlite3_finalize(*statement);
}

static int fail(Job *job, int result, sd_bus_error *error)
{
        int r = sqlite_to_errno(job->database, result);

        /* The wait for another writer ends at once where the operation is cancelled. */
        if (r == -EBUSY) {
                int cancelled = job_check(job, error);

                if (cancelled < 0)
                        return cancelled;
                return error_set(error, SD_BUS_ERROR_TIMEOUT,
                                 "The records of the store %s were written to by others for %d s; try again", job->path,
                                 BUSY_TIMEOUT / 1000);
        }
        if (r == -EBADMSG)
                return error_set(error, SD_BUS_ERROR_IO_ERROR,
                                 "The records of the store, %s/" STORE_DATABASE ", are damaged: %s; restore the store "
                                 "from a backup, or move it away, and import the images anew",
                                 job->path, sqlite3_errmsg(job->database));
        if (r == -EIO)
                return error_set(error, SD_BUS_ERROR_IO_ERROR,
                                 "The records of the store, %s/" STORE_DATABASE ", can't be used: %s", job->path,
                                 sqlite3_errmsg(job->database));
        return job_fail(job, r, "The records can't be read or written", error);
}

static int on_busy(void *userdata, int count)
{
        Job *job = userdata;
        _cleanup_(sd_bus_error_free) sd_bus_error ignored = SD_BUS_ERROR_NULL;

        return count < BUSY_TIMEOUT / BUSY_STEP && job_wait(job, -1, BUSY_STEP, &ignored) >= 0;
}

static int execute(Job *job, const char *sql, sd_bus_error *error)
{
        int result = sqlite3_exec(job->database, sql, NULL, NULL, NULL);

        return result == SQLITE_OK ? 0 : fail(job, result, error);
}

static int get_version(Job *job, int64_t *ret, sd_bus_error *error)
{
        return database_get(job, error, ret, "PRAGMA user_version", "");
}

/* The bytes of it are in the WAL when they are committed, and are free pages of the file when they are deleted. A store
 * without them is as good as any, until the disk is full. */
static void make_room(Job *job)
{
        (void) sqlite3_exec(job->database,
                            "CREATE TABLE room (bytes);"
                            "INSERT INTO room VALUES (zeroblob(" G_STRINGIFY(ROOM_BYTES) "));"
                                                                                         "DROP TABLE room",
                            NULL, NULL, NULL);
}

void database_write_back(Job *job)
{
        (void) sqlite3_wal_checkpoint_v2(job->database, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* From version on, which is not 0, to this one. */
static int upgrade(Job *job, int64_t version, sd_bus_error *error)
{
        int r = 0;

        for (; r >= 0 && version < STORE_VERSION; version++)
                r = execute(job, upgrades[version - 1], error);
        return r < 0 ? r : execute(job, "PRAGMA user_version = " G_STRINGIFY(STORE_VERSION), error);
}

static int make_tables(Job *job, sd_bus_error *error)
{
        int64_t version = 0;
        bool is_new;
        int r;

        r = database_begin(job, DURABLE_NOW, error);
        if (r < 0)
                return r;
        /* Another one may have been faster. */
        r = get_version(job, &version, error);
        is_new = version == 0;
        if (r >= 0 && is_new)
                r = execute(job, schema, error);
        else if (r >= 0 && version < STORE_VERSION)
                r = upgrade(job, version, error);
        if (r < 0) {
                database_rollback(job);
                return r;
        }
        r = database_commit(job, NULL, error);
        job->committed = false;
        if (r >= 0 && is_new)
                make_room(job);
        return r;
}

int database_open(Job *job, sd_bus_error *error)
{
        g_autofree char *path = g_build_filename(job->path, STORE_DATABASE, NULL);
        int64_t version = 0;
        int result, persist = 1, r;

        result = sqlite3_open_v2(path, &job->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                 NULL);
        if (result == SQLITE_OK)
                result = sqlite3_busy_handler(job->database, on_busy, job);
        if (result != SQLITE_OK)
                return fail(job, result, error);
        /* SQLite opens a file on a read-only file system for reading; a statement would say so, but later. */
        if (sqlite3_db_readonly(job->database, "main") != 0)
                return job_fail(job, -EROFS, "", error);

        r = execute(job,
                    "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;"
                    "PRAGMA trusted_schema = OFF",
                    error);
        if (r < 0)
                return r;
        (void) sqlite3_file_control(job->database, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
        r = get_version(job, &version, error);
        if (r < 0)
                return r;
        if (version >= 0 && version < STORE_VERSION)
                return make_tables(job, error);
        if (version != STORE_VERSION)
                return error_set(error, SD_BUS_ERROR_NOT_SUPPORTED,
                                 "The store %s was made by a newer gangway: its records have version %" G_GINT64_FORMAT
                                 ", and this one knows version %d; install that one again, or choose another store "
                                 "with Path= in [Store] of gangwayd.conf",
                                 job->path, version, STORE_VERSION);
        return 0;
}

int database_begin(Job *job, Durability durability, sd_bus_error *error)
{
        int r = execute(job,
                        durability == DURABLE_NOW ? "PRAGMA synchronous = FULL; BEGIN IMMEDIATE"
                                                  : "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
                        error);

        if (r >= 0)
                job->committed = true;
        return r;
}

void database_rollback(Job *job)
{
        (void) sqlite3_exec(job->database, "ROLLBACK", NULL, NULL, NULL);
        job->committed = false;
}

int database_commit(Job *job, bool *ret_unsure, sd_bus_error *error)
{
        int result = sqlite3_exec(job->database, "COMMIT", NULL, NULL, NULL);
        int r;

        if (result == SQLITE_OK)
                return 0;
        r = fail(job, result, error);
        database_rollback(job);
        /* Of these two it is known that the end of the change was not written. */
        if (ret_unsure)
                *ret_unsure = (result & 0xff) != SQLITE_FULL && (result & 0xff) != SQLITE_BUSY;
        return r;
}

static int prepare(Job *job, sqlite3_stmt **ret, const char *sql, const char *types, va_list arguments,
                   sd_bus_error *error)
{
        int result = sqlite3_prepare_v2(job->database, sql, -1, ret, NULL);

        for (int i = 1; result == SQLITE_OK && types[i - 1]; i++)
                result = types[i - 1] == 'i'
                                 ? sqlite3_bind_int64(*ret, i, va_arg(arguments, int64_t))
                                 : sqlite3_bind_text(*ret, i, va_arg(arguments, const char *), -1, SQLITE_STATIC);
        return result == SQLITE_OK ? 0 : fail(job, result, error);
}

int database_prepare(Job *job, sd_bus_error *error, sqlite3_stmt **ret, const char *sql, const char *types, ...)
{
        va_list arguments;
        int r;

        va_start(arguments, types);
        r = prepare(job, ret, sql, types, arguments, error);
        va_end(arguments);
        return r;
}

int database_step(Job *job, sqlite3_stmt *statement, sd_bus_error *error)
{
        int result = sqlite3_step(statement);

        return result == SQLITE_ROW ? 1 : result == SQLITE_DONE ? 0 : fail(job, result, error);
}

int database_run(Job *job, sd_bus_error *error, const char *sql, const char *types, ...)
{
        _cleanup_(database_finalize) sqlite3_stmt *statement = NULL;
        va_list arguments;
        int r;

        va_start(arguments, types);
        r = prepare(job, &statement, sql, types, arguments, error);
        va_end(arguments);
        if (r >= 0)
                r = database_step(job, statement, error);
        return r < 0 ? r : sqlite3_changes(job->database);
}

int database_get(Job *job, sd_bus_error *error, int64_t *ret, const char *sql, const char *types, ...)
{
        _cleanup_(database_finalize) sqlite3_stmt *statement = NULL;
        va_list arguments;
        int r;

        va_start(arguments, types);
        r = prepare(job, &statement, sql, types, arguments, error);
        va_end(arguments);
        if (r >= 0)
                r = database_step(job, statement, error);
        if (r > 0)
                *ret = sqlite3_column_int64(statement, 0);
        return r;
}
