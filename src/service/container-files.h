/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "backend/launcher.h"
#include "service/container.h"

/*
 * What lies in a container's mounts, as long as there is the container: a launcher of its own looks at it for each
 * call.
 */

/* The calls about them. */
typedef struct ContainerFiles ContainerFiles;

ContainerFiles *container_files_new(void);
ContainerFiles *container_files_free(ContainerFiles *files);

typedef struct FilesRequest {
        uint32_t index;
        const char *verb;             /* of src/launcher/files-request.h */
        const char *path;             /* bytes */
        const char *const *arguments; /* those that follow the ids; NULL at the end */
} FilesRequest;

/* Asks a launcher. answered comes with any number of parts ("more"), then once with the end or an error; that may be
 * before this returns. Errors: NoSuchMount, NotRunning (it is being released), LimitsExceeded, Timeout, and those of
 * the request. */
void container_files_ask(Container *container, const FilesRequest *request, LauncherAnswered answered, void *userdata);

/* Answers all calls with the error, and ends what is under way. No further call is
 * taken. */
void container_files_abort(Container *container, const sd_bus_error *error);

/* Whether no launcher is left to wait for. Where one does not end, since it waits for a file system that does not
 * answer, that is so after a while all the same. container_release_continue() is called when it becomes so. */
bool container_files_are_idle(const Container *container);
