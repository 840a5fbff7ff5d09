/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/job.h"

/*
 * Trees of files that containers made: walked by fds, without following a symlink. Functions that return a negative
 * errno have set the error; all can be cancelled.
 */

/* How deep folders may lie in each other, as in an image that is imported. */
#define TREE_DEPTH_MAX 1024

/* The bytes that the files below a folder take up on the disk, hard links once. fd may be an O_PATH one. */
int tree_measure(Job *job, int fd, uint64_t *ret, sd_bus_error *error);

typedef struct TreeCopy {
        uint64_t total;           /* bytes as tree_measure() tells them, for the progress; or 0 */
        uint64_t bytes;           /* of what was copied, in the same way */
        uint64_t skipped_devices; /* that were left out */
} TreeCopy;

/* Copies the upper folder of an overlay as a layer: with owners, modes, times, hard links, holes, extended attributes
 * and whiteouts. Other devices are left out, and so are the attributes by which overlayfs ties a file to the layer
 * below, as it was when the overlay was mounted. source may be an O_PATH fd; target is an empty folder, and becomes as
 * the source. */
int tree_copy(Job *job, int source, int target, TreeCopy *copy, sd_bus_error *error);
