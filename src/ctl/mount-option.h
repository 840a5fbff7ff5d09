/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * --mount and --volume, read without the bus and without a look at any file. What is wrong is said as an InvalidArgs
 * in error.
 */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

typedef enum MountType {
        MOUNT_BIND,    /* a folder or file of the caller's */
        MOUNT_IMAGE,   /* an image */
        MOUNT_HOST,    /* a path of the host that the daemon opens */
        MOUNT_SCRATCH, /* an empty folder */
        MOUNT_CACHE,
        MOUNT_TMPFS,
        MOUNT_SECRET,
        MOUNT_SSH,
        MOUNT_TYPES,
} MountType;

typedef struct MountOption {
        MountType type;
        char *destination; /* NULL for an agent: the daemon has a place for it */
        char *source; /* bind and host: a path as it was written; image, and cache for its seed: an image. Or NULL */
        char *id;     /* cache, secret, ssh */
        char *sharing;
        char *selector;
        uint64_t size; /* of a tmpfs in bytes, 0: not given */
        uint32_t uid, gid, mode;
        bool has_uid, has_gid, has_mode;
        bool read_only, optional;
        bool output; /* what is written goes to the source itself, or is there to be committed */
} MountOption;

/* "type=bind,src=DIR,dst=/x,ro" and so on. A bind or host mount that can be written is an output unless the text says
 * "output=false". ret belongs to the caller, see mount_option_free(). */
int mount_option_parse(const char *text, MountOption **ret, sd_bus_error *error);

/* "DIR:DESTINATION" or "DIR:DESTINATION:ro": the same as type=bind. */
int mount_option_parse_volume(const char *text, MountOption **ret, sd_bus_error *error);

/* Where a secret shows up when no destination is given. NULL for an id that makes no file name. Freed by the caller. */
char *mount_option_secret_place(const char *id);

MountOption *mount_option_free(MountOption *mount);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MountOption, mount_option_free)
