/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a tree takes up: the blocks of its files, as du(1) counts them. What can't be looked at counts as nothing: a
 * cache may be in use, and its files come and go.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/tree.h"
#include "util/cleanup.h"

typedef struct Measure {
        Job *job;
        GHashTable *linked; /* inodes of files with several names */
        uint64_t bytes;
} Measure;

static void count(Measure *measure, const struct stat *st)
{
        gint64 inode = (gint64) st->st_ino;

        if (st->st_nlink > 1 && !g_hash_table_add(measure->linked, g_memdup2(&inode, sizeof(inode))))
                return;
        measure->bytes += (uint64_t) st->st_blocks * 512;
}

static int measure_folder(Measure *measure, int parent, const char *name, unsigned depth, sd_bus_error *error)
{
        int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;
        int r = 0;

        if (!dir) {
                safe_close(fd);
                return 0;
        }
        while (r >= 0 && (entry = readdir(dir))) {
                struct stat st;

                r = job_check(measure->job, error);
                if (r < 0 || g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, "..") ||
                    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                if (S_ISREG(st.st_mode))
                        count(measure, &st);
                else if (S_ISDIR(st.st_mode) && depth < TREE_DEPTH_MAX)
                        r = measure_folder(measure, dirfd(dir), entry->d_name, depth + 1, error);
        }
        closedir(dir);
        return r;
}

int tree_measure(Job *job, int fd, uint64_t *ret, sd_bus_error *error)
{
        g_autoptr(GHashTable) linked = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
        Measure measure = {.job = job, .linked = linked};
        int r = measure_folder(&measure, fd, ".", 0, error);

        if (r >= 0)
                *ret = measure.bytes;
        return r;
}
