/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "network/job.h"
#include "util/namespaces.h"

/*
 * What can be asked for; main.c lists it. Each adds the keys and values of its answer, and returns a negative errno
 * where it has set the error.
 */

typedef struct Answer {
        GStrvBuilder *strings;
        Namespaces namespaces; /* whose fds go along */
} Answer;

/* arguments: NULL at the end; of the number that main.c says. */
typedef int (*Verb)(Job *job, const char *const *arguments, Answer *answer, sd_bus_error *error);

int verb_add(Job *job, const char *const *arguments, Answer *answer, sd_bus_error *error);
int verb_check(Job *job, const char *const *arguments, Answer *answer, sd_bus_error *error);
int verb_del(Job *job, const char *const *arguments, Answer *answer, sd_bus_error *error);
int verb_sweep(Job *job, const char *const *arguments, Answer *answer, sd_bus_error *error);

/* Takes down what an add has made whose answer nobody has got. */
void verb_add_undo(Job *job, const char *id);
