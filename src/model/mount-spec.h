/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "util/word-table.h"

/*
 * One mount, as the caller asked for it. Each key goes with some types of mounts only, which a table says: a key in the
 * wrong place is a mistake that must not pass, since a person who writes it expects something of it.
 */

#define MOUNTS_MAX             128U
#define MOUNT_DESTINATION_MAX  1024U /* bytes */
#define MOUNT_DESTINATION_DEEP 40U   /* components */
#define MOUNT_SELECTOR_MAX     1024U /* bytes */
#define MOUNT_ID_MAX           255U  /* bytes */
/* Each of them is shown to the person who is asked. */
#define MOUNT_HOST_PATHS_MAX 16U

typedef enum MountType {
        MOUNT_BIND,
        MOUNT_CACHE,
        MOUNT_TMPFS,
        MOUNT_SECRET,
        MOUNT_SSH,
} MountType;

typedef enum CacheSharing {
        CACHE_SHARED,
        CACHE_PRIVATE,
        CACHE_LOCKED,
} CacheSharing;

/* Keys, a bit each. Those of every type (type, destination, read-only) have none. */
typedef enum MountKey {
        MOUNT_KEY_SELECTOR = 1 << 0,
        MOUNT_KEY_OUTPUT = 1 << 1,
        MOUNT_KEY_IMAGE = 1 << 2,
        MOUNT_KEY_SOURCE = 1 << 3,
        MOUNT_KEY_HOST_PATH = 1 << 4,
        MOUNT_KEY_ID = 1 << 5,
        MOUNT_KEY_SHARING = 1 << 6,
        MOUNT_KEY_SIZE = 1 << 7,
        MOUNT_KEY_UID = 1 << 8,
        MOUNT_KEY_GID = 1 << 9,
        MOUNT_KEY_MODE = 1 << 10,
        MOUNT_KEY_OPTIONAL = 1 << 11,
} MountKey;

typedef struct MountSpec {
        MountType type;
        unsigned index; /* the caller's: its place in the request */
        unsigned keys;  /* MountKey, those that were given; a boolean only where it is true */
        char *destination;
        bool at_default; /* the caller named no destination */
        char *selector;
        bool read_only;
        bool output;
        char *image;
        int source;          /* owned, -1 where it is none */
        bool source_is_file; /* it is a regular file, not a folder */
        char *host_path;
        char *id;
        CacheSharing sharing;
        uint64_t size; /* bytes; 0: none was given */
        uint32_t uid;
        uint32_t gid;
        uint32_t mode; /* the permission bits */
        bool optional;
        bool left_out; /* what it shows was not handed in, and it is optional */
} MountSpec;

DECLARE_WORD_TABLE(mount_type, MountType);
DECLARE_WORD_TABLE(cache_sharing, CacheSharing);

MountSpec *mount_spec_new(void);
MountSpec *mount_spec_free(MountSpec *mount);

bool mount_spec_is_root(const MountSpec *mount);

/* Whether it shows something that is there before the container: an image, a folder, a file. */
bool mount_spec_has_input(const MountSpec *mount);

/* Whether the destination lies below /dev, where the runtime mounts a folder of its own. */
bool mount_spec_is_below_dev(const MountSpec *mount);

/* Checks one mount by itself; makes its destination absolute and plain ("a/./b" becomes "/a/b", "/" stays), and fills
 * in what has a default, which is the destination, too, of an ssh mount. sandboxed: it may show the ids 0 to 65535
 * only. Errors: InvalidArgs, naming mount and key. */
int mount_spec_check(MountSpec *mount, bool sandboxed, sd_bus_error *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MountSpec, mount_spec_free)
