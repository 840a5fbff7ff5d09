/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "launcher/id-map.h"
#include "launcher/secrets.h"

/*
 * The mounts of a container, put together in the launcher's own mount namespace: it ends with the launcher, whatever
 * happens, so no mount can be left behind. The runtime takes the whole tree from there.
 */

#define MOUNTS_MAX      128U
#define LAYER_BASES_MAX 500U

/* A mount that is there: for finding out on which one a mount point lies. */
typedef struct MountTop {
        unsigned index;
        uint64_t id; /* of statx(2) */
        char *path;  /* in this mount namespace */
        char *below; /* what its top is called in the whole that it is a part of: "/", or where the selector led */
        int outside; /* O_PATH, where it is a folder that others see, too, and that may be written; else -1 */
} MountTop;

typedef struct MountSpace {
        const char *rootfs;  /* the folder where the root comes to stand */
        const char *staging; /* a folder of ours, to prepare things in */
        const char *scratch; /* the container's throw-away folder */
        const char *layers;  /* the store's layers; FOLDER/root is one */
        uint32_t base;       /* root of the container, as an id of the host */
        pid_t caller;        /* a process in whose mount namespace fds were opened */
        int root;            /* the container's root, -1 until it is mounted */
        Secrets secrets;
        char *secrets_folder;
        uint32_t layer_bases[LAYER_BASES_MAX]; /* which maps of the layers are prepared, in staging/lN */
        size_t n_layer_bases;
        MountTop tops[MOUNTS_MAX];
        size_t n_tops;
        char step[1024]; /* what failed, for a sentence with "failed to" */
        bool refused;    /* what was asked for can't be, whatever the machine does */
} MountSpace;

typedef enum MountWhat {
        MOUNT_WHAT_INPUT,
        MOUNT_WHAT_CHILD,
        MOUNT_WHAT_TMPFS,
        MOUNT_WHAT_SECRET,
        MOUNT_WHAT_SSH,
} MountWhat;

typedef struct MountRequest {
        unsigned index;
        const char *destination; /* absolute and plain; "/": the root, which is the first one */
        MountWhat what;
        const char *layers;    /* "FOLDER:BASE,…", top first: the input is an image; NULL: it is none */
        int source;            /* a folder, a file, the content of a secret, or an agent; borrowed; -1: none */
        const char *host_path; /* a folder or file by its path; NULL: none */
        const char *cache;     /* the same of a folder of the store; NULL: none */
        IdMap map;             /* of source, host_path and cache */
        const char *selector;  /* NULL: the whole */
        bool read_only;
        bool written;    /* a file that is the input may be written */
        bool devices;    /* device nodes work */
        bool by_runtime; /* it goes to staging/dev-INDEX */
        uint64_t size;   /* of a tmpfs; 0: the kernel's default */
        uint32_t caller; /* whom an agent is to see */
        uint32_t uid;    /* of a secret or a socket, an id of the host */
        uint32_t gid;
        uint32_t mode;
} MountRequest;

typedef struct MountResult {
        int top; /* as a view, files.h */
        /* The mount point that had to be made: on the mount `stub_index` at stub_path, of which the last n_stubs
         * components are new. n_stubs 0: none. */
        unsigned n_stubs;
        unsigned stub_index;
        char *stub_path;
} MountResult;

/* Leaves the mounts of others, and makes ready for the container's. The space's strings are borrowed; secrets_folder
 * and the rest are filled in. Errors: of unshare(2), mount(2). */
int mounts_prepare(MountSpace *space);

/* Makes one mount. On failure space->step says at what; what was done dies with the mount namespace.
 * Errors: those of open_tree(2), mount_setattr(2), fsconfig(2), move_mount(2), openat2(2); -EISDIR, -ENOTDIR where a
 * folder is to be mounted on a file, or a file on a folder; -EINVAL with space->refused for a file that would need a
 * throw-away layer. */
int mounts_add(MountSpace *space, const MountRequest *request, MountResult *ret);
void mounts_result_done(MountResult *result);

/* After the last one: hides what it was made with. */
void mounts_seal(MountSpace *space);
