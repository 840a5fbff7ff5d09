/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * When the machine had no processor to give: a host that runs others on it, or its kernel, busy with itself. On each
 * processor a real-time task wakes up every millisecond; where it comes late, no other task could have come earlier.
 * What a program has to answer for is the rest.
 */

typedef struct Stalls Stalls;

/* Begins to watch. */
Stalls *stalls_new(void);

/* Ends it. What was seen stays until stalls_free(). */
void stalls_stop(Stalls *stalls);

/* For how many milliseconds a processor was out of reach between two times, as of now_ms(). Of each stall that is what
 * came after the watch was due. After stop only. */
double stalls_between(const Stalls *stalls, double begin, double end);

/* How many there were, and the longest, in milliseconds. After stop only. */
guint stalls_count(const Stalls *stalls);
double stalls_longest(const Stalls *stalls);

void stalls_free(Stalls *stalls);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stalls, stalls_free)
