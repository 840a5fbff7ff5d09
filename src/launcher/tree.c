/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "launcher/tree.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/confined-path.h"

static int enter_mounts(pid_t pid)
{
        _cleanup_close_ int fd = -1;
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int) pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || setns(fd, CLONE_NEWNS) < 0)
                return -errno;
        return 0;
}

static int clone_own(int fd)
{
        int tree = open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

        return tree < 0 ? -errno : tree;
}

/* open_tree(2) copies mounts of the own mount namespace only, so it goes where the fd was opened: mostly the machine's,
 * but a sandboxed caller has one of its own. Which process that is, is taken on trust: no path is looked up there, so a
 * wrong one gains nothing and just fails. */
static int clone_foreign(int fd, pid_t pid)
{
        _cleanup_close_ int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        int tree;

        if (own < 0)
                return -errno;
        tree = enter_mounts(1);
        if (tree >= 0)
                tree = clone_own(fd);
        if (tree == -EINVAL) {
                tree = enter_mounts(pid);
                if (tree >= 0)
                        tree = clone_own(fd);
        }
        if (setns(own, CLONE_NEWNS) < 0) {
                int r = -errno;

                safe_close(tree);
                return r;
        }
        return tree;
}

int tree_clone(int fd, pid_t pid)
{
        return pid > 0 ? clone_foreign(fd, pid) : clone_own(fd);
}

int tree_prepare(int tree, const IdMap *map)
{
        struct mount_attr attributes = {.propagation = MS_PRIVATE};

        if (map->kind != ID_MAP_NONE) {
                int fd = id_map_open(map);

                if (fd < 0)
                        return fd;
                attributes.attr_set = MOUNT_ATTR_IDMAP;
                attributes.userns_fd = (uint64_t) fd;
        }
        return mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0 ? -errno : 0;
}

int tree_set_flags(int tree, uint64_t flags)
{
        struct mount_attr attributes = {.attr_set = flags};

        if (flags == 0)
                return 0;
        return mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)) < 0 ? -errno : 0;
}

int tree_attach(int tree, int target)
{
        return move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ? -errno : 0;
}

int tree_path(int fd, char **ret)
{
        char link[64], path[PATH_MAX];
        ssize_t length;

        (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        length = readlink(link, path, sizeof(path));
        if (length < 0)
                return -errno;
        if ((size_t) length >= sizeof(path))
                return -ENAMETOOLONG;
        *ret = strndup(path, (size_t) length);
        return *ret ? 0 : -ENOMEM;
}

/* How fd is called below tree. */
static int path_below(int tree, int fd, char **ret)
{
        _cleanup_free_ char *top = NULL, *path = NULL;
        size_t length;
        int r;

        r = tree_path(tree, &top);
        if (r >= 0)
                r = tree_path(fd, &path);
        if (r < 0 || !top || !path)
                return r < 0 ? r : -ENOMEM;
        length = strlen(top);
        *ret = strdup(strncmp(top, path, length) == 0 && path[length] ? path + length : "/");
        return *ret ? 0 : -ENOMEM;
}

/* Before Linux 6.15 only what is mounted somewhere can be copied in part. */
int tree_select(int tree, const char *path, const char *stage, char **ret_path)
{
        _cleanup_close_ int target = open(stage, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
        _cleanup_free_ char *below = NULL;
        int r, part;

        if (target < 0)
                return -errno;
        r = tree_attach(tree, target);
        if (r < 0)
                return r;
        fd = confined_open(tree, path, O_PATH);
        part = fd < 0 ? fd : clone_own(fd);
        if (part >= 0) {
                r = path_below(tree, fd, &below);
                if (r < 0) {
                        safe_close(part);
                        part = r;
                }
        }
        if (umount2(stage, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && part >= 0) {
                r = -errno;
                safe_close(part);
                return r;
        }
        if (part >= 0) {
                *ret_path = below;
                below = NULL;
        }
        return part;
}

int tree_is_folder(int tree)
{
        struct statx st;

        if (statx(tree, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0)
                return -errno;
        return S_ISDIR(st.stx_mode) ? 1 : 0;
}

int tree_reopen(int tree)
{
        char path[64];
        int fd;

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", tree);
        fd = open(path, O_PATH | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}
