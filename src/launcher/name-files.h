/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "launcher/mounts.h"

/*
 * /etc/hosts, /etc/hostname and /etc/resolv.conf: files of the container's root, mounted read-only.
 */

#define NAME_FILES         3U
#define NAME_FILE_SIZE_MAX (1024U * 1024U)

/* Mounts the three, in this order, when all other mounts are there. content: an fd to read them from, one right behind
 * the other, of these sizes. One of them is left out where another mount has its place, and where it is missing in a
 * folder that can't be written, or that others see, too. ret gets what had to be made for each, with top -1. On failure
 * space->step says at what. Errors: of read(2), fsopen(2), openat2(2), move_mount(2); -EISDIR. */
int name_files_add(MountSpace *space, int content, const size_t sizes[NAME_FILES], MountResult ret[NAME_FILES]);
