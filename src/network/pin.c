/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The folder is shared with iproute2, and is what its `ip netns add` makes of it: a mount point of its own with shared
 * propagation, so that a pin that is removed is gone from every mount namespace, and the network namespace with it. Two
 * that make it at the same time hold a lock on it, as iproute2 does, or it would be mounted upon itself twice.
 */

#include "network/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "util/cleanup.h"

#define FOLDER "/run/netns"
#define PREFIX "gangway-"

char *pin_path(const char *id)
{
        return g_strconcat(FOLDER "/" PREFIX, id, NULL);
}

static int make_folder(void)
{
        _cleanup_close_ int lock = -1;

        if (mkdir(FOLDER, 0755) < 0 && errno != EEXIST)
                return -errno;
        lock = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (lock < 0 || flock(lock, LOCK_EX) < 0)
                return -errno;
        if (mount("", FOLDER, "none", MS_SHARED | MS_REC, NULL) == 0)
                return 0;
        /* It is no mount point yet. */
        if (errno != EINVAL || mount(FOLDER, FOLDER, "none", MS_BIND | MS_REC, NULL) < 0 ||
            mount("", FOLDER, "none", MS_SHARED | MS_REC, NULL) < 0)
                return -errno;
        return 0;
}

int pin_make(const char *id, int fd)
{
        g_autofree char *path = pin_path(id), *source = g_strdup_printf("/proc/self/fd/%d", fd);
        _cleanup_close_ int file = -1;
        int r = make_folder();

        if (r < 0)
                return r;
        file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
        if (file < 0)
                return -errno;
        if (mount(source, path, "none", MS_BIND, NULL) < 0) {
                r = -errno;
                (void) unlink(path);
                return r;
        }
        return 0;
}

bool pin_is_whole(const char *id)
{
        g_autofree char *path = pin_path(id);
        struct statfs info;

        return statfs(path, &info) == 0 && info.f_type == NSFS_MAGIC;
}

int pin_remove(const char *id)
{
        g_autofree char *path = pin_path(id);

        /* There may be more than one. */
        while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
                ;
        return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

GPtrArray *pin_list(void)
{
        GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
        GDir *folder = g_dir_open(FOLDER, 0, NULL);
        const char *name;

        while (folder && (name = g_dir_read_name(folder)))
                if (g_str_has_prefix(name, PREFIX))
                        g_ptr_array_add(ids, g_strdup(name + strlen(PREFIX)));
        g_clear_pointer(&folder, g_dir_close);
        return ids;
}
