/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * To wait for the disk takes longer than to unpack most images, so an operation is answered before, and the disk is
 * waited for afterwards. A process that is killed, this one or the daemon, takes nothing away: the kernel has the
 * files. Only where the machine itself stops may files be missing, or be empty. So a new layer carries the id of this
 * run of the machine (random(4): boot_id), until its files are known to be on the disk. In another run a sweep forgets
 * such a layer and the images on it.
 *
 * Then what these images superseded must still be there: it stays, out of sight, with its layers, until here.
 */

#include <errno.h>
#include <unistd.h>

#include "store/database.h"
#include "store/images.h"
#include "store/verbs.h"
#include "util/cleanup.h"
#include "util/log.h"

/* The newest of the rows that may still have to settle. Returns 0 where there is none. */
static int find_unsettled(Job *job, int64_t *ret_layer, int64_t *ret_image, sd_bus_error *error)
{
        int r;

        /* In this order: an image that comes in between has its layers in the answer. */
        r = database_get(job, error, ret_image, "SELECT ifnull(max(superseded), 0) FROM images WHERE superseded <> 0",
                         "");
        if (r >= 0)
                r = database_get(job, error, ret_layer, "SELECT ifnull(max(id), 0) FROM layers WHERE boot_id <> ''",
                                 "");
        return r < 0 ? r : *ret_layer > 0 || *ret_image > 0;
}

/* What was committed before the files were written out: others may have gone on since. */
static int change(Job *job, int64_t layer, int64_t image, Removals *removals, sd_bus_error *error)
{
        uint64_t freed = 0;
        int r;

        r = database_run(job, error, "UPDATE layers SET boot_id = '' WHERE boot_id <> '' AND id <= ?", "i", layer);
        if (r >= 0)
                r = database_run(job, error, "DELETE FROM images WHERE superseded <> 0 AND superseded <= ?", "i",
                                 image);
        return r < 0 ? r : layers_collect(job, removals, &freed, error);
}

static int settle(Job *job, sd_bus_error *error)
{
        g_autoptr(Removals) removals = removals_new(job);
        int64_t layer = 0, image = 0;
        int r;

        r = find_unsettled(job, &layer, &image, error);
        if (r <= 0)
                return r;
        if (layer > 0 && syncfs(job->store) < 0)
                return job_fail(job, -errno, "The layers can't be written", error);
        r = database_begin(job, DURABLE_NOW, error);
        if (r < 0)
                return r;
        r = change(job, layer, image, removals, error);
        if (r < 0) {
                database_rollback(job);
                return r;
        }
        r = database_commit(job, NULL, error);
        if (r >= 0)
                removals_apply(removals);
        return r;
}

void store_settle(Job *job)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        /* Also where the service is stopped meanwhile: the machine may be about to stop, too. */
        job->committed = true;
        if (settle(job, &error) < 0)
                log_warning("What was added to the store may be lost if the machine stops: %s", error.message);
        database_write_back(job);
}
