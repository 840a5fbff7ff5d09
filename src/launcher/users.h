/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * A user of a container, by its own /etc/passwd and /etc/group. Those files are the container's word: they are looked
 * up inside its root, must be regular files, and are read up to a limit.
 */

#define USER_GROUPS_MAX    64U
#define USER_HOME_MAX      4096U
#define USER_FILE_SIZE_MAX (10U * 1024U * 1024U)

typedef struct User {
        uint32_t uid;
        uint32_t gid;
        uint32_t groups[USER_GROUPS_MAX]; /* supplementary */
        size_t n_groups;
        char home[USER_HOME_MAX]; /* as passwd says; "/" where it does not */
} User;

/* Looks a user up. "" is 0:0 and "uid:gid" is taken literally: for those the files only tell the home directory. Else
 * it is one of "uid", "name", "uid:group", "name:group" and "name:gid", as the Dockerfile's USER has them; a uid that
 * is not in passwd has group 0, and with a group given there are no supplementary ones. Files that are missing are
 * empty; ones that are no regular files are an error in every case, since some runtimes read them, too, and would hang
 * on a FIFO. Errors, with a sentence of at most size bytes in message: -EINVAL. */
int user_lookup(int root, const char *spec, User *ret, char *message, size_t size);
