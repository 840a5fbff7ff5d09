/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The signals that are passed on to a process. They are taken before it is started, so that none that comes while it
 * starts is lost, or ends this program and not the process.
 */

#include <signal.h>
#include <stdbool.h>

typedef struct Signals {
        int fd; /* to poll for; -1 when they are not taken */
        sigset_t old_mask;
        int early; /* one that came before there was a process, or 0 */
} Signals;

#define SIGNALS_INIT                                                                                                   \
        {                                                                                                              \
                .fd = -1                                                                                               \
        }

/* Takes them; with a terminal SIGWINCH and SIGCONT too. One that was ignored when the program started, by nohup(1) for
 * instance, stays so. Returns 0 or a negative errno. */
int signals_take(Signals *signals, bool terminal);

/* The next one that came, or 0. Does not block. */
int signals_next(Signals *signals);

/* Before there is a process: keeps what came in early. At a second one that asks for the end this program ends by it;
 * somebody does not want to wait for the start. */
void signals_keep_early(Signals *signals);

/* Undoes signals_take(). Those that came last are forgotten: the process they were for is gone. Any number of calls. */
void signals_give_back(Signals *signals);
