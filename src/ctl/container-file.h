/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files of a container, by CONTAINER:PATH: which mount a path lies in, and the daemon's calls for it. What comes from a
 * container is another program's word: names are checked before they are handed on.
 */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/ctl.h"

typedef struct FileEntry {
        char *name;   /* NULL in the answer of container_file_stat(); may be no UTF-8 */
        char *type;   /* "file", "directory", "symlink", "fifo", "socket", "character", "block" */
        char *target; /* of a symlink; may be no UTF-8 */
        uint64_t size;
        uint32_t mode, uid, gid;
        int64_t mtime; /* in microseconds since 1970 */
} FileEntry;

typedef struct ContainerFile {
        Ctl *ctl;
        char *container; /* object path */
        uint32_t mount;
        char *path; /* within the mount, begins with '/' */
} ContainerFile;

/* Takes "CONTAINER:PATH" apart. PATH comes out absolute, without "." and ".." and doubled slashes. Returns false where
 * there is no ':'. Pure. */
bool container_file_split(const char *text, char **ret_container, char **ret_path);

/* PATH seen from the mount point, both as of container_file_split(): "/" where they are the same. NULL where it does
 * not lie below. Pure; borrowed from path, or static. */
const char *path_below(const char *path, const char *mount_point);

/* The mount of the container whose destination is path. */
int container_mount_at(Ctl *ctl, const char *container, const char *path, uint32_t *ret, sd_bus_error *error);

/* Finds "CONTAINER:PATH": the container, and the innermost mount that PATH lies in. ret belongs to the caller. */
int container_file_find(Ctl *ctl, const char *text, ContainerFile *ret, sd_bus_error *error);
void container_file_done(ContainerFile *file);

/* What is at the path, which is below file's path, or "" for that itself. follow: where it is a symlink, what that
 * leads to. */
int container_file_stat(const ContainerFile *file, const char *below, bool follow, FileEntry *ret, sd_bus_error *error);

/* The entries of a folder, sorted by name; ret is an array of FileEntry that belongs to the caller. */
int container_file_list(const ContainerFile *file, const char *below, GPtrArray **ret, sd_bus_error *error);

/* Opens a file for reading. The fd belongs to the caller. */
int container_file_open(const ContainerFile *file, const char *below, int *ret, sd_bus_error *error);

void file_entry_done(FileEntry *entry);
