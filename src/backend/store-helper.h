/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "backend/reaper.h"
#include "util/string-message.h"

/*
 * The daemon's side of gangway-store (src/store/main.c), which changes the store: one process for each operation. The
 * verbs and their arguments are listed there. A helper that is killed leaves the store as it was before or as it is
 * afterwards, and a sweep is started for what it left behind. One that has answered may go on for a while, to put
 * things in order; it needs nobody for that.
 */

typedef struct StoreHelpers StoreHelpers;
typedef struct StoreHelper StoreHelper;

/* All that run on one store. program: GANGWAY_STORE, or in tests another one; path: the store's folder. */
StoreHelpers *store_helpers_new(sd_event *event, Reaper *reaper, const char *program, const char *path);

/* Ends what still runs, without callbacks; their owners must not use them any more. */
StoreHelpers *store_helpers_free(StoreHelpers *helpers);

typedef struct StoreHelperCallbacks {
        /* Bytes done, and in total, which is 0 where that is not known. May be NULL. */
        void (*progress)(uint64_t done, uint64_t total, void *userdata);
        /* Called once, when the operation is over. result is the answer, "ok" KEY VALUE …, see store_helper_find(); it
         * is NULL where error is set: what was asked for did not happen, by an error of the store or by
         * ERROR_CANCELLED, and nothing is left of it; or the helper was killed, and nobody knows. The helper may be
         * freed in it. */
        void (*ended)(StringMessage *result, sd_bus_error *error, void *userdata);
} StoreHelperCallbacks;

/* Starts a process and sends it the request: strings (VERB, ARGUMENTS…, NULL) with copies of the fds. The callbacks
 * come from the event loop only. Errors: of clone3(2), of string_message_send(). */
int store_helper_start(StoreHelpers *helpers, const char *const *strings, const int *fds, size_t n_fds,
                       const StoreHelperCallbacks *callbacks, void *userdata, StoreHelper **ret);

/* Has it undo what it did, and end: `ended` says ERROR_CANCELLED, or that it was done before it could be cancelled. */
void store_helper_cancel(StoreHelper *helper);

/* No callback comes afterwards. One that still runs is cancelled, and ends on its own. */
StoreHelper *store_helper_free(StoreHelper *helper);

/* The value of a key of an "ok" message, or NULL. */
const char *store_helper_find(const StringMessage *result, const char *key);
