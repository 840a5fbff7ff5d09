/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Scope-bound clean-up for file descriptors and plain memory, for programs with and without GLib. An fd that leaves
 * its scope is closed unless it was handed on with steal_fd().
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))

/* Closes fd where it is one, keeps errno. Returns -1, so that `fd = safe_close(fd)` forgets it. */
static inline int safe_close(int fd)
{
        int saved = errno;

        if (fd >= 0)
                (void) close(fd);
        errno = saved;
        return -1;
}

static inline void close_at_exit(int *fd)
{
        safe_close(*fd);
}

static inline void free_at_exit(void *pointer)
{
        free(*(void **) pointer);
}

/* Hands an fd on: the variable forgets it. */
static inline int steal_fd(int *fd)
{
        int stolen = *fd;

        *fd = -1;
        return stolen;
}

#define _cleanup_close_ _cleanup_(close_at_exit)
#define _cleanup_free_  _cleanup_(free_at_exit)
