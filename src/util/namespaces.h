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

typedef struct Namespaces {
        int net;
        int user; /* -1: this process's own */
} Namespaces;

#define NAMESPACES_NONE ((Namespaces){.net = -1, .user = -1})

/* Makes them, with the loopback interface up, and nothing else. Errors: of fork(2), unshare(2), netdevice(7) and of
 * writing the maps. */
int namespaces_new(const NamespacesRequest *request, Namespaces *ret);
void namespaces_done(Namespaces *namespaces);
