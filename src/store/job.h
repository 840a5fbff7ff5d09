/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

/*
 * What the one operation of this process works with: the store, its records, and the daemon at the other end of the
 * socket, which hears of progress and may cancel. Functions that return a negative errno have set the error.
 */

typedef struct Job {
        const char *path;   /* the store's folder */
        const char *unpack; /* the program gangway-unpack */
        int store;          /* fd of the folder */
        int control;
        int signals;    /* signalfd of SIGTERM */
        bool committed; /* the change is committed, or about to be: too late to cancel */
        int64_t progress_time;
        char *boot_id; /* of this run of the machine: it is another one after a crash */
        sqlite3 *database;
} Job;

/* Opens the store's folder, which is made where it is missing. path, unpack and control are set. */
int job_open(Job *job, sd_bus_error *error);
void job_done(Job *job);

/* Fails with ERROR_CANCELLED where the daemon has cancelled, or is gone. */
int job_check(Job *job, sd_bus_error *error);

/* Waits until there is something to read from fd, or its end; up to so many milliseconds, or -1. Returns 1, or 0 when
 * the time is over. Fails as job_check() does. */
int job_wait(Job *job, int fd, int timeout, sd_bus_error *error);

/* Tells bytes done, and in total or 0. Not more than ten times a second, and lost where nobody reads. */
void job_progress(Job *job, uint64_t done, uint64_t total);

/* Sends the answer: strings with NULL at the end. Waits for a reader. */
void job_answer(Job *job, const char *const *strings);

/* Sets the error for r, a negative errno from the store's file system: StoreFull, StoreReadOnly, or what failed to be
 * done ("the layer can't be written"). Returns the negative errno of the error's name. */
int job_fail(Job *job, int r, const char *what, sd_bus_error *error);
