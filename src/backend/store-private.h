/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the look-ups of the store share: for store.c and store-image.c only. */

#include <sqlite3.h>

#include "backend/store.h"

/* Begins a look-up: all that it reads is one state. Returns 1, or 0 where there are no records yet. */
int store_begin(Store *store);
/* Ends it, all its statements being finalized; r is what became of it, and is returned. */
int store_end(Store *store, int r);

/* Of the records, within a look-up: STORE_VERSION, or less where they are on a file system that can't be written. */
int store_get_version(const Store *store);

int store_prepare(Store *store, const char *sql, sqlite3_stmt **ret);
/* Returns 1 for a row, 0 at the end. */
int store_step(Store *store, sqlite3_stmt *statement);
char *store_copy_text(sqlite3_stmt *statement, int column);
/* For _cleanup_(). */
void store_finalize(sqlite3_stmt **statement);
