/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Copies a tree of files out of a container.
 */

#include <glib.h>

#include "ctl/container-file.h"

/* The error of a file that is not there (any more): no reason to stop. */
#define COPY_ERROR_GONE "org.gangway1.Error.NoSuchFile"

/* Where the files are read. below is a path that begins with no '/', "" for the top. */
typedef struct CopySource {
        int (*stat)(void *data, const char *below, bool follow, FileEntry *ret, sd_bus_error *error);
        int (*list)(void *data, const char *below, GPtrArray **ret, sd_bus_error *error);
        int (*open)(void *data, const char *below, int *ret, sd_bus_error *error);
        void *data;
} CopySource;

/* Copies the top of source to destination: into it under this name where it is a folder, else as it. contents: what is
 * in the folder source, and not itself; a symlink to one will do. "-" as destination is standard output, for a file.
 * Symlinks are kept. Modes are those of the files within the caller's umask, without set-id bits; owner is the caller.
 * What is neither file, folder nor symlink is reported and left out. Below the destination no symlink is followed, and
 * what is there and no folder is replaced. Stops at the first failure. */
int copy_out(const CopySource *source, const char *name, bool contents, const char *destination, sd_bus_error *error);
