/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/job.h"

/*
 * The records, from the writer's side. Functions that return a negative errno have set the error.
 */

/* Opens the records; makes them where they are missing. */
int database_open(Job *job, sd_bus_error *error);

/* Whether a change is to be on the disk when database_commit() returns, or some time after. Before the files of a layer
 * are removed it has to be known that nobody will look for them again. */
typedef enum Durability { DURABLE_LATER, DURABLE_NOW } Durability;

/* A change: nobody else writes until database_commit() or database_rollback(). Begin waits for other writers, and can
 * be cancelled meanwhile; afterwards the operation can't be any more, unless it is rolled back. */
int database_begin(Job *job, Durability durability, sd_bus_error *error);
void database_rollback(Job *job);

/* When it fails, the change is rolled back; *ret_unsure says that it may come back to life nevertheless, since the disk
 * did not take a word back: then what the rows speak of must stay where it is, for a sweep to judge. ret_unsure may be
 * NULL. */
int database_commit(Job *job, bool *ret_unsure, sd_bus_error *error);

/* Empties the WAL, so that the next change has its room: see database.c. */
void database_write_back(Job *job);

/* Prepares a statement and binds its parameters in their order. types has a letter for each: i is an int64_t, t a text,
 * which is not copied and has to outlive the statement. */
int database_prepare(Job *job, sd_bus_error *error, sqlite3_stmt **ret, const char *sql, const char *types, ...);

/* Returns 1 for a row, 0 at the end. */
int database_step(Job *job, sqlite3_stmt *statement, sd_bus_error *error);

/* For a statement that answers nothing. Returns how many rows it changed. */
int database_run(Job *job, sd_bus_error *error, const char *sql, const char *types, ...);

/* For a statement that answers a number. Returns 1 where there is a row. */
int database_get(Job *job, sd_bus_error *error, int64_t *ret, const char *sql, const char *types, ...);

/* For _cleanup_(). */
void database_finalize(sqlite3_stmt **statement);
