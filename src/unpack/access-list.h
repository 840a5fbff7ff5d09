/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

#include "unpack/entry.h"

/*
 * POSIX access lists. tar writes who is in one by name (GNU tar also where it writes all else by number), and the names
 * are those of the archived system. So a list with names waits until all is unpacked, and the archive's own etc/passwd
 * and etc/group say who they are.
 */

/* Those that wait, by path. Free with g_hash_table_unref(). */
GHashTable *access_lists_new(void);

/* Sets the lists of a file or folder that is whole, or has them wait. An earlier entry's of the same path are
 * forgotten. Errors with a sentence: InvalidImage, or what writing to a disk may say. */
int access_lists_take(GHashTable *waiting, const Entry *entry, const char *what, sd_bus_error *error);

/* Sets those that waited. */
int access_lists_apply(GHashTable *waiting, const char *what, sd_bus_error *error);
