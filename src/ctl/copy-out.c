/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The tree is the work of a container, which may change it while it is copied, and may want to write where the caller
 * can: by a symlink, and a file "below" it a moment later. So each folder is opened once, without following a symlink,
 * and all that goes into it is made relative to that file descriptor, as a new file. Only the destination itself is the
 * caller's word, and is looked up as any path is.
 */

#include "config.h"

#include "ctl/copy-out.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/file-copy.h"
#include "ctl/file-listing.h"
#include "ctl/report.h"
#include "util/cleanup.h"
#include "util/error.h"

typedef struct CopyOut {
        const CopySource *source;
        const char *destination;
        mode_t mask;
} CopyOut;

static int copy_entry(CopyOut *out, int folder, const char *leaf, const char *below, const FileEntry *entry,
                      sd_bus_error *error);

/* What the caller knows the file as. */
static int failed(const CopyOut *out, const char *below, int r, sd_bus_error *error)
{
        g_autofree char *shown = listing_name(below);

        if (!sd_bus_error_is_set(error))
                sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, _("can't make '%s%s%s': %s"), out->destination,
                                  *below ? "/" : "", shown, g_strerror(-r));
        return r;
}

static mode_t mode_of(const CopyOut *out, const FileEntry *entry)
{
        return entry->mode & 0777 & ~out->mask;
}

/* A time that can't be set is no reason to fail. */
static void set_time(int fd, const FileEntry *entry)
{
        int64_t seconds = entry->mtime / G_USEC_PER_SEC, rest = entry->mtime % G_USEC_PER_SEC;
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};

        if (rest < 0) {
                rest += G_USEC_PER_SEC;
                seconds--;
        }
        times[1] = (struct timespec){.tv_sec = (time_t) seconds, .tv_nsec = (long) rest * 1000};
        (void) futimens(fd, times);
}

/* Opens the file of the container; it may have become something else since it was listed. */
static int open_input(CopyOut *out, const char *below, int *ret, sd_bus_error *error)
{
        g_autofree char *shown = listing_name(below);
        _cleanup_close_ int input = -1;
        struct stat status;
        int r;

        r = out->source->open(out->source->data, below, &input, error);
        if (r < 0)
                return r;
        if (fstat(input, &status) < 0 || !S_ISREG(status.st_mode))
                return error_invalid(error, _("'%s' is no regular file any more"), shown);
        *ret = steal_fd(&input);
        return 0;
}

