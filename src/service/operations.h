/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "service/operation.h"

/*
 * All operations: their numbers, how many a user may have at a time, and how long finished ones are kept.
 */

/* Of one user, at a time. Each is a process, and the reading of an archive keeps a processor busy. */
#define OPERATIONS_RUNNING_MAX 8U
/* Short ones, which nobody sees: each is a process for some milliseconds. */
#define OPERATIONS_HIDDEN_MAX 32U
/* Of one user, so that one can still ask how it went. */
#define OPERATIONS_FINISHED_MAX 32U

typedef struct Operations Operations;

typedef struct OperationsListener {
        void (*changed)(Operation *operation, const char *const *properties, void *userdata);
        void (*finished)(Operation *operation, void *userdata);
        /* It is forgotten, and freed after this. */
        void (*removed)(Operation *operation, void *userdata);
} OperationsListener;

Operations *operations_new(sd_event *event);
/* Ends what still runs, without a word to the listener. */
Operations *operations_free(Operations *operations);
void operations_set_listener(Operations *operations, const OperationsListener *listener, void *userdata);

/* Takes one up, which does nothing until operation_start(). A hidden one is found and shown nowhere, and gone once it
 * has finished. The request's work is taken over, also on failure. Errors: LimitsExceeded. */
int operations_add(Operations *operations, const OperationRequest *request, bool hidden, Operation **ret,
                   sd_bus_error *error);

/* NULL where there is none, or it is hidden. */
Operation *operations_find(Operations *operations, uint64_t number);

/* Operation, by number, without the hidden ones. The caller unrefs the array. */
GPtrArray *operations_list(Operations *operations);

typedef void (*OperationsEmpty)(void *userdata);

/* Cancels all, and calls empty when none runs any more. No new one is taken. */
void operations_stop(Operations *operations, OperationsEmpty empty, void *userdata);
