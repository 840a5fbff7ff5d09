/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "util/word-table.h"

/*
 * Something long that a user asked for: how far it is, how it ended. What it does is its work, which is handed in; who
 * shows it is told by a listener. It knows nothing of the bus.
 */

typedef enum OperationState {
        OPERATION_RUNNING,
        OPERATION_DONE,
        OPERATION_FAILED,
        OPERATION_CANCELLED,
} OperationState;

DECLARE_WORD_TABLE(operation_state, OperationState);

typedef struct Operation Operation;

/* A value of a result: a text, or a number where text is NULL. */
typedef struct ResultValue {
        char *key;
        char *text;
        uint64_t number;
} ResultValue;

/* An empty array of ResultValue. */
GPtrArray *result_new(void);
void result_add_text(GPtrArray *result, const char *key, const char *text);
void result_add_number(GPtrArray *result, const char *key, uint64_t number);

/* What an operation does. Its end is told by operation_finish(), from any of these or later. */
typedef struct OperationWork {
        void (*start)(Operation *operation, void *userdata);
        /* Asks for an early end, with ERROR_CANCELLED; called once at most, between start and the end. */
        void (*cancel)(void *userdata);
        /* Frees userdata: once, when it has finished or the operation is freed. */
        void (*free)(void *userdata);
} OperationWork;

typedef struct OperationListener {
        /* Properties have changed; the names end with NULL. */
        void (*changed)(Operation *operation, const char *const *properties, void *userdata);
        void (*finished)(Operation *operation, void *userdata);
} OperationListener;

typedef struct OperationRequest {
        const char *kind; /* a word that lives as long as the program */
        uint32_t owner;
        const OperationWork *work;
        void *userdata; /* of the work, taken over */
} OperationRequest;

/* It does nothing until operation_start(). */
Operation *operation_new(sd_event *event, uint64_t number, const OperationRequest *request,
                         const OperationListener *listener, void *userdata);
Operation *operation_free(Operation *operation);

/* It may have finished when this returns. */
void operation_start(Operation *operation);

/* Asks it to end. Nothing where it has ended, or was asked already; one that was not started ends at once. */
void operation_cancel(Operation *operation);

/* Called by the work. */
void operation_set_progress(Operation *operation, uint64_t done, uint64_t total);
/* Called by the work, once, as the last that it does. result, which may be NULL, is taken over; error is NULL where all
 * went well. */
void operation_finish(Operation *operation, GPtrArray *result, const sd_bus_error *error);

/* Called when the operation has finished. */
typedef void (*OperationFinished)(const Operation *operation, void *userdata);

/* Calls finished once: at once where it has finished already, and as one that was cancelled where it is freed before
 * its end. */
void operation_when_finished(Operation *operation, OperationFinished finished, void *userdata);

uint64_t operation_get_number(const Operation *operation);
const char *operation_get_kind(const Operation *operation);
uint32_t operation_get_owner(const Operation *operation);
OperationState operation_get_state(const Operation *operation);
void operation_get_progress(const Operation *operation, uint64_t *ret_done, uint64_t *ret_total);
/* ResultValue; empty where it has not finished, or failed. */
const GPtrArray *operation_get_result(const Operation *operation);
/* NULL where it has not finished, or all went well. */
const sd_bus_error *operation_get_error(const Operation *operation);
