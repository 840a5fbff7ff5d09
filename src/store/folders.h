/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "store/job.h"

/*
 * The folders of the store: what is coming, what is there and who uses it, what goes. Names are relative to the store's
 * folder. Functions that return a negative errno have set the error, unless they take none.
 */

/* 16 random hexadecimal digits. The caller frees it. */
char *folder_name_new(void);

/* A folder below incoming/ that is this process's own: it holds a lock on it, and a sweep leaves it alone. */
typedef struct Incoming {
        Job *job;
        char *path; /* incoming/NAME; NULL where there is none */
        int fd;
} Incoming;

#define INCOMING_NONE ((Incoming){.fd = -1})

int incoming_new(Job *job, Incoming *ret, sd_bus_error *error);
/* Removes it with what is in it. For _cleanup_(). */
void incoming_done(Incoming *incoming);

/* Opens and locks kind/folder; operation is LOCK_SH or LOCK_EX, see store-layout.h. Does not wait.
 * Errors: -ENOENT, -EWOULDBLOCK (somebody uses it). Sets no error. */
int folder_lock(const Job *job, const char *kind, const char *folder, int operation, int *ret_fd);

/* Folders that no row speaks of any more, once the change is committed: locked, and to be removed. */
typedef struct Removals Removals;
Removals *removals_new(Job *job);
/* Gives the locks back, and leaves the folders. */
Removals *removals_free(Removals *removals);
/* kind is a constant. lock may be -1; it is taken over. */
void removals_add(Removals *removals, const char *kind, const char *folder, int lock);
/* Removes the folders. What can't be removed is logged, and left to the next sweep. */
void removals_apply(Removals *removals);

/* Removes incoming/NAME or what is in the way of it, by rm(1). Returns whether it is gone. */
bool folder_remove(const Job *job, const char *path);

/* Calls found for each folder of a kind. Errors: what found returns. */
typedef int (*FolderFound)(const char *folder, void *userdata, sd_bus_error *error);
int folder_list(Job *job, const char *kind, FolderFound found, void *userdata, sd_bus_error *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Removals, removals_free)
