/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Stays with a process until it has ended: passes signals on, and with a terminal copies it.
 */

#include "ctl/ctl.h"
#include "ctl/start-options.h"

/* Waits for the process of the container at path. signals are taken already. Takes process->pty over. Returns the exit
 * status: the process's own, or CTL_EXIT_FAILURE after it said what failed. */
int attach(Ctl *ctl, const char *path, StartedProcess *process, Signals *signals);
