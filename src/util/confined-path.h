/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Paths inside a container's root, looked up so that no symlink, "..", or magic link leads outside of it, also when
 * somebody swaps them meanwhile: openat2(2) with RESOLVE_IN_ROOT. Free of GLib, for the launcher.
 */

#include <stdbool.h>
#include <sys/types.h>

/* Opens path below root, which is taken as "/" for the look-up. flags: as of open(2); CLOEXEC is always set, and
 * O_NONBLOCK too, so that a FIFO or a device can't hold the caller up. Returns the fd.
 * Errors: those of openat2(2); -ELOOP for a magic link. */
int confined_open(int root, const char *path, int flags);

/* Opens an absolute path of the machine, O_PATH, where no part of it is a symlink: what a person agreed to is what is
 * opened. Returns the fd. Errors: those of openat2(2); -ELOOP for a symlink. */
int confined_open_literal(const char *path);

/* Makes path and its missing parents below root, as directories of mode 0755; those made belong to uid and gid, which
 * are the host's ids, as the mount shows them. Needs root. Returns 1 where something was made, 0 where path was there.
 */
int confined_make_directory(int root, const char *path, uid_t uid, gid_t gid);

/* Opens path below root, O_PATH, to mount something there. What is missing is made as in confined_make_directory(), its
 * last part an empty file where is_folder is false, also where a symlink leads to what is missing; *ret_made says how
 * many parts that were. The folder that they are made in keeps its times, since nobody has written there. Returns the
 * fd. */
int confined_open_mount_point(int root, const char *path, bool is_folder, uid_t uid, gid_t gid, unsigned *ret_made);
