/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/*
 * How the ids of files show: a map from the ids on the disk to those of the host, in the form that idmapped mounts
 * want, which is a user namespace (mount_setattr(2)).
 */

#define IDS_PER_CONTAINER 65536U

typedef struct IdMap {
        enum {
                ID_MAP_NONE,   /* as they are */
                ID_MAP_CALLER, /* uid `first`, and its user's primary group, show as base; all others as nobody */
                ID_MAP_RANGE,  /* first to first + 65535 show as base to base + 65535; all others as nobody */
                ID_MAP_LAYERS, /* the same, and root's folders above the layers can be passed */
        } kind;
        uint32_t first;
        uint32_t base;
} IdMap;

/* The gid of a user's own group. The bus tells the groups of a connection, but not which of them is the primary.
 * Errors: of getpwuid(3); -ESRCH for a uid that the user database does not know. */
int id_map_find_group(uint32_t uid, uint32_t *ret_gid);

/* The user namespace of a map, which is not NONE. It is kept, and the same map gives the same one: the fd is not the
 * caller's. Errors: of clone(2), -ESRCH for a uid that the user database does not know. */
int id_map_open(const IdMap *map);
