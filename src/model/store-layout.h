/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What lies where in the store's folder, for those who change it (src/store) and for the daemon, which reads it:
 *
 *   gangway.db            the records
 *   layers/FOLDER/root    a layer in the form that overlayfs takes. The time of the folder above root is its last use
 *   caches/FOLDER/root    a cache
 *   incoming/NAME/        what an operation under way is making or removing; who does holds a lock on it, flock(2)
 *   scratch/ID/           the throw-away layers of containers (container-dir.h)
 *
 * FOLDER is 16 random hexadecimal digits, and is root's alone. Who uses a layer or a cache holds a shared lock on it,
 * who removes it an exclusive one.
 */

#define STORE_DATABASE "gangway.db"
#define STORE_LAYERS   "layers"
#define STORE_CACHES   "caches"
#define STORE_INCOMING "incoming"
#define STORE_SCRATCH  "scratch"
#define STORE_ROOT     "root"

/* PRAGMA user_version of the records; src/store/database.c has the tables, and what became of those of older ones. */
#define STORE_VERSION 2
/* Since then an image has a platform. */
#define STORE_VERSION_PLATFORMS 2
