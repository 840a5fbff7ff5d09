/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/operation.h"
#include "service/service.h"

/* The work of an operation that fetches an image from a registry and imports it. */

extern const OperationWork pull_work;

typedef struct PullWorkRequest {
        uint32_t owner; /* who asked */
        const char *reference;
        const char *platform;              /* NULL: this machine's */
        const char *const *import_strings; /* the verb `import` of gangway-store with its arguments, up to NULL */
} PullWorkRequest;

/* The userdata of pull_work; the request is copied. */
void *pull_work_new(Service *service, const PullWorkRequest *request);
