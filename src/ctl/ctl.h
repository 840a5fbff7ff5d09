/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * gangwayctl: what every verb shares. A verb gets its own argc and argv, argv[0] being the verb, and answers the exit
 * status of the program. It has said on stderr what went wrong by then.
 */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "ctl/polkit-agent.h"

/* What a shell and other container tools answer in the same places. */
typedef enum CtlExit {
        CTL_EXIT_FAILURE = 125, /* gangway's own failures, wrong arguments too */
        CTL_EXIT_NOT_EXECUTABLE = 126,
        CTL_EXIT_NO_SUCH_PROGRAM = 127,
} CtlExit;

#define CTL_SERVICE   "org.gangway1"
#define CTL_ROOT      "/org/gangway1"
#define CTL_MANAGER   "org.gangway1.Manager"
#define CTL_CONTAINER "org.gangway1.Container"

typedef struct Ctl {
        sd_bus *bus; /* NULL until ctl_connect() */
        PolkitAgent agent;
        bool no_ask_password;
} Ctl;

typedef int (*CtlVerbFunction)(Ctl *ctl, int argc, char **argv);

int verb_create(Ctl *ctl, int argc, char **argv);
int verb_run(Ctl *ctl, int argc, char **argv);
int verb_start(Ctl *ctl, int argc, char **argv);
int verb_exec(Ctl *ctl, int argc, char **argv);
int verb_list(Ctl *ctl, int argc, char **argv);
int verb_show(Ctl *ctl, int argc, char **argv);
int verb_signal(Ctl *ctl, int argc, char **argv);
int verb_wait(Ctl *ctl, int argc, char **argv);
int verb_pause(Ctl *ctl, int argc, char **argv);
int verb_resume(Ctl *ctl, int argc, char **argv);
int verb_release(Ctl *ctl, int argc, char **argv);
int verb_monitor(Ctl *ctl, int argc, char **argv);
int verb_import(Ctl *ctl, int argc, char **argv);
int verb_pull(Ctl *ctl, int argc, char **argv);
int verb_images(Ctl *ctl, int argc, char **argv);
int verb_tag(Ctl *ctl, int argc, char **argv);
int verb_rmi(Ctl *ctl, int argc, char **argv);
int verb_prune(Ctl *ctl, int argc, char **argv);
int verb_commit(Ctl *ctl, int argc, char **argv);
int verb_cp(Ctl *ctl, int argc, char **argv);
int verb_ls(Ctl *ctl, int argc, char **argv);
