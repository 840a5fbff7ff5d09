/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * Programs that this one runs. They die with it, whatever ends it.
 */

typedef struct Child {
        pid_t pid; /* 0: none, or it has ended */
        int pidfd;
        bool started;
} Child;

#define CHILD_NONE ((Child){.pidfd = -1})

/* Starts a program, with `control` as its fd 3 where it is one. Errors: of clone3(2). */
int child_start(const char *const *argv, int control, Child *ret);

/* Waits for its end, up to so many milliseconds or -1, then kills it. */
void child_wait(Child *child, int timeout, siginfo_t *ret);

/* Kills it where it has not ended, and all that it may have left behind, and waits for the ends. For _cleanup_(). */
void child_done(Child *child);
