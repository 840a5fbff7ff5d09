/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "common.h"

#include <termios.h>

#define CTL(...) ARGV("gangwayctl", __VA_ARGS__)

/* Starts argv with these fds as its standard streams; -1 is /dev/null. */
pid_t ctl_spawn(const char *const *argv, int input, int output, int errors);

/* Waits for its end, up to the deadline. Returns its exit code, or 128 + n where signal n ended it. */
int ctl_end(pid_t pid);

/* Both at once, with no input. What it printed is freed by the caller; NULL: nobody looks at it. */
int ctl_run(char **ret_output, char **ret_errors, const char *const *argv);

/* The program on a pseudo terminal of 33 rows and 99 columns that plays the person's. */
typedef struct Seat {
        int screen; /* the terminal's master */
        int line;   /* its other side, kept open so that its mode can be looked at afterwards */
        pid_t pid;
        struct termios mode;
} Seat;

void seat_new(Seat *seat, const char *const *argv);
/* The same with something else than the terminal as standard input. */
void seat_new_input(Seat *seat, const char *const *argv, int input);
/* The end of the program, with the terminal as it was. Returns the exit code. */
int seat_end(Seat *seat);
gboolean seat_is_raw(Seat *seat);
