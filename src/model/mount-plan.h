/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/container-spec.h"

/*
 * What has to be done for a container's mounts, worked out before anything is: a list of typed operations, in the order
 * in which they are done. First comes what is taken from others (holds on images and caches, the content of secrets),
 * so that what is missing is noticed before anything is made; then the mounts, sorted by destination, so that each
 * finds those above it. What was taken is given back the other way round: last done, first undone.
 */

typedef enum MountOperationType {
        MOUNT_OPERATION_HOLD_IMAGE,  /* find the image, and hold it */
        MOUNT_OPERATION_HOLD_CACHE,  /* take a cache, by its sharing */
        MOUNT_OPERATION_READ_SECRET, /* have its content; `secret` says which, there is no mount */
        MOUNT_OPERATION_INPUT,       /* mount the input itself: the layers of an image, a folder, a file */
        MOUNT_OPERATION_CHILD,       /* mount a writable child of the input, or an empty folder where there is none */
        MOUNT_OPERATION_CACHE,       /* mount the cache's folder */
        MOUNT_OPERATION_TMPFS,       /* mount memory */
        MOUNT_OPERATION_SECRET,      /* mount a file with the content */
        MOUNT_OPERATION_SSH,         /* mount a socket that leads to the agent */
} MountOperationType;

/* What an input is: where its files come from. */
typedef enum MountInput {
        MOUNT_INPUT_NONE,
        MOUNT_INPUT_IMAGE,
        MOUNT_INPUT_FOLDER, /* or a single file, by an fd or a path */
} MountInput;

/* How the ids of a folder show inside. Those of an image always show as 0 to 65535. */
typedef enum MountIds {
        MOUNT_IDS_HOST,   /* as they are: the container has the host's ids */
        MOUNT_IDS_CALLER, /* the caller's uid is root inside, all others are nobody */
        MOUNT_IDS_RANGE,  /* 0 to 65535 one to one */
} MountIds;

/* What stands for the mount afterwards, for the files' methods and for Commit. */
typedef enum MountOutput {
        MOUNT_OUTPUT_NONE,
        MOUNT_OUTPUT_CHILD,  /* the writable child, which can be committed */
        MOUNT_OUTPUT_INPUT,  /* the input as it was: nothing to commit */
        MOUNT_OUTPUT_FOLDER, /* the caller's folder or host path itself, which is written */
        MOUNT_OUTPUT_SEED,   /* a cache's seed, as it was */
} MountOutput;

typedef struct MountOperation {
        MountOperationType type;
        const MountSpec *mount; /* borrowed from the request; NULL for READ_SECRET */
        const SecretSpec *secret;
        MountInput input;
        MountIds ids;
        MountOutput output;
        bool read_only;  /* nobody can write to it, root inside neither. The throw-away child of a read-only root is not
                            so: the runtime makes it read-only, once the mount points are made */
        bool devices;    /* device nodes work */
        bool by_runtime; /* it lies below /dev: it is prepared beside the root, and the runtime mounts it */
} MountOperation;

typedef struct MountPlan {
        GArray *operations; /* MountOperation */
} MountPlan;

/* Plans the mounts of a checked request of the user with this uid. Those that are left out have no operations. */
MountPlan *mount_plan_new(const ContainerSpec *spec, uint32_t owner);
MountPlan *mount_plan_free(MountPlan *plan);

const MountOperation *mount_plan_get(const MountPlan *plan, guint i);

/* Whether it takes a hold, or makes a mount; READ_SECRET does neither. */
bool mount_operation_is_hold(const MountOperation *operation);
bool mount_operation_is_mount(const MountOperation *operation);

/* Destination, source, …: what the runtime has to mount below /dev, in this order, from the folder staging, where it is
 * prepared. The caller frees it. */
GStrv mount_plan_list_binds(const MountPlan *plan, const char *staging);

/* The operation to undo after `undone` of the first `done` ones have been: LIFO. NULL where none is left. */
const MountOperation *mount_plan_next_release(const MountPlan *plan, guint done, guint undone);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MountPlan, mount_plan_free)
