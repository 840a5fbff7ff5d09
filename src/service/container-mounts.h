/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "backend/container-dir.h"
#include "backend/launcher.h"
#include "backend/store.h"
#include "model/mount-plan.h"
#include "service/service.h"

/*
 * The mounts of a container, from the plan to their release. The plan's operations are done one after the other: holds
 * at once, all else by the launcher. Each is remembered, and undone the other way round.
 */

/* One mount, by the caller's index. */
typedef struct ContainerMount {
        const MountOperation *operation; /* of the plan, the one that mounts it; NULL where the mount is left out */
        StoreImage *image;               /* what it is made from; NULL: no image */
        int hold;                        /* on the image's top layer, -1: none */
        int top;                         /* what is mounted, as a view (src/launcher/files.h), without what
                                            is mounted upon it; -1 while it is not */
        char *upper;                     /* the folder of its writable child; NULL: it has none */
        GPtrArray *stubs; /* char *: mount points that were made in it, from its whole's top on ("/a/b", then "/a"), and
                             those of the runtime's own that it lacked */
} ContainerMount;

typedef struct ContainerMounts ContainerMounts;

typedef struct ContainerMountsRequest {
        Service *service;
        const ContainerSpec *spec; /* borrowed */
        uint32_t owner;
        pid_t caller;
        uint32_t id_base;
} ContainerMountsRequest;

/* error is NULL where all are made. It may free the mounts. */
typedef void (*ContainerMountsDone)(const sd_bus_error *error, void *userdata);

/* Plans the mounts. */
ContainerMounts *container_mounts_new(const ContainerMountsRequest *request);
ContainerMounts *container_mounts_free(ContainerMounts *mounts);

/* Takes the holds: before anything is made. Returns 1 where it has them all, or 0 where caches are waited for, and held
 * will be called; it is not after container_mounts_release_holds(). Errors: NoSuchImage; what a cache can't be had for.
 */
int container_mounts_hold(ContainerMounts *mounts, ContainerMountsDone held, void *userdata, sd_bus_error *error);

/* Makes the mounts in the launcher, which nobody else must ask anything meanwhile, with the container's folders.
 * Errors: of launcher_request(); then done is not called. */
int container_mounts_make(ContainerMounts *mounts, Launcher *launcher, const ContainerDir *dir,
                          ContainerMountsDone done, void *userdata);

/* Undoes what was done, the last first: the mounts, while their folders are still there; then, when the folders are
 * gone, the holds. May be called again, and in any state. */
void container_mounts_release(ContainerMounts *mounts);
void container_mounts_release_holds(ContainerMounts *mounts);

/* The number of mounts that the caller asked for, and one of them by its index. NULL: there is none of this index. */
guint container_mounts_count(const ContainerMounts *mounts);
const ContainerMount *container_mounts_get(const ContainerMounts *mounts, guint index);

/* The same, with an error where it is not there, or was left out. Errors: NoSuchMount. */
int container_mounts_find(const ContainerMounts *mounts, guint index, const ContainerMount **ret, sd_bus_error *error);

/* What the root is made from; NULL: no image. */
const StoreImage *container_mounts_get_root_image(const ContainerMounts *mounts);

/* A file with the content of a secret, to be read with pread(2), which does not wait: it is memory. It stays the
 * mounts'. -1 where there is no such secret. */
int container_mounts_get_secret(const ContainerMounts *mounts, const char *id);

/* Destination, source, …: what the runtime has to mount below /dev, in this order. The caller frees it. */
GStrv container_mounts_list_binds(const ContainerMounts *mounts);
