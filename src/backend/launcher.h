/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "backend/reaper.h"
#include "util/string-message.h"

/*
 * The daemon's side of a gangway-launcher (src/launcher/main.c): starts one, sends it a request at a time, and hands
 * its answer back. A launcher that dies, or is killed, answers with an error.
 */

typedef struct Launcher Launcher;

/* answer is NULL where error is set: the launcher refused, or it is gone. The answer's first string is "ok" or, where a
 * runtime said no, "failed"; its fds may be stolen. One that begins with "more" is a part, and others follow. The
 * launcher may be freed in the callback. */
typedef void (*LauncherAnswered)(StringMessage *answer, sd_bus_error *error, void *userdata);

/* Starts one, in the daemon's control group. Errors: of clone3(2). */
int launcher_new(sd_event *event, Reaper *reaper, Launcher **ret);

/* Closes the connection, which ends a launcher that waits; no callback comes afterwards. */
Launcher *launcher_free(Launcher *launcher);

typedef void (*LauncherEnded)(void *userdata);

/* Ends one that is not needed any more. Returns 1 where ended will be called, once it has ended and been reaped; it
 * must be freed then, or before. Returns 0 where it has ended by itself, and has been freed. */
int launcher_end(Launcher *launcher, LauncherEnded ended, void *userdata);

pid_t launcher_get_pid(const Launcher *launcher);

/* Sends a request, of which there is one at a time. fds are copied. Errors: of string_message_send(). */
int launcher_request(Launcher *launcher, const char *const *strings, const int *fds, size_t n_fds,
                     LauncherAnswered answered, void *userdata);
