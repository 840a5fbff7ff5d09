/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The files lie in one small file system in memory, which is mounted nowhere but in these three pieces. As all other
 * mounts they are made with all their attributes first. A place that is missing is made as any mount point is, but not
 * where it would stay: folders from outside are read-only for as long as it takes, so whatever path leads into one, the
 * kernel says no.
 */

#include "launcher/name-files.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "launcher/mount-points.h"
#include "launcher/tree.h"
#include "util/cleanup.h"

#define STEP(space, ...) ((void) snprintf((space)->step, sizeof((space)->step), __VA_ARGS__))
#define ATTRIBUTES       (MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

static const char *const names[NAME_FILES] = {"hosts", "hostname", "resolv.conf"};

static int open_memory(void)
{
        _cleanup_close_ int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
        int tree;

        if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "source", "gangway", 0) < 0 ||
            fsconfig(context, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
            fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        tree = fsmount(context, FSMOUNT_CLOEXEC, ATTRIBUTES);
        return tree < 0 ? -errno : tree;
}

static int copy(int from, int to, size_t size)
{
        char buffer[4096];

        while (size > 0) {
                ssize_t n = read(from, buffer, size < sizeof(buffer) ? size : sizeof(buffer));

                if (n == 0)
                        return -EBADMSG;
                if (n < 0 || write(to, buffer, (size_t) n) != n)
                        return errno > 0 ? -errno : -EIO;
                size -= (size_t) n;
        }
        return 0;
}

static int make_file(const MountSpace *space, int memory, const char *name, int content, size_t size)
{
        _cleanup_close_ int file = openat(memory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        int r;

        if (file < 0)
                return -errno;
        r = copy(content, file, size);
        if (r < 0)
                return r;
        return fchown(file, space->base, space->base) < 0 || fchmod(file, 0644) < 0 ? -errno : 0;
}

static int make_files(MountSpace *space, int memory, int content, const size_t sizes[NAME_FILES])
{
        for (size_t i = 0; i < NAME_FILES; i++) {
                int r = sizes[i] > NAME_FILE_SIZE_MAX ? -EBADMSG
                                                      : make_file(space, memory, names[i], content, sizes[i]);

                if (r < 0)
                        return r;
        }
        return tree_set_flags(memory, MOUNT_ATTR_RDONLY);
}

/* The tops alone: what is mounted below them is what it was asked to be. */
static int protect_outside(const MountSpace *space, bool protect)
{
        const struct mount_attr on = {.attr_set = MOUNT_ATTR_RDONLY}, off = {.attr_clr = MOUNT_ATTR_RDONLY};

        for (size_t i = 0; i < space->n_tops; i++)
                if (space->tops[i].outside >= 0 &&
                    mount_setattr(space->tops[i].outside, "", AT_EMPTY_PATH,
                                  (struct mount_attr *) (protect ? &on : &off), sizeof(on)) < 0)
                        return -errno;
        return 0;
}

/* Whoever has no right or no way to make a file there does without. */
static bool can_not_be_made(int r)
{
        return r == -EROFS || r == -EACCES || r == -EPERM || r == -ENOSYS || r == -EOPNOTSUPP;
}

static int mount_file(MountSpace *space, int memory, const char *name, MountResult *result)
{
        _cleanup_close_ int target = -1, tree = -1;
        char destination[32];
        int r;

        (void) snprintf(destination, sizeof(destination), "/etc/%s", name);
        STEP(space, "find the place of %s", destination);
        r = mount_point_is_taken(space, destination);
        if (r != 0)
                return r < 0 ? r : 0;
        target = mount_point_open(space, destination, false, result);
        if (target < 0)
                return can_not_be_made(target) ? 0 : target;
        tree = open_tree(memory, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (tree < 0)
                return -errno;
        return tree_attach(tree, target);
}

static int mount_files(MountSpace *space, int memory, MountResult results[NAME_FILES])
{
        int r = protect_outside(space, true), last;

        for (size_t i = 0; r >= 0 && i < NAME_FILES; i++)
                r = mount_file(space, memory, names[i], &results[i]);
        last = protect_outside(space, false);
        return r < 0 ? r : last;
}

/* Before Linux 6.15 only what is mounted somewhere can be copied in part. */
static int add(MountSpace *space, int content, const size_t sizes[NAME_FILES], MountResult results[NAME_FILES])
{
        _cleanup_close_ int memory = -1, target = -1;
        char stage[512];
        int r;

        STEP(space, "make the files in memory");
        (void) snprintf(stage, sizeof(stage), "%s/whole", space->staging);
        target = open(stage, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (target < 0)
                return -errno;
        memory = open_memory();
        if (memory < 0)
                return memory;
        r = make_files(space, memory, content, sizes);
        if (r >= 0)
                r = tree_attach(memory, target);
        if (r < 0)
                return r;
        r = mount_files(space, memory, results);
        if (umount2(stage, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && r >= 0)
                r = -errno;
        return r;
}

int name_files_add(MountSpace *space, int content, const size_t sizes[NAME_FILES], MountResult ret[NAME_FILES])
{
        MountResult results[NAME_FILES];
        int r;

        for (size_t i = 0; i < NAME_FILES; i++)
                results[i] = (MountResult){.top = -1};
        r = add(space, content, sizes, results);
        for (size_t i = 0; i < NAME_FILES; i++)
                if (r < 0)
                        mounts_result_done(&results[i]);
                else
                        ret[i] = results[i];
        return r;
}
