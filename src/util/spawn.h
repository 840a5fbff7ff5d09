/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Children with a pidfd from the moment of their birth, so that no pid can be another's by the time that it is used.
 */

#include <stdbool.h>
#include <sys/types.h>

typedef struct SpawnRequest {
        const char *path;        /* absolute */
        const char *const *argv; /* NULL at its end */
        int control;             /* becomes fd 3, or -1 */
        int null;                /* /dev/null, becomes fd 0 and 1; fd 2 stays */
        bool quiet;              /* fd 2, too, becomes /dev/null */
        int death_signal;        /* sent to it when the thread that started it ends, prctl(2); or 0 */
} SpawnRequest;

/* Starts the program with default signals, an empty signal mask, and no other fds. Errors are those of clone3(2); a
 * program that can't be executed exits with 127. The pidfd belongs to the caller and has CLOEXEC. */
int spawn(const SpawnRequest *request, pid_t *ret_pid, int *ret_pidfd);
