/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "util/confined-path.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "util/cleanup.h"
#include "util/fs-ids.h"

/* As many as the kernel follows, path_resolution(7). */
#define LINKS_MAX 40U

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

/* Opens the folder that path lies in; *ret_name is the last component. */
static int open_parent(int root, char *path, const char **ret_name)
{
        char *slash = strrchr(path, '/');
        int parent;

        if (slash)
                *slash = '\0';
        parent = confined_open(root, slash && *path ? path : "/", O_PATH | O_DIRECTORY);
        if (slash)
                *slash = '/';
        *ret_name = slash ? slash + 1 : path;
        return parent;
}

/* Makes the last component of path below root, whose parent must be there, and keeps its times where keep is set. */
static int make_one(int root, char *path, bool is_folder, bool keep)
{
        _cleanup_close_ int parent = -1;
        const char *name;
        struct stat st;
        int r;

        parent = open_parent(root, path, &name);
        if (parent < 0)
                return parent;
        if (keep && fstat(parent, &st) < 0)
                return -errno;
        r = is_folder ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0644, 0);
        if (r < 0)
                return errno == EEXIST ? 0 : -errno;
        if (keep)
                (void) utimensat(parent, "", (const struct timespec[]){st.st_atim, st.st_mtim}, AT_EMPTY_PATH);
        return 1;
}

/* What is there leads nowhere, so it is a symlink: *ret is where path and what comes behind it lead to. */
static int follow(int root, char *path, const char *behind, char **ret)
{
        _cleanup_close_ int parent = -1;
        char target[PATH_MAX];
        const char *name;
        ssize_t length;

        parent = open_parent(root, path, &name);
        if (parent < 0)
                return parent;
        length = readlinkat(parent, name, target, sizeof(target));
        if (length < 0)
                return -errno;
        if (asprintf(ret, "%.*s%.*s/%s", target[0] == '/' ? 0 : (int) (name - path), path, (int) length, target,
                     behind) < 0)
                return -ENOMEM;
        return strlen(*ret) >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Makes what is missing of path, which it writes to. Returns how many components were made; where a symlink leads
 * nowhere, *ret_next is the path to go on with, or it ends there where ret_next is NULL. */
static int make_each(int root, char *path, bool is_folder, char **ret_next)
{
        int made = 0;

        for (char *p = path;;) {
                _cleanup_close_ int fd = -1;
                const char *behind;
                char end;
                int r;

                p += strspn(p, "/");
                if (!*p)
                        return made;
                p += strcspn(p, "/");
                behind = p + strspn(p, "/");
                end = *p;
                *p = '\0';
                r = make_one(root, path, is_folder || *behind, ret_next);
                if (r == 0 && ret_next) {
                        fd = confined_open(root, path, O_PATH);
                        if (fd == -ENOENT)
                                r = follow(root, path, behind, ret_next);
                }
                *p = end;
                if (r < 0)
                        return r;
                made += r;
                if (ret_next && *ret_next)
                        return made;
        }
}

static int make_following(int root, const char *path, bool is_folder, bool follows)
{
        _cleanup_free_ char *now = strdup(path);
        int made = 0;

        for (unsigned links = 0; now && links <= LINKS_MAX; links++) {
                char *next = NULL;
                int r = make_each(root, now, is_folder, follows ? &next : NULL);

                if (r < 0) {
                        free(next);
                        return r;
                }
                made += r;
                if (!next)
                        return made;
                free(now);
                now = next;
        }
        return now ? -ELOOP : -ENOMEM;
}

/* Returns how many components were made. */
static int make_as(int root, const char *path, bool is_folder, bool follows, uid_t uid, gid_t gid)
{
        mode_t mask;
        int saved, r;

        r = fs_ids_enter(uid, gid, &saved);
        if (r < 0)
                return r;
        mask = umask(0);
        r = make_following(root, path, is_folder, follows);
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
        r = make_as(root, path, true, false, uid, gid);
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
                made = make_as(root, path, is_folder, true, uid, gid);
                fd = made < 0 ? made : confined_open(root, path, flags);
        }
        if (fd >= 0)
                *ret_made = (unsigned) made;
        return fd;
}
