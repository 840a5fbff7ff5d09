/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launcher/id-map.h"

/*
 * Detached mounts: made, prepared, and only then put where they belong, by fd. A detached mount is seen by nobody, and
 * is gone when its fd is closed. Functions return 0 or an fd of the caller's, or a negative errno.
 */

/* A copy of the mount that fd lies on, from fd downwards, without what is mounted below. fd was opened in the mount
 * namespace of pid; 0: in this process's own. Errors: of open_tree(2). */
int tree_clone(int fd, pid_t pid);

/* Maps a tree's ids, and makes it private: what is mounted below it later is not to appear where it was copied from.
 * Errors: of mount_setattr(2); -EINVAL where the file system can't be idmapped. */
int tree_prepare(int tree, const IdMap *map);

/* Sets MOUNT_ATTR_… flags on it and on all that is mounted below. */
int tree_set_flags(int tree, uint64_t flags);

/* Puts it where target is: an fd of a folder, or of a file where its top is a file. */
int tree_attach(int tree, int target);

/* What lies at path inside of it, as a detached tree of its own: looked up so that nothing leads out of the tree, and
 * that is not shown again. stage: a folder to put the whole tree at meanwhile. *ret_path is how it is called in
 * there, "/" first; the caller frees it. Errors: of openat2(2). */
int tree_select(int tree, const char *path, const char *stage, char **ret_path);

/* Whether its top is a folder. */
int tree_is_folder(int tree);

/* An O_PATH fd of the same place. */
int tree_reopen(int tree);

/* What the kernel calls the place of an fd in this mount namespace. The caller frees it. */
int tree_path(int fd, char **ret);
