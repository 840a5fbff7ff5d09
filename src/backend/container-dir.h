/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-event.h>

#include "backend/reaper.h"

/*
 * The folders of a container: in /run/gangway what is only text and sockets, in the store the throw-away layer,
 * which may grow large.
 */

typedef struct ContainerDir {
        char *run;     /* config.json and the like; only root may look into what lies in it */
        char *rootfs;  /* where the launcher mounts the root, in its own mount namespace */
        char *runtime; /* the runtime's state */
        char *staging; /* where the launcher prepares mounts, and the runtime finds those below /dev */
        char *scratch; /* a folder for each mount that has a writable layer: INDEX/upper and INDEX/work */
} ContainerDir;

/* Makes them; store is the store's folder, id that of names.h. Errors: of mkdir(2); -EEXIST for the leftover of an
 * earlier daemon. */
int container_dir_new(const char *store, const char *id, ContainerDir **ret);

/* Forgets the paths, and leaves the folders. */
ContainerDir *container_dir_free(ContainerDir *dir);

/* Writes a file into run/, readable by root only. */
int container_dir_write(const ContainerDir *dir, const char *name, const char *text);

typedef void (*RemovalDone)(int result, void *userdata);

/* Removes the folders of one container by rm(1) in a process of its own: a throw-away layer can be large. done comes
 * with 0 or -EIO. The watch is freed by the caller. */
int container_dir_remove(const ContainerDir *dir, Reaper *reaper, RemovalDone done, void *userdata, ReaperWatch **ret);

/* The same for the folders of all containers. */
int container_dir_sweep(const char *store, Reaper *reaper, RemovalDone done, void *userdata, ReaperWatch **ret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ContainerDir, container_dir_free)
