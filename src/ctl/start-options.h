/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The options that start, exec and run share, and the Start or Exec call that is made of them.
 */

#include <glib.h>

#include "ctl/ctl.h"
#include "ctl/options.h"
#include "ctl/signals.h"
#include "ctl/terminal.h"

typedef struct StartOptions {
        const char *user;
        const char *cwd;
        const char *id;
        bool tty;
        bool detach;
        GHashTable *env;        /* name -> value */
        GHashTable *secret_env; /* name -> the secret's id */
} StartOptions;

/* What a Start or Exec gave. */
typedef struct StartedProcess {
        char *id;
        int pty;           /* the terminal's master, -1 where there is none */
        TerminalSize size; /* as it was asked for */
} StartedProcess;

#define OPTIONS_START_SHORT "tu:w:e:"
#define OPTIONS_START                                                                                                  \
        {"tty", no_argument, NULL, 't'}, {"user", required_argument, NULL, 'u'},                                       \
                {"cwd", required_argument, NULL, 'w'}, {"env", required_argument, NULL, 'e'},                          \
                {"secret-env", required_argument, NULL, OPTION_SECRET_ENV},                                            \
        {                                                                                                              \
                "id", required_argument, NULL, OPTION_ID                                                               \
        }
#define OPTIONS_DETACH_SHORT "d"
#define OPTIONS_DETACH                                                                                                 \
        {                                                                                                              \
                "detach", no_argument, NULL, 'd'                                                                       \
        }

void start_options_init(StartOptions *options);
void start_options_done(StartOptions *options);

/* Takes the option c. Returns 1 where it was one of these, 0 where not, or a negative errno with error filled in. */
int start_options_take(StartOptions *options, int c, const char *value, sd_bus_error *error);

/* Calls member, "Start" or "Exec", of the container at path. Attached, the process gets this program's 0, 1 and 2, or
 * a terminal, and is ended when this program leaves the bus. ret belongs to the caller, see started_process_done(). For
 * an attached one signals are taken before the call; they have to be given back also after a failure. */
int start_options_call(Ctl *ctl, const StartOptions *options, const char *path, const char *member, char **command,
                       Signals *signals, StartedProcess *ret, sd_bus_error *error);

void started_process_done(StartedProcess *process);
