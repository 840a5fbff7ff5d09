/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A network namespace of a container, and the user namespace that it belongs to.
 */

typedef struct Namespaces {
        int net;
        int user; /* -1: the machine's */
} Namespaces;

#define NAMESPACES_NONE ((Namespaces){.net = -1, .user = -1})

/* Makes them. With own_user the user namespace has the 65,536 ids from base on, otherwise it is the machine's. The
 * network namespace has nothing but loopback, which is up. Errors: of clone(2), unshare(2), netdevice(7). */
int namespaces_make(bool own_user, uint32_t base, Namespaces *ret);
void namespaces_done(Namespaces *namespaces);
