/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Children with a pidfd, straight into a control group. clone3(2) does both at once: no pid can be reused between, and
 * nothing is moved between groups later, which would wait for RCU in the kernel.
 */

#include <sys/types.h>

typedef struct SpawnRequest {
        const char *path;        /* absolute */
        const char *const *argv; /* NULL at its end */
        int control;             /* becomes fd 3, or -1 */
        int cgroup;              /* the group's folder, or -1: the daemon's own */
        int null;                /* /dev/null, becomes fd 0 and 1; fd 2 stays */
} SpawnRequest;

/* Starts the program with default signals, an empty signal mask, and no other fds. Errors are those of clone3(2); a
 * program that can't be executed exits with 127. The pidfd belongs to the caller and has CLOEXEC. */
int spawn(const SpawnRequest *request, pid_t *ret_pid, int *ret_pidfd);
