/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The root of a container, put together in the launcher's own mount namespace: it ends with the launcher, whatever
 * happens, so no mount can be left behind.
 */

/* How the ids of a source folder show inside. All numbers are ids of the host. */
typedef struct IdMap {
        enum {
                ID_MAP_NONE,   /* as they are */
                ID_MAP_CALLER, /* uid, and its user's primary group, show as base; all others as nobody */
                ID_MAP_RANGE,  /* 0 to 65535 show as base to base + 65535 */
        } kind;
        uint32_t uid;
        uint32_t base;
} IdMap;

typedef struct RootMount {
        int source;     /* the folder, borrowed */
        int source_pid; /* a process in whose mount namespace the folder was opened; 0: this one's */
        IdMap map;
        bool read_only;      /* the folder itself is not to be written; a throw-away layer always can be */
        bool devices;        /* device nodes of the folder work */
        const char *target;  /* where the root comes to stand; a folder that is there */
        const char *scratch; /* the throw-away layer's folder, with upper/ and work/ in it; NULL: the source itself is
                                written */
} RootMount;

/* Leaves the mounts of others, and mounts a root. On failure *ret_step is a static sentence of what failed.
 * Errors: those of open_tree(2), mount_setattr(2), fsconfig(2), move_mount(2). */
int mounts_root(const RootMount *root, const char **ret_step);
