/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is shown while something takes long: a bar on a terminal, else a line from time to time. All of it goes to
 * standard error, so that what a verb prints stays apart.
 */

#include <stdbool.h>
#include <stdint.h>

typedef struct Progress {
        const char *label; /* what is done, with what: "importing debian:12" */
        bool bar;          /* standard error is a terminal that can move its cursor */
        bool shown;        /* there is a bar on the screen */
        uint64_t started;  /* in microseconds, as g_get_monotonic_time() */
        uint64_t next;     /* when the next bar or line may be shown */
        uint64_t done;     /* bytes */
        uint64_t total;    /* 0: not known */
} Progress;

/* Shows the first one. label has to stay. */
void progress_start(Progress *progress, const char *label);

/* Takes new numbers; shows them where the last time is long enough ago. */
void progress_update(Progress *progress, uint64_t done, uint64_t total);

/* Milliseconds until progress_update() would show something although no number has changed; -1: never. */
int progress_timeout(const Progress *progress);

/* Shows the same numbers again where it is time: the clock of a bar goes on. */
void progress_tick(Progress *progress);

/* Removes the bar. What is printed next starts on a line of its own. Any number of calls. */
void progress_end(Progress *progress);

/* The line of a bar for a terminal with this many columns, at most columns - 1 wide. usec: since the start. Pure;
 * freed by the caller. */
char *progress_bar(const char *label, uint64_t done, uint64_t total, uint64_t usec, unsigned columns);

/* "importing debian:12: 45% (1.2G of 2.6G)". Pure; freed by the caller. */
char *progress_line(const char *label, uint64_t done, uint64_t total);
