/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Not cp(1): it would stop at a device, which the service may not make, and it knows nothing of the attributes that
 * have to go. Those are (overlayfs.rst in the kernel's documentation, and fs/overlayfs/overlayfs.h): origin, the file
 * handle of what was copied up; impure, nlink, upper and uuid, notes about that. What says how the tree lies on the
 * layers below stays: opaque, redirect, metacopy and whiteout.
 *
 * A file's owner comes first, since it takes away the set-id bits and the capabilities; then the attributes, the mode,
 * and the times. A folder gets its own when all is in it.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "store/tree.h"
#include "util/cleanup.h"
#include "util/error.h"

#define CHUNK (8 << 20)

typedef struct Copier {
        Job *job;
        TreeCopy *copy;
        int root;          /* of the target */
        GHashTable *links; /* path below root, by device and inode */
        GString *path;     /* of the current entry, below root */
        sd_bus_error *error;
} Copier;

/* An entry of a folder, in both trees. */
typedef struct Entry {
        int source, target; /* the folders */
        const char *name;
        struct stat st;
} Entry;

static int fail(const Copier *copier, int r)
{
        g_autofree char *what = g_strdup_printf("'%.1000s' can't be copied to a layer", copier->path->str);

        return job_fail(copier->job, r, what, copier->error);
}

static bool belongs_to_the_overlay(const char *name)
{
        static const char *const names[] = {"trusted.overlay.origin", "trusted.overlay.impure", "trusted.overlay.nlink",
                                            "trusted.overlay.upper", "trusted.overlay.uuid"};

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if (g_str_equal(names[i], name))
                        return true;
        return false;
}

static int copy_attribute(const char *source, const char *target, const char *name)
{
        g_autofree char *value = NULL;
        ssize_t size = lgetxattr(source, name, NULL, 0);

        if (size >= 0) {
                value = g_malloc((size_t) size + 1);
                size = lgetxattr(source, name, value, (size_t) size);
        }
        if (size < 0)
                return errno == ENODATA ? 0 : -errno;
        /* A label is the business of the machine's policy. */
        if (lsetxattr(target, name, value, (size_t) size, 0) < 0 && !g_str_equal(name, "security.selinux"))
                return -errno;
        return 0;
}

/* By path, since a symlink or a whiteout can't be opened. Both folders are this process's fds. */
static int copy_attributes(const Entry *entry)
{
        g_autofree char *source = g_strdup_printf("/proc/self/fd/%d/%s", entry->source, entry->name);
        g_autofree char *target = g_strdup_printf("/proc/self/fd/%d/%s", entry->target, entry->name);
        g_autofree char *names = NULL;
        ssize_t size = llistxattr(source, NULL, 0);
        int r = 0;

        if (size > 0) {
                names = g_malloc((size_t) size);
                size = llistxattr(source, names, (size_t) size);
        }
        if (size < 0)
                return errno == EOPNOTSUPP ? 0 : -errno;
        for (const char *name = names; r >= 0 && name < names + size; name += strlen(name) + 1)
                if (!belongs_to_the_overlay(name))
                        r = copy_attribute(source, target, name);
        return r;
}

static int copy_metadata(const Entry *entry)
{
        const struct stat *st = &entry->st;
        const struct timespec times[] = {st->st_atim, st->st_mtim};
        int r;

        if (fchownat(entry->target, entry->name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        r = copy_attributes(entry);
        if (r < 0)
                return r;
        if (!S_ISLNK(st->st_mode) && fchmodat(entry->target, entry->name, st->st_mode & 07777, 0) < 0)
                return -errno;
        return utimensat(entry->target, entry->name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int write_piece(int source, int target, off_t from, off_t to)
{
        g_autofree char *buffer = g_malloc(CHUNK);

        while (from < to) {
                ssize_t n = pread(source, buffer, (size_t) MIN(to - from, CHUNK), from), written = 0;

                if (n <= 0)
                        return n < 0 ? -errno : 0;
                while (written < n) {
                        ssize_t w = pwrite(target, buffer + written, (size_t) (n - written), from + written);

                        if (w < 0)
                                return -errno;
                        written += w;
                }
                from += n;
        }
        return 0;
}

/* At most a chunk. Returns how many bytes, 0 at the end of the file. */
static ssize_t copy_piece(int source, int target, off_t from, off_t to)
{
        off_t in = from, out = from;
        ssize_t n = copy_file_range(source, &in, target, &out, (size_t) MIN(to - from, CHUNK), 0);
        int r;

        if (n >= 0 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP))
                return n < 0 ? -errno : n;
        to = MIN(to, from + CHUNK);
        r = write_piece(source, target, from, to);
        return r < 0 ? r : to - from;
}

static int copy_content(Copier *copier, int source, int target, off_t size)
{
        off_t position = 0;

        if (ioctl(target, FICLONE, source) == 0)
                return 0;
        while (position < size) {
                off_t data = lseek(source, position, SEEK_DATA);
                off_t hole = data < 0 ? data : lseek(source, data, SEEK_HOLE);

                if (data < 0 && errno == ENXIO)
                        break;
                if (data < 0 || hole < 0)
                        return fail(copier, -errno);
                while (data < hole) {
                        ssize_t n = copy_piece(source, target, data, hole);
                        int r;

                        if (n <= 0)
                                return n < 0 ? fail(copier, (int) n) : 0;
                        data += n;
                        r = job_check(copier->job, copier->error);
                        if (r < 0)
                                return r;
                        job_progress(copier->job, copier->copy->bytes + (uint64_t) data, copier->copy->total);
                }
                position = hole;
        }
        return ftruncate(target, size) < 0 ? fail(copier, -errno) : 0;
}

static int copy_file(Copier *copier, const Entry *entry)
{
        _cleanup_close_ int source = -1, target = -1;
        int r;

        source = openat(entry->source, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (source >= 0)
                target = openat(entry->target, entry->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (target < 0)
                return fail(copier, -errno);
        r = copy_content(copier, source, target, entry->st.st_size);
        if (r < 0)
                return r;
        copier->copy->bytes += (uint64_t) entry->st.st_blocks * 512;
        job_progress(copier->job, copier->copy->bytes, copier->copy->total);
        return 0;
}

static int copy_symlink(const Entry *entry)
{
        g_autofree char *link = g_malloc0((size_t) entry->st.st_size + 1);

        if (readlinkat(entry->source, entry->name, link, (size_t) entry->st.st_size) < 0 ||
            symlinkat(link, entry->target, entry->name) < 0)
                return -errno;
        return 0;
}

/* Returns 1 where it became a further name of a file that has been copied. */
static int copy_link(Copier *copier, const Entry *entry)
{
        g_autofree char *key = NULL;
        const char *first;

        if (S_ISDIR(entry->st.st_mode) || entry->st.st_nlink < 2)
                return 0;
        key = g_strdup_printf("%" G_GINT64_MODIFIER "x:%" G_GINT64_MODIFIER "x", (guint64) entry->st.st_dev,
                              (guint64) entry->st.st_ino);
        first = g_hash_table_lookup(copier->links, key);
        if (!first) {
                g_hash_table_insert(copier->links, g_steal_pointer(&key), g_strdup(copier->path->str));
                return 0;
        }
        return linkat(copier->root, first, entry->target, entry->name, 0) < 0 ? -errno : 1;
}

static int copy_folder(Copier *copier, int source, int target, unsigned depth);

static int copy_subfolder(Copier *copier, const Entry *entry, unsigned depth)
{
        _cleanup_close_ int source = -1, target = -1;

        if (depth >= TREE_DEPTH_MAX)
                return error_set(copier->error, ERROR_NOT_COMMITTABLE,
                                 "The folder '%.200s…' lies more than %d folders deep; an image can't have that",
                                 copier->path->str, TREE_DEPTH_MAX);
        source = openat(entry->source, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (source >= 0 && mkdirat(entry->target, entry->name, 0700) >= 0)
                target = openat(entry->target, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return target < 0 ? fail(copier, -errno) : copy_folder(copier, source, target, depth + 1);
}

/* Returns 1 where there is an entry in the target that needs its metadata. */
static int copy_entry(Copier *copier, const Entry *entry, unsigned depth)
{
        mode_t type = entry->st.st_mode & S_IFMT;
        int r = copy_link(copier, entry);

        if (r != 0)
                return r < 0 ? fail(copier, r) : 0;
        if (type == S_IFDIR)
                r = copy_subfolder(copier, entry, depth);
        else if (type == S_IFREG)
                r = copy_file(copier, entry);
        else if (type == S_IFLNK) {
                r = copy_symlink(entry);
                r = r < 0 ? fail(copier, r) : 0;
        } else if (type == S_IFIFO || type == S_IFSOCK || (type == S_IFCHR && entry->st.st_rdev == 0))
                r = mknodat(entry->target, entry->name, type | 0600, 0) < 0 ? fail(copier, -errno) : 0;
        else {
                copier->copy->skipped_devices++;
                return 0;
        }
        return r < 0 ? r : 1;
}

static int copy_one(Copier *copier, int source, int target, const char *name, unsigned depth)
{
        Entry entry = {.source = source, .target = target, .name = name};
        size_t length = copier->path->len;
        int r;

        r = job_check(copier->job, copier->error);
        if (r < 0)
                return r;
        if (length > 0)
                g_string_append_c(copier->path, '/');
        g_string_append(copier->path, name);

        if (fstatat(source, name, &entry.st, AT_SYMLINK_NOFOLLOW) < 0)
                return fail(copier, -errno);
        r = copy_entry(copier, &entry, depth);
        if (r > 0) {
                r = copy_metadata(&entry);
                r = r < 0 ? fail(copier, r) : 0;
        }
        if (r >= 0)
                g_string_truncate(copier->path, length);
        return r;
}

static int copy_folder(Copier *copier, int source, int target, unsigned depth)
{
        int fd = openat(source, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;
        int r = 0;

        if (!dir) {
                r = fail(copier, -errno);
                safe_close(fd);
                return r;
        }
        while (r >= 0 && (errno = 0, entry = readdir(dir)))
                if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, ".."))
                        r = copy_one(copier, source, target, entry->d_name, depth);
        if (r >= 0 && errno != 0)
                r = fail(copier, -errno);
        closedir(dir);
        return r;
}

int tree_copy(Job *job, int source, int target, TreeCopy *copy, sd_bus_error *error)
{
        g_autoptr(GHashTable) links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autoptr(GString) path = g_string_new(NULL);
        Copier copier = {.job = job, .copy = copy, .root = target, .links = links, .path = path, .error = error};
        Entry root = {.source = source, .target = target, .name = "."};
        int r;

        r = copy_folder(&copier, source, target, 0);
        if (r < 0)
                return r;
        if (fstatat(source, ".", &root.st, 0) < 0)
                return fail(&copier, -errno);
        r = copy_metadata(&root);
        return r < 0 ? fail(&copier, r) : 0;
}
