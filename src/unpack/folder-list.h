/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "unpack/entry.h"

/*
 * Folders that were there before their entry came: the top, those that a file before them needed, and those that come
 * twice. libarchive keeps the times and modes of folders that it makes itself for the end, but sets those of others at
 * once, and then each file that is made in one changes its time again. So their last entries are kept here.
 */

/* A list of them. Free with g_array_unref(). */
GArray *folder_list_new(void);
void folder_list_add(GArray *list, const Entry *entry);

/* Sets their modes and times, where they still are folders, after libarchive has done the same for others.
 * Errors: of fchmod(2), futimens(2). */
int folder_list_apply(const GArray *list);
