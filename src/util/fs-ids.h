/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/*
 * The ids that count for files, apart from all others: setfsuid(2). On an idmapped mount root is nobody: it can't make
 * files (EOVERFLOW), and its capabilities say nothing about files whose owner or group is not mapped. Who is mapped
 * can, so that is who root works as there, with its capabilities kept. Free of GLib, for the launcher.
 */

/* Works as uid and gid, which are the host's. *ret_saved is for fs_ids_leave(). Needs root. Errors: of prctl(2). */
int fs_ids_enter(uid_t uid, gid_t gid, int *ret_saved);
void fs_ids_leave(int saved);
