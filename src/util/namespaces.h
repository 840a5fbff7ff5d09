/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A user and a network namespace that no process is in: they live as long as an fd of theirs, a mount or a process
 * does. A network namespace belongs to the user namespace that it was made in, whose root may then configure it, bind
 * low ports and mount its sysfs: network_namespaces(7), user_namespaces(7).
 */

typedef struct NamespacesRequest {
        bool own_ids;      /* false: no user namespace is made, and the other belongs to this process's own */
        uint32_t id_base;  /* what 0 inside is outside, for users and groups */
        uint32_t id_count; /* how many */
        uid_t owner;       /* who may enter the user namespace from outside, beside root: whoever makes one may */
} NamespacesRequest;

/* Makes them, with the loopback interface up. The fds are the caller's; *ret_user is -1 where none is made.
 * Errors: of clone(2), unshare(2) and of writing the maps. */
int namespaces_new(const NamespacesRequest *request, int *ret_user, int *ret_network);
