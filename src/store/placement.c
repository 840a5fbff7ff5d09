/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The renames come before the commit, so no row is there without its folder. They are undone before the change is
 * rolled back, while no sweep can look. Only after a commit of which nobody knows whether it will hold do
 * the folders stay where they are: see database_commit().
 */

#include "store/placement.h"

#include <errno.h>
#include <stdio.h>

#include "store/database.h"

int placement_begin(Placement *ret, Job *job, const Incoming *incoming, const char *kind, sd_bus_error *error)
{
        int r = database_begin(job, DURABLE_LATER, error);

        if (r < 0)
                return r;
        *ret = (Placement){
                .job = job, .incoming = incoming, .kind = kind, .folders = g_ptr_array_new_with_free_func(g_free)};
        return 0;
}

int placement_add(Placement *placement, const char *folder, sd_bus_error *error)
{
        g_autofree char *target = g_build_filename(placement->kind, folder, NULL);

        if (renameat(placement->incoming->fd, folder, placement->job->store, target) < 0)
                return job_fail(placement->job, -errno, "A folder can't be moved to where it belongs", error);
        g_ptr_array_add(placement->folders, g_strdup(folder));
        return 0;
}

static void undo(Placement *placement)
{
        for (unsigned i = placement->folders->len; i > 0; i--) {
                const char *folder = g_ptr_array_index(placement->folders, i - 1);
                g_autofree char *target = g_build_filename(placement->kind, folder, NULL);

                (void) renameat(placement->job->store, target, placement->incoming->fd, folder);
        }
}

int placement_end(Placement *placement, int r, sd_bus_error *error)
{
        bool unsure = false;

        if (r < 0) {
                undo(placement);
                database_rollback(placement->job);
        } else {
                r = database_commit(placement->job, &unsure, error);
                if (r < 0 && !unsure)
                        undo(placement);
        }
        g_clear_pointer(&placement->folders, g_ptr_array_unref);
        return r;
}
