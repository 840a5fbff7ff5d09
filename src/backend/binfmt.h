/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-event.h>

/*
 * The handlers of binfmt_misc that run other architectures' programs, and their changes.
 */

typedef struct Binfmt Binfmt;

typedef void (*BinfmtChanged)(void *userdata);

/* Reads the registry, and watches it: changed is called after something was registered, removed, or turned on or off,
 * whether or not it matters. Where the kernel has no registry, or this process may not see it, there are no handlers
 * and never any. */
int binfmt_new(sd_event *event, BinfmtChanged changed, void *userdata, Binfmt **ret);
Binfmt *binfmt_free(Binfmt *binfmt);

/* Platform, in no order, also twice. It stays binfmt's, until changed is called. */
const GArray *binfmt_get(const Binfmt *binfmt);
