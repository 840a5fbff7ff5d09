/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "store/folders.h"
#include "store/job.h"

/*
 * The folders that a change brings in: finished below incoming/, renamed to where they belong inside of the change, and
 * back where it fails.
 */

typedef struct Placement {
        Job *job;
        const Incoming *incoming;
        const char *kind;   /* a constant */
        GPtrArray *folders; /* names, placed so far */
} Placement;

/* Begins the change, see database_begin(). */
int placement_begin(Placement *ret, Job *job, const Incoming *incoming, const char *kind, sd_bus_error *error);

/* Renames incoming/…/folder to kind/folder. */
int placement_add(Placement *placement, const char *folder, sd_bus_error *error);

/* Ends the change: commits it where r is not negative, and undoes it otherwise, or where the commit fails. Returns what
 * became of it. */
int placement_end(Placement *placement, int r, sd_bus_error *error);
