/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * A user of a container, by its own /etc/passwd and /etc/group. Those files are the container's word: they are looked
 * up inside its root, must be regular files, and are read up to a limit.
 */

#define USER_GROUPS_MAX    64U
#define USER_FILE_SIZE_MAX (10U * 1024U * 1024U)

typedef struct User {
        uint32_t uid;
        uint32_t gid;
        uint32_t groups[USER_GROUPS_MAX]; /* supplementary */
        size_t n_groups;
} User;

/* Looks a user up by "uid", "name", "uid:group", "name:group" or "name:gid", as the Dockerfile's USER has them. A uid
 * that is not in passwd has group 0. With a group given there are no supplementary ones.
 * Errors, with a sentence of at most size bytes in message: -EINVAL. */
int user_lookup(int root, const char *spec, User *ret, char *message, size_t size);
