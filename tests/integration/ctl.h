/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "common.h"

#define CTL(...) ARGV("gangwayctl", __VA_ARGS__)

/* Starts argv with these fds as its standard streams; -1 is /dev/null. */
pid_t ctl_spawn(const char *const *argv, int input, int output, int errors);

/* Waits for its end, up to the deadline. Returns its exit code, or 128 + n where signal n ended it. */
int ctl_end(pid_t pid);

/* Both at once, with no input. What it printed is freed by the caller; NULL: nobody looks at it. */
int ctl_run(char **ret_output, char **ret_errors, const char *const *argv);
