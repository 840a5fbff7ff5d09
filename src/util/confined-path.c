/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "util/confined-path.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "util/cleanup.h"
#include "util/fs-ids.h"

int confined_open(int root, const char *path, int flags)
{
        struct open_how how = {
                .flags = (unsigned) flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NONBLOCK | O_NOCTTY),
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };
        long fd;

        /* openat2 answers EAGAIN where a rename or a mount raced with "..", and wants to be asked again. */
        do
                fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
        while (fd < 0 && errno == EAGAIN);
        return fd < 0 ? -errno : (int) fd;
}

int confined_open_literal(const char *path)
{
        struct open_how how = {
                .flags = O_PATH | O_CLOEXEC,
                .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

        return fd < 0 ? -errno : (int) fd;
}

/* Makes the last component of path below root, whose parent must be there. */
static int make_one(int root, char *path, bool is_folder)
{
        _cleanup_close_ int parent = -1;
        char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        int r;

        if (slash)
                *slash = '\0';
        parent = confined_open(root, slash && *path ? path : "/", O_PATH | O_DIRECTORY);
        if (slash)
                *slash = '/';
        if (parent < 0)
                return parent;
        r = is_folder ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0644, 0);
        if (r < 0)
                return errno == EEXIST ? 0 : -errno;
        return 1;
}

/* Returns how many were made. */
static int make_each(int root, char *path, bool is_folder)
{
        int made = 0;

        for (char *p = path;;) {
                char *next;
                char end;
                int r;

                p += strspn(p, "/");
                if (!*p)
                        return made;
                p += strcspn(p, "/");
                next = p + strspn(p, "/");
                end = *p;
                *p = '\0';
                r = make_one(root, path, is_folder || *next);
                *p = end;
                if (r < 0)
                        return r;
                made += r;
        }
}

/* Returns how many components were made. */
static int make_as(int root, const char *path, bool is_folder, uid_t uid, gid_t gid)
{
        _cleanup_free_ char *copy = strdup(path);
        mode_t mask;
        int saved, r;

        if (!copy)
                return -ENOMEM;
        r = fs_ids_enter(uid, gid, &saved);
        if (r < 0)
                return r;
        mask = umask(0);
        r = make_each(root, copy, is_folder);
        (void) umask(mask);
        fs_ids_leave(saved);
        return r;
}

int confined_make_directory(int root, const char *path, uid_t uid, gid_t gid)
{
        _cleanup_close_ int fd = -1;
        int r;

        fd = confined_open(root, path, O_PATH | O_DIRECTORY);
        if (fd >= 0)
                return 0;
        if (fd != -ENOENT)
                return fd;
        r = make_as(root, path, true, uid, gid);
        if (r < 0)
                return r;

        /* A dangling symlink counts as something that is there until one goes through it. */
        fd = confined_open(root, path, O_PATH | O_DIRECTORY);
        return fd < 0 ? fd : r > 0;
}

int confined_open_mount_point(int root, const char *path, bool is_folder, uid_t uid, gid_t gid, unsigned *ret_made)
{
        int flags = O_PATH | (is_folder ? O_DIRECTORY : 0);
        int made = 0, fd;

        fd = confined_open(root, path, flags);
        if (fd == -ENOENT) {
                made = make_as(root, path, is_folder, uid, gid);
                fd = made < 0 ? made : confined_open(root, path, flags);
        }
        if (fd >= 0)
                *ret_made = (unsigned) made;
        return fd;
}
