/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The files of an image layout: in a folder of this process's root, or in one that an opener reads for it. That one is
 * a process of the store's that runs as the caller and answers ["open", PATH] by ["ok"] with an fd, or ["error",
 * ERRNO].
 */

typedef struct Source {
        int folder; /* borrowed, or -1 */
        int opener; /* borrowed socket, or -1 */
} Source;

/* Opens a regular file for reading. Symlinks are followed within the folder. Returns the fd.
 * Errors: those of openat2(2); -EISDIR, -EINVAL where it is no regular file; -EPIPE, -EBADMSG of the opener. */
int source_open(const Source *source, const char *path);
