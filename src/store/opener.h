/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/*
 * Opens files below a caller's folder for the unpacker, which sees no folder but its own. It is a process that works as
 * the caller, so that it can open what the caller can, and answers ["open", PATH] with ["ok"] and an fd, or with
 * ["error", ERRNO].
 */

/* Starts one. *ret_socket is for the unpacker; the opener ends when it is closed, and with this process. Returns its
 * pid. Errors: of fork(2). */
int opener_start(int folder, uid_t uid, gid_t gid, int *ret_socket, pid_t *ret_pid);
