/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "launcher/mounts.h"

#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "util/cleanup.h"
#include "util/fs-ids.h"

#define IDS_PER_CONTAINER 65536U

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

static int clone_source(int source)
{
        int tree = open_tree(source, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

        return tree < 0 ? -errno : tree;
}

/* A detached copy of the source's mount. open_tree(2) copies mounts of the own mount namespace only, so it goes where
 * the folder was opened: mostly the machine's, but a sandboxed caller has one of its own. Which process that is, is
 * taken on trust: no path is looked up there, so a wrong one gains nothing and just fails. */
static int clone_foreign_source(int source, pid_t pid)
{
        _cleanup_close_ int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        int tree;

        if (own < 0)
                return -errno;
        tree = enter_mounts(1);
        if (tree >= 0)
                tree = clone_source(source);
        if (tree == -EINVAL) {
                tree = enter_mounts(pid);
                if (tree >= 0)
                        tree = clone_source(source);
        }
        if (setns(own, CLONE_NEWNS) < 0) {
                int r = -errno;

                safe_close(tree);
                return r;
        }
        return tree;
}

/* What is mounted here is seen by nobody else. What others unmount is unmounted here, too: a launcher may wait for its
 * Start for days, and must not keep a disk busy. */
static int leave_mounts(void)
{
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return -errno;
        return 0;
}

static int write_map(pid_t pid, const char *name, uint32_t inside, uint32_t outside, uint32_t count)
{
        _cleanup_close_ int fd = -1;
        char path[64], line[64];
        int length;

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, name);
        length = snprintf(line, sizeof(line), "%u %u %u", inside, outside, count);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, line, (size_t) length) < 0)
                return -errno;
        return 0;
}

/* The gid of the user's own group. The bus tells the groups of a connection, but not which of them is the primary. */
static int primary_group(uint32_t uid, uint32_t *ret_gid)
{
        const struct passwd *user;

        errno = 0;
        user = getpwuid(uid);
        if (!user)
                return errno > 0 ? -errno : -ESRCH;
        *ret_gid = user->pw_gid;
        return 0;
}

static int write_maps(pid_t pid, const IdMap *map, uint32_t gid)
{
        uint32_t uid = map->kind == ID_MAP_RANGE ? 0 : map->uid;
        uint32_t count = map->kind == ID_MAP_RANGE ? IDS_PER_CONTAINER : 1;
        int r = write_map(pid, "uid_map", uid, map->base, count);

        return r < 0 ? r : write_map(pid, "gid_map", gid, map->base, count);
}

/* Opens the user namespace of a process that is there for it only. */
static int open_map_of_child(const IdMap *map, uint32_t gid)
{
        char path[64];
        pid_t pid;
        int r, fd = -1;

        pid = (pid_t) syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid < 0)
                return -errno;
        if (pid == 0)
                for (;;)
                        (void) pause();

        r = write_maps(pid, map, gid);
        if (r >= 0) {
                (void) snprintf(path, sizeof(path), "/proc/%d/ns/user", (int) pid);
                fd = open(path, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        r = -errno;
        }

        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        return r < 0 ? r : fd;
}

/* A user namespace that holds the map. An idmapped mount takes the ids of the disk as ids inside of that namespace, and
 * shows what they are outside of it: mount_setattr(2). */
static int open_id_map(const IdMap *map)
{
        sigset_t term, saved;
        uint32_t gid = 0;
        int r;

        if (map->kind == ID_MAP_CALLER) {
                r = primary_group(map->uid, &gid);
                if (r < 0)
                        return r;
        }
        /* The daemon ends us by SIGTERM; the child must not outlive us. */
        sigemptyset(&term);
        sigaddset(&term, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &term, &saved);
        r = open_map_of_child(map, gid);
        (void) sigprocmask(SIG_SETMASK, &saved, NULL);
        return r;
}

