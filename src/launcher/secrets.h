/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Secrets: files in a ramfs, which is memory that is never written to a disk, neither as a file nor as swap. It is
 * mounted in this process's own mount namespace, below a folder that root alone may enter.
 */

#define SECRET_SIZE_MAX   (500U * 1024U)
#define SECRETS_TOTAL_MAX (16U * 1024U * 1024U)
#define SECRET_SECONDS    10 /* for a pipe or a server that says nothing */

typedef struct Secrets {
        const char *folder; /* an empty one, where the ramfs comes to lie */
        int top;            /* -1 until it does */
        unsigned last;      /* the files are numbers */
        size_t total;
} Secrets;

/* Copies what fd holds, from where it stands to its end, into a new file. Returns a read-only fd of it, and leaves it
 * at its beginning. Errors: -E2BIG over SECRET_SIZE_MAX, -ENOSPC over SECRETS_TOTAL_MAX, -ETIMEDOUT, and of read(2). */
int secrets_take(Secrets *secrets, int fd, size_t *ret_size);

/* A copy of what secrets_take() gave, as a file of these ids of the host and with this mode: a detached tree. */
int secrets_open_tree(Secrets *secrets, int content, uint32_t uid, uint32_t gid, uint32_t mode);

/* Forgets where the ramfs lies; what was opened stays. */
void secrets_hide(Secrets *secrets);
