/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "service/container.h"
#include "service/operation.h"

/*
 * What a container wrote becomes an image: as the work of operations, of which a container does one after the other. A
 * running container is paused for the copy. Its release cancels them, and waits for their ends.
 */

typedef struct ContainerCommits ContainerCommits;

ContainerCommits *container_commits_new(void);
ContainerCommits *container_commits_free(ContainerCommits *commits);

/* Whether the mount can be committed. Errors: NoSuchMount, NotCommittable (with the reason), NotRunning (the container
 * is being released). */
int container_commit_check(const Container *container, uint32_t index, sd_bus_error *error);

/* Its userdata is made by commit_work_new(), and must be handed to an operation before the container can be freed: in
 * the same turn of the event loop. */
extern const OperationWork commit_work;

/* owner and image: whose the image becomes (a uid, or STORE_OWNER_SYSTEM), and its name. index must have been checked.
 */
void *commit_work_new(Container *container, uint32_t index, int64_t owner, const char *image);

/* For the container's own files. */

/* Goes on with them where the container's state lets it. */
void container_commits_run(Container *container);
/* Cancels all, since the container is being released. */
void container_commits_abort(Container *container);
/* Whether all have ended. container_release_continue() is called when it becomes so. */
bool container_commits_are_idle(const Container *container);
/* Whether no process may be started now. */
bool container_commits_hold_starts(const Container *container);
/* Whether a caller's Resume has to wait. */
bool container_commits_hold_resume(const Container *container);