/* The source as a detached mount, with its ids mapped. */
static int open_source(const RootMount *root, const char **ret_step)
{
        _cleanup_close_ int tree = -1, map = -1;
        struct mount_attr attributes = {.attr_set = root->devices ? 0 : MOUNT_ATTR_NODEV};

        *ret_step = "open the folder as a mount";
        tree = root->source_pid > 0 ? clone_foreign_source(root->source, root->source_pid) : clone_source(root->source);
        if (tree < 0)
                return tree;

        if (root->map.kind != ID_MAP_NONE) {
                *ret_step = "make the map of ids";
                map = open_id_map(&root->map);
                if (map < 0)
                        return map;
                attributes.attr_set |= MOUNT_ATTR_IDMAP;
                attributes.userns_fd = (uint64_t) map;
        }
        if (!root->scratch && root->read_only)
                attributes.attr_set |= MOUNT_ATTR_RDONLY;

        *ret_step = "map the ids of the folder (its file system must be one that can: ext4, xfs, btrfs, tmpfs …)";
        if (attributes.attr_set != 0 && mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
                return -errno;
        return steal_fd(&tree);
}

static int attach(int tree, const char *target)
{
        if (move_mount(tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return -errno;
        return 0;
}

/* The root directory of an overlay looks as its upper one does, so that one takes mode and owner of the source's. */
static int copy_attributes(const char *source, const char *upper)
{
        struct stat st;

        if (stat(source, &st) < 0 || lchown(upper, st.st_uid, st.st_gid) < 0 || chmod(upper, st.st_mode & 07777) < 0)
                return -errno;
        return 0;
}

/* An overlay looks at the layers below as who mounted it: as the container's root, which is the folder's owner there,
 * it can read what is the owner's, also where the file's group is not mapped. */
static int create_overlay(int context, const RootMount *root)
{
        uint32_t owner = root->map.kind == ID_MAP_NONE ? 0 : root->map.base;
        int saved, r;

        r = fs_ids_enter(owner, owner, &saved);
        if (r < 0)
                return r;
        r = fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ? -errno : 0;
        fs_ids_leave(saved);
        return r;
}

/* The overlay over target, where the source is mounted now: the source's mount stays below it. */
static int open_overlay(const RootMount *root, const char **ret_step)
{
        _cleanup_close_ int context = -1, overlay = -1;
        char upper[256], work[256];
        int r;

        if (snprintf(upper, sizeof(upper), "%s/upper", root->scratch) >= (int) sizeof(upper) ||
            snprintf(work, sizeof(work), "%s/work", root->scratch) >= (int) sizeof(work))
                return -ENAMETOOLONG;

        *ret_step = "prepare the throw-away layer";
        r = copy_attributes(root->target, upper);
        if (r < 0)
                return r;

        /* volatile: the layer is thrown away, so nothing of it has to reach the disk. */
        *ret_step = "mount the throw-away layer over the folder";
        context = fsopen("overlay", FSOPEN_CLOEXEC);
        if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "source", "gangway", 0) < 0 ||
            fsconfig(context, FSCONFIG_SET_STRING, "lowerdir", root->target, 0) < 0 ||
            fsconfig(context, FSCONFIG_SET_STRING, "upperdir", upper, 0) < 0 ||
            fsconfig(context, FSCONFIG_SET_STRING, "workdir", work, 0) < 0 ||
            fsconfig(context, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0)
                return -errno;
        r = create_overlay(context, root);
        if (r < 0)
                return r;
        /* Where the root is to be read-only the runtime sees to it, once the mount points are made. */
        overlay = fsmount(context, FSMOUNT_CLOEXEC, root->devices ? 0 : MOUNT_ATTR_NODEV);
        if (overlay < 0)
                return -errno;
        return steal_fd(&overlay);
}

int mounts_root(const RootMount *root, const char **ret_step)
{
        _cleanup_close_ int source = -1, overlay = -1;
        int r;

        source = open_source(root, ret_step);
        if (source < 0)
                return source;
        *ret_step = "leave the mounts of others";
        r = leave_mounts();
        if (r < 0)
                return r;
        *ret_step = "mount the folder";
        r = attach(source, root->target);
        if (r < 0 || !root->scratch)
                return r;

        overlay = open_overlay(root, ret_step);
        if (overlay < 0)
                return overlay;
        /* The overlay has its own hold on the source. */
        if (umount2(root->target, MNT_DETACH) < 0)
                return -errno;
        return attach(overlay, root->target);
}
