/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Extended attributes. They are set here and not by libarchive, which knows no list of those that are wanted, and
 * can't tell one that is too large from a full disk: ext4 answers ENOSPC for both.
 */

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include <archive.h>

#include "unpack/entry.h"
#include "unpack/sentence.h"

/* A disk with less than so many free blocks is as good as full. */
#define FREE_BLOCKS 64

static bool wanted(const Entry *entry, const char *name)
{
        if (strcmp(name, "security.capability") == 0)
                return entry->type == AE_IFREG;
        return g_str_has_prefix(name, "user.") && (entry->type == AE_IFREG || entry->type == AE_IFDIR);
}

static bool disk_is_full(const char *path)
{
        struct statvfs disk;

        return statvfs(path, &disk) < 0 || disk.f_bavail < FREE_BLOCKS;
}

static int set_one(const Entry *entry, const char *name, const void *value, size_t size, const char *what,
                   sd_bus_error *error)
{
        g_autofree char *text = NULL;

        if (lsetxattr(entry->path, name, value, size, 0) >= 0)
                return 0;
        if ((errno == ENOSPC && disk_is_full(entry->path)) || errno == EDQUOT || errno == EROFS || errno == EIO)
                return entry_disk_error(entry, what, error, errno);
        text = sentence_name(name);
        return entry_error(entry, what, error,
                           "the store's file system does not take its attribute '%s' of %zu bytes: %s", text, size,
                           errno == ENOSPC ? "it is too large" : strerror(errno));
}

int entry_set_attributes(const Entry *entry, const char *what, sd_bus_error *error)
{
        const char *name;
        const void *value;
        size_t size;

        archive_entry_xattr_reset(entry->archive_entry);
        while (archive_entry_xattr_next(entry->archive_entry, &name, &value, &size) == ARCHIVE_OK) {
                int r = wanted(entry, name) ? set_one(entry, name, value, size, what, error) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}
