/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "common.h"

/* The methods that read what lies in a mount. options is a{sv} as text, or NULL. All but the last two fail the test
 * where the call fails. */
int files_open(Container *container, guint index, const char *path);
GVariant *files_list(Container *container, guint index, const char *path, const char *options);
GVariant *files_stat(Container *container, guint index, const char *path, const char *options);
void files_fails(Container *container, const char *member, guint index, const char *path, const char *options,
                 const char *error, const char *part);
guint32 files_send(Client *caller, const char *container, const char *member, guint index, const char *path);

void assert_reads(Container *container, guint index, const char *path, const char *expected);

/* The entry of a name, NULL where there is none. */
GVariant *find_entry(GVariant *entries, const char *name);
void assert_text(GVariant *entry, const char *key, const char *expected);
guint number(GVariant *entry, const char *key);
