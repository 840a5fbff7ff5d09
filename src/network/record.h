/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "model/cni-record.h"
#include "network/job.h"

/*
 * The records of networks, a file for each container's id, and who may work on one.
 */

/* Waits until no other process works on it, nor a plugin that one has left behind. The fd is for plugins to inherit. */
int record_lock(Job *job, const char *id, int *ret, sd_bus_error *error);

/* Lets go of it, and closes the fd. */
void record_unlock(Job *job, const char *id, int lock);

/* Returns 1, or 0 where there is none. One that can't be read is -EBADMSG, others of its kind are errors of the file
 * system. */
int record_load(Job *job, const char *id, CniRecord **ret, sd_bus_error *error);

/* Replaces it as a whole. */
int record_save(Job *job, const CniRecord *record, sd_bus_error *error);

/* Removes it, with what an interrupted save may have left. */
int record_remove(Job *job, const char *id, sd_bus_error *error);

/* The ids that there are files of, whatever kind of file. The caller frees it. */
int record_list(Job *job, GPtrArray **ret, sd_bus_error *error);
