/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "util/string-message.h"

/*
 * A part of the work in a process of its own, which reports by packets of strings. The last one is ["ok", …], or
 * ["error", NAME, SENTENCE] by itself where the function fails with a sentence.
 */

typedef struct Worker {
        pid_t pid;  /* 0: none */
        int socket; /* to read its reports from */
} Worker;

#define WORKER_NULL                                                                                                    \
        {                                                                                                              \
                .socket = -1                                                                                           \
        }

/* report: the socket for socket_send(). Returns 0, or a negative errno with or without a sentence. */
typedef int (*WorkerFunction)(int report, void *data, sd_bus_error *error);

/* Starts one, with copies of all fds and memory. Errors: of fork(2), socketpair(2). */
int worker_start(Worker *worker, WorkerFunction function, void *data);

/* Receives a report. Returns 1, or 0 with a sentence in *error where it ended without a word: what it read was too much
 * for it. `what` begins the sentence. Errors: -EBADMSG. */
int worker_receive(Worker *worker, StringMessage *ret, const char *what, sd_bus_error *error);

/* Ends it, where it is there, and waits for that. */
void worker_stop(Worker *worker);
