/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/container-spec.h"

/*
 * What has to be mounted for a container, worked out before anything is: a list of typed operations, in the order in
 * which they are done. So far a container has its root only.
 */

typedef enum MountOperationType {
        MOUNT_OPERATION_FOLDER,  /* the folder itself, written by the container */
        MOUNT_OPERATION_OVERLAY, /* the folder below a throw-away layer */
} MountOperationType;

/* How the ids of the folder show inside. */
typedef enum MountIds {
        MOUNT_IDS_HOST,   /* as they are: the container has the host's ids */
        MOUNT_IDS_CALLER, /* the caller's uid is root inside, all others are nobody */
        MOUNT_IDS_RANGE,  /* 0 to 65535 one to one */
} MountIds;

typedef struct MountOperation {
        MountOperationType type;
        MountIds ids;
        const MountSpec *mount; /* borrowed from the request */
        bool devices;           /* device nodes work */
} MountOperation;

typedef struct MountPlan {
        GArray *operations; /* MountOperation */
} MountPlan;

/* Plans the mounts of a checked request of the user with this uid. */
MountPlan *mount_plan_new(const ContainerSpec *spec, uint32_t owner);
MountPlan *mount_plan_free(MountPlan *plan);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MountPlan, mount_plan_free)
