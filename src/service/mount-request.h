/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "backend/store.h"
#include "model/mount-plan.h"

/* The launcher's request for one operation of the plan: mount-calls.h of the launcher says what is in it. The strings,
 * NULL at their end, for launcher_request(). image: what the mount is made from, or NULL. */
GPtrArray *mount_request_new(const MountOperation *operation, uint32_t owner, uint32_t id_base,
                             const StoreImage *image);

/* The reading end of a pipe that holds all of the bytes: memory that, unlike a file's, is not swapped. Returns the fd.
 * Errors: of pipe2(2), fcntl(2). */
int mount_request_pipe(GBytes *bytes);