/* A new file in the place of whatever was there. */
static int make_file(int folder, const char *leaf)
{
        for (;;) {
                int fd = openat(folder, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

                if (fd >= 0)
                        return fd;
                if (errno != EEXIST || unlinkat(folder, leaf, 0) < 0)
                        return -errno;
        }
}

static int copy_file(CopyOut *out, int folder, const char *leaf, const char *below, const FileEntry *entry,
                     sd_bus_error *error)
{
        _cleanup_close_ int input = -1, output = -1;
        int r;

        r = open_input(out, below, &input, error);
        if (r < 0)
                return r;
        output = make_file(folder, leaf);
        if (output < 0)
                return failed(out, below, output, error);
        r = file_copy_sparse(input, output);
        if (r >= 0 && fchmod(output, mode_of(out, entry)) < 0)
                r = -errno;
        if (r < 0)
                return failed(out, below, r, error);
        set_time(output, entry);
        return 0;
}

static int copy_symlink(CopyOut *out, int folder, const char *leaf, const char *below, const FileEntry *entry,
                        sd_bus_error *error)
{
        while (symlinkat(entry->target ?: "", folder, leaf) < 0)
                if (errno != EEXIST || unlinkat(folder, leaf, 0) < 0)
                        return failed(out, below, -errno, error);
        return 0;
}

/* Copies what is in the folder below into the folder fd. */
static int copy_contents(CopyOut *out, int fd, const char *below, sd_bus_error *error)
{
        g_autoptr(GPtrArray) entries = NULL;
        int r;

        r = out->source->list(out->source->data, below, &entries, error);
        if (r < 0)
                return r;
        for (guint i = 0; i < entries->len; i++) {
                const FileEntry *entry = entries->pdata[i];
                g_autofree char *shown = listing_name(entry->name),
                                *path = *below ? g_build_filename(below, entry->name, NULL) : g_strdup(entry->name);

                r = copy_entry(out, fd, entry->name, path, entry, error);
                if (r < 0 && sd_bus_error_has_name(error, COPY_ERROR_GONE)) {
                        report(_("'%s' is gone by now, it is left out"), shown);
                        sd_bus_error_free(error);
                } else if (r < 0)
                        return r;
        }
        return 0;
}

static int copy_folder(CopyOut *out, int folder, const char *leaf, const char *below, const FileEntry *entry,
                       sd_bus_error *error)
{
        bool made = mkdirat(folder, leaf, 0700) >= 0;
        _cleanup_close_ int fd = -1;
        int r;

        if (!made && errno != EEXIST)
                return failed(out, below, -errno, error);
        fd = openat(folder, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return failed(out, below, -errno, error);
        r = copy_contents(out, fd, below, error);
        if (r < 0 || !made)
                return r;
        if (fchmod(fd, mode_of(out, entry)) < 0)
                return failed(out, below, -errno, error);
        set_time(fd, entry);
        return 0;
}

static int copy_entry(CopyOut *out, int folder, const char *leaf, const char *below, const FileEntry *entry,
                      sd_bus_error *error)
{
        g_autofree char *shown = listing_name(below);

        if (strcmp(entry->type, "file") == 0)
                return copy_file(out, folder, leaf, below, entry, error);
        if (strcmp(entry->type, "directory") == 0)
                return copy_folder(out, folder, leaf, below, entry, error);
        if (strcmp(entry->type, "symlink") == 0)
                return copy_symlink(out, folder, leaf, below, entry, error);
        report(_("'%s' is a %s, it is left out"), shown, entry->type);
        return 0;
}

/* The caller named a file that is there: it is written, as cp(1) does, wherever it leads. */
static int write_to_path(CopyOut *out, const FileEntry *entry, sd_bus_error *error)
{
        _cleanup_close_ int input = -1, output = -1;
        struct stat status;
        int r;

        if (strcmp(entry->type, "file") != 0)
                return failed(out, "", -EEXIST, error);
        r = open_input(out, "", &input, error);
        if (r < 0)
                return r;
        output = open(out->destination, O_WRONLY | O_TRUNC | O_NOCTTY | O_CLOEXEC);
        if (output < 0 || fstat(output, &status) < 0)
                return failed(out, "", -errno, error);
        r = S_ISREG(status.st_mode) ? file_copy_sparse(input, output) : file_copy_stream(input, output);
        return r < 0 ? failed(out, "", r, error) : 0;
}

static int write_to_output(CopyOut *out, const FileEntry *entry, sd_bus_error *error)
{
        _cleanup_close_ int input = -1;
        int r;

        if (strcmp(entry->type, "file") != 0)
                return error_invalid(error, _("only a file can go to standard output, and that is a %s"), entry->type);
        r = open_input(out, "", &input, error);
        if (r < 0)
                return r;
        r = file_copy_stream(input, STDOUT_FILENO);
        if (r < 0)
                sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, _("can't write to standard output: %s"), g_strerror(-r));
        return r;
}

/* The destination is not there: it is made, in the folder around it. */
static int copy_as(CopyOut *out, const FileEntry *entry, bool contents, sd_bus_error *error)
{
        g_autofree char *leaf = g_path_get_basename(out->destination), *clean = g_strdup(out->destination),
                        *parent = NULL;
        size_t length = strlen(clean);
        _cleanup_close_ int folder = -1;
        bool is_folder = strcmp(entry->type, "directory") == 0;

        if (length > 0 && clean[length - 1] == '/' && !is_folder)
                return failed(out, "", -ENOENT, error);
        if (contents && !is_folder)
                return failed(out, "", -ENOTDIR, error);
        while (length > 1 && clean[length - 1] == '/')
                clean[--length] = '\0';
        parent = g_path_get_dirname(clean);
        folder = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
                return failed(out, "", -errno, error);
        return copy_entry(out, folder, leaf, "", entry, error);
}

static bool can_be_copied(const FileEntry *entry)
{
        return strcmp(entry->type, "file") == 0 || strcmp(entry->type, "directory") == 0 ||
               strcmp(entry->type, "symlink") == 0;
}

static int copy_to(CopyOut *out, const FileEntry *entry, const char *name, bool contents, sd_bus_error *error)
{
        _cleanup_close_ int folder = open(out->destination, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (folder >= 0) {
                if (!contents)
                        return copy_entry(out, folder, name, "", entry, error);
                if (strcmp(entry->type, "directory") != 0)
                        return failed(out, "", -ENOTDIR, error);
                return copy_contents(out, folder, "", error);
        }
        if (errno == ENOTDIR && faccessat(AT_FDCWD, out->destination, F_OK, 0) >= 0)
                return write_to_path(out, entry, error);
        if (errno != ENOENT)
                return failed(out, "", -errno, error);
        return copy_as(out, entry, contents, error);
}

int copy_out(const CopySource *source, const char *name, bool contents, const char *destination, sd_bus_error *error)
{
        CopyOut out = {.source = source, .destination = destination, .mask = umask(0)};
        FileEntry entry = {};
        int r;

        (void) umask(out.mask);
        r = source->stat(source->data, "", contents || strcmp(destination, "-") == 0, &entry, error);
        if (r < 0)
                return r;
        if (!can_be_copied(&entry))
                r = error_invalid(error, _("that is a %s, which can't be copied"), entry.type);
        else if (strcmp(destination, "-") == 0)
                r = write_to_output(&out, &entry, error);
        else
                r = copy_to(&out, &entry, name, contents, error);
        file_entry_done(&entry);
        return r;
}
