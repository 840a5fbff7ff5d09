/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "launcher/mounts.h"

/*
 * The places below a container's root where something is mounted, and the mounts that are there already.
 */

/* Remembers the mount that was made of request, and that fd is the top of; *below is taken over. */
int mount_points_note(MountSpace *space, const MountRequest *request, int fd, char **below);

/* Opens destination below the container's root, and makes what is missing: what that was goes into result, whose top is
 * left alone. On failure space->step says at what. Errors: of openat2(2), mkdir(2); -EISDIR, -ENOTDIR where it is not
 * what is_folder says. */
int mount_point_open(MountSpace *space, const char *destination, bool is_folder, MountResult *result);

/* Whether the top of a mount that is remembered is at this place, symlinks followed: 0 where it is not, or where
 * nothing is there. Errors: of openat2(2). */
int mount_point_is_taken(const MountSpace *space, const char *destination);
