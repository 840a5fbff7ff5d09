/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/*
 * What the launcher answers with: one packet on the fd that the daemon gave it. Functions return 0, or a negative errno
 * where the daemon can't be told.
 */

#define CONTROL_FD     3
#define INVALID_ARGS   "org.freedesktop.DBus.Error.InvalidArgs"
#define MOUNT_FAILED   "org.gangway1.Error.MountFailed"
#define NETWORK_FAILED "org.gangway1.Error.NetworkFailed"
#define RUNTIME_FAILED "org.gangway1.Error.RuntimeFailed"

/* strings end with NULL; fds are copied. */
int reply(const char *const *strings, const int *fds, size_t n_fds);
int reply_ok(void);
int reply_error(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
