/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "util/word-table.h"

/*
 * A request to make a container, as the caller meant it. The bus side fills it in, container_spec_check() looks at it
 * as a whole; from then on it never changes.
 */

typedef enum NetMode {
        NET_SANDBOX,
        NET_NONE,
        NET_HOST,
} NetMode;

typedef enum SecurityMode {
        SECURITY_SANDBOX,
        SECURITY_INSECURE,
} SecurityMode;

typedef enum MountType {
        MOUNT_BIND,
        MOUNT_CACHE,
        MOUNT_TMPFS,
        MOUNT_SECRET,
        MOUNT_SSH,
} MountType;

typedef struct MountSpec {
        MountType type;
        char *destination;
        int source; /* owned, -1 where it is none */
        char *host_path;
        bool read_only;
        bool output;
} MountSpec;

typedef struct ResourceLimit {
        char *name; /* "NOFILE" */
        uint64_t soft;
        uint64_t hard;
} ResourceLimit;

typedef struct ScopeProperty {
        char *name;
        uint64_t number; /* of a property of type "t" */
        GBytes *bytes;   /* of one of type "ay" */
} ScopeProperty;

typedef struct ContainerSpec {
        char *name;
        char *hostname;
        NetMode net_mode;
        SecurityMode security_mode;
        bool watch_bus;
        GPtrArray *mounts;           /* MountSpec */
        GPtrArray *rlimits;          /* ResourceLimit */
        GPtrArray *scope_properties; /* ScopeProperty */
} ContainerSpec;

DECLARE_WORD_TABLE(net_mode, NetMode);
DECLARE_WORD_TABLE(security_mode, SecurityMode);
DECLARE_WORD_TABLE(mount_type, MountType);

ContainerSpec *container_spec_new(void);
ContainerSpec *container_spec_free(ContainerSpec *spec);

MountSpec *mount_spec_new(void);
MountSpec *mount_spec_free(MountSpec *mount);
ResourceLimit *resource_limit_new(const char *name, uint64_t soft, uint64_t hard);
ScopeProperty *scope_property_new(const char *name, uint64_t number, GBytes *bytes);

/* The root's mount, NULL where there is none. */
const MountSpec *container_spec_get_root(const ContainerSpec *spec);

/* Checks what can be said without looking at the machine, and fills in what has a default: a name, the host name.
 * Errors: InvalidArgs, NotSupported. */
int container_spec_check(ContainerSpec *spec, sd_bus_error *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ContainerSpec, container_spec_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MountSpec, mount_spec_free)
