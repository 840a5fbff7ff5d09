/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A container writes into its mounts while they are read, so nothing is asked twice: a file is found by O_PATH, which
 * opens neither FIFO nor device, what it is is asked of that fd, and it is opened by way of that fd.
 */

#include "launcher/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/confined-path.h"
#include "util/fs-ids.h"

#define ACCESS_DENIED   "org.freedesktop.DBus.Error.AccessDenied"
#define INVALID_ARGS    "org.freedesktop.DBus.Error.InvalidArgs"
#define IO_ERROR        "org.freedesktop.DBus.Error.IOError"
#define NOT_A_DIRECTORY "org.gangway1.Error.NotADirectory"
#define NOT_A_FILE      "org.gangway1.Error.NotAFile"
#define NO_SUCH_FILE    "org.gangway1.Error.NoSuchFile"

#define NOBODY 65534U

int files_open_view(int top)
{
        _cleanup_close_ int tree = -1;
        struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                                    MOUNT_ATTR_NOEXEC};

        tree = open_tree(top, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
                return -errno;
        return steal_fd(&tree);
}

int files_fail_as(FilesError *error, int r, const char *name, const char *format, ...)
{
        va_list arguments;

        error->name = name;
        va_start(arguments, format);
        (void) vsnprintf(error->sentence, sizeof(error->sentence), format, arguments);
        va_end(arguments);
        return r;
}

int files_fail(FilesError *error, int r, const char *path)
{
        switch (r) {
        case -ENOENT:
                return files_fail_as(error, r, NO_SUCH_FILE, "There is no '%s' in this mount", path);
        case -ENOTDIR:
                return files_fail_as(error, r, NOT_A_DIRECTORY, "'%s', or a part of it, is no directory", path);
        case -ELOOP:
                return files_fail_as(error, r, NO_SUCH_FILE, "The symlinks in '%s' lead nowhere", path);
        case -EACCES:
        case -EPERM:
                return files_fail_as(error, r, ACCESS_DENIED, "'%s' can't be read by the container's root", path);
        case -ENAMETOOLONG:
                return files_fail_as(error, r, INVALID_ARGS, "The path '%s', or a name in it, is too long", path);
        default:
                return files_fail_as(error, r, IO_ERROR, "'%s' can't be read: %s", path, strerror(-r));
        }
}

static const char *describe_type(mode_t mode)
{
        switch (mode & S_IFMT) {
        case S_IFREG:
                return "file";
        case S_IFDIR:
                return "directory";
        case S_IFLNK:
                return "symlink";
        case S_IFIFO:
                return "fifo";
        case S_IFSOCK:
                return "socket";
        case S_IFCHR:
                return "character";
        default:
                return "block";
        }
}

static uint32_t to_inside(const FilesView *view, uint32_t id)
{
        return id >= view->id_base && id - view->id_base < view->id_count ? id - view->id_base : NOBODY;
}

/* A file system may say what it likes. */
static int64_t to_microseconds(const struct timespec *time)
{
        int64_t result;

        if (__builtin_mul_overflow((int64_t) time->tv_sec, INT64_C(1000000), &result) ||
            __builtin_add_overflow(result, time->tv_nsec / 1000, &result))
                return time->tv_sec < 0 ? INT64_MIN : INT64_MAX;
        return result;
}

int files_entry(const FilesView *view, int folder, const char *name, FileEntry *ret)
{
        struct stat st;
        ssize_t length;

        for (;;) {
                if (fstatat(folder, name, &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
                length = 0;
                if (S_ISLNK(st.st_mode))
                        length = readlinkat(folder, name, ret->target, sizeof(ret->target) - 1);
                if (length >= 0)
                        break;
                /* It has become something else meanwhile. */
                if (errno != EINVAL)
                        return -errno;
        }
        ret->target[length] = '\0';
        ret->type = describe_type(st.st_mode);
        ret->size = (uint64_t) st.st_size;
        ret->mode = st.st_mode & 07777;
        ret->uid = to_inside(view, st.st_uid);
        ret->gid = to_inside(view, st.st_gid);
        ret->mtime = to_microseconds(&st.st_mtim);
        return 0;
}

/* Whether the path climbs above where it begins. The look-up would stop there as chroot(2) does, and find something
 * else than what was meant. */
static bool leaves_top(const char *path)
{
        long depth = 0;

        for (const char *p = path + strspn(path, "/"); *p; p += strspn(p, "/")) {
                size_t length = strcspn(p, "/");

                if (length == 2 && strncmp(p, "..", 2) == 0)
                        depth--;
                else if (length != 1 || *p != '.')
                        depth++;
                if (depth < 0)
                        return true;
                p += length;
        }
        return false;
}

int files_find(const FilesView *view, const char *path, int flags, FilesError *error)
{
        int fd;

        if (leaves_top(path))
                return files_fail_as(error, -EXDEV, INVALID_ARGS, "The path '%s' leaves the mount", path);
        /* The top may be a single file, and then there is nothing to look up. */
        if (path[strspn(path, "/")] == '\0' && !(flags & O_DIRECTORY)) {
                fd = fcntl(view->top, F_DUPFD_CLOEXEC, 0);
                if (fd < 0)
                        fd = -errno;
        } else {
                fd = confined_open(view->top, *path ? path : "/", flags | O_PATH);
        }
        return fd < 0 ? files_fail(error, fd, path) : fd;
}

static int open_found(int found)
{
        char path[64];
        int fd;

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
        /* Who holds a lease on the file is not waited for: EWOULDBLOCK. */
        fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        (void) fcntl(fd, F_SETFL, 0);
        return fd;
}

static int open_file(const FilesView *view, const char *path, FilesError *error)
{
        _cleanup_close_ int found = files_find(view, path, 0, error);
        struct stat st;
        int fd;

        if (found < 0)
                return found;
        if (fstat(found, &st) < 0)
                return files_fail(error, -errno, path);
        if (!S_ISREG(st.st_mode))
                return files_fail_as(error, -EISDIR, NOT_A_FILE,
                                     "'%s' is no regular file (%s), and only those can be opened", path,
                                     describe_type(st.st_mode));
        fd = open_found(found);
        return fd < 0 ? files_fail(error, fd, path) : fd;
}

int files_open(const FilesView *view, const char *path, FilesError *error)
{
        int saved, r;

        r = fs_ids_enter(view->id_base, view->id_base, &saved);
        if (r < 0)
                return files_fail(error, r, path);
        r = open_file(view, path, error);
        fs_ids_leave(saved);
        return r;
}

static int stat_file(const FilesView *view, const char *path, bool follow, FileEntry *ret, FilesError *error)
{
        _cleanup_close_ int found = files_find(view, path, follow ? 0 : O_NOFOLLOW, error);
        int r;

        if (found < 0)
                return found;
        r = files_entry(view, found, "", ret);
        return r < 0 ? files_fail(error, r, path) : 0;
}

int files_stat(const FilesView *view, const char *path, bool follow, FileEntry *ret, FilesError *error)
{
        int saved, r;

        r = fs_ids_enter(view->id_base, view->id_base, &saved);
        if (r < 0)
                return files_fail(error, r, path);
        r = stat_file(view, path, follow, ret, error);
        fs_ids_leave(saved);
        return r;
}
