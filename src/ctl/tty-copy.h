/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Copies between this program's standard input and output and the master of a process's terminal. It waits for
 * nothing: the owner polls what tty_copy_prepare() asks for, and then lets tty_copy_step() do what can be done.
 */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/* A pipe that poll(2) reports as writable takes this many bytes (PIPE_BUF), also where it would block. */
#define TTY_COPY_BUFFER_SIZE 4096

typedef struct TtyCopyBuffer {
        char bytes[TTY_COPY_BUFFER_SIZE];
        size_t start;
        size_t end;
} TtyCopyBuffer;

typedef struct TtyCopy {
        int input;  /* owned; -1 when it has ended */
        int output; /* owned; -1 when nobody reads it */
        int master; /* owned; -1 from then on */
        TtyCopyBuffer to_master;
        TtyCopyBuffer to_output;
        bool line_is_open;      /* the last byte of the input was no newline */
        bool master_is_hung_up; /* no process has the terminal open at the moment */
        bool draining;
        bool drained;
} TtyCopy;

enum {
        TTY_COPY_INPUT,
        TTY_COPY_OUTPUT,
        TTY_COPY_MASTER,
        TTY_COPY_FDS,
};

/* Takes over the three fds, master becomes non-blocking. */
void tty_copy_init(TtyCopy *copy, int input, int output, int master);
void tty_copy_done(TtyCopy *copy);

/* Fills in fds[TTY_COPY_FDS]. Returns after how many milliseconds a step is due in any case, -1: never. */
int tty_copy_prepare(const TtyCopy *copy, struct pollfd *fds);

/* Copies. When nobody reads the output any more, the terminal is hung up: the master is closed. */
void tty_copy_step(TtyCopy *copy, const struct pollfd *fds);

/* The process has ended: no more input, and what it wrote before is still to come. */
void tty_copy_start_draining(TtyCopy *copy);

/* Whether all of that was written. */
bool tty_copy_is_drained(const TtyCopy *copy);
