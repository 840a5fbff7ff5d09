/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/*
 * What the one change of this process works with: the folder of the records, and the daemon at the other end of the
 * socket, which may cancel. Functions that return a negative errno have set the error.
 */

typedef struct Job {
        const char *path;        /* the folder of the records */
        unsigned plugin_seconds; /* how long one run of a plugin may take */
        int folder;              /* fd of it */
        int control;
        int signals;      /* signalfd of SIGTERM */
        bool cancellable; /* what goes on can be undone, or left as it is */
        bool cancelled;
} Job;

/* Goes to the machine's mount namespace, and opens the folder, which is made where it is missing. path,
 * plugin_seconds and control are set, the fds are -1. */
int job_open(Job *job, sd_bus_error *error);
void job_done(Job *job);

/* Waits up to so many milliseconds, or -1, until fd has something to read, and returns true; until then or until the
 * daemon cancels or is gone, where the job can be cancelled: then that is noted. Returns whether fd is ready. */
bool job_wait(Job *job, int fd, int timeout);

/* Fails with ERROR_CANCELLED where the daemon has cancelled, or is gone, and the job is cancellable. */
int job_check(Job *job, sd_bus_error *error);

/* Sends the answer: strings with NULL at the end. Waits for a reader. Returns a negative errno where there is none. */
int job_answer(Job *job, const char *const *strings, const int *fds, size_t n_fds);
