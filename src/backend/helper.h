/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "backend/reaper.h"
#include "util/string-message.h"

/*
 * The daemon's side of the programs that change something for it and may wait for that: gangway-store (the store) and
 * gangway-network (networks), one process for each change. The verbs and their arguments are listed in their main.c. A
 * helper that is killed leaves things as they were before or as they are afterwards. One that has answered may go on
 * for a while, to put things in order; it needs nobody for that.
 */

typedef struct Helpers Helpers;
typedef struct Helper Helper;

typedef struct HelperKind {
        const char *program; /* GANGWAY_STORE, GANGWAY_NETWORK, or in tests another one */
        const char *what;    /* "the store", for messages */
        bool sweeps;         /* after one was killed, "sweep" is called for what it left behind */
} HelperKind;

/* All of a kind, whose strings are borrowed. path: the folder that they work on. */
Helpers *helpers_new(sd_event *event, Reaper *reaper, const HelperKind *kind, const char *path);

/* Ends what still runs, without callbacks; their owners must not use them any more. */
Helpers *helpers_free(Helpers *helpers);

typedef struct HelperCallbacks {
        /* Bytes done, and in total, which is 0 where that is not known. May be NULL. */
        void (*progress)(uint64_t done, uint64_t total, void *userdata);
        /* Called once, when the operation is over. result is the answer, "ok" KEY VALUE …, see helper_find(); it
         * is NULL where error is set: what was asked for did not happen, by an error or by
         * ERROR_CANCELLED, and nothing is left of it; or the helper was killed, and nobody knows. The helper may be
         * freed in it. */
        void (*ended)(StringMessage *result, sd_bus_error *error, void *userdata);
} HelperCallbacks;

/* Starts a process and sends it the request: strings (VERB, ARGUMENTS…, NULL) with copies of the fds. The callbacks
 * come from the event loop only. Errors: of clone3(2), of string_message_send(). */
int helper_start(Helpers *helpers, const char *const *strings, const int *fds, size_t n_fds,
                 const HelperCallbacks *callbacks, void *userdata, Helper **ret);

/* Has it undo what it did, and end: `ended` says ERROR_CANCELLED, or that it was done before it could be cancelled. */
void helper_cancel(Helper *helper);

/* No callback comes afterwards. One that still runs is cancelled, and ends on its own. */
Helper *helper_free(Helper *helper);

/* The value of a key of an "ok" message, or NULL. */
const char *helper_find(const StringMessage *result, const char *key);
