/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Calls of gangwayd. No call has a time limit: a person may be typing a password, a process may run for days, and
 * where the daemon goes away the bus says so. Functions fill in error and answer 0 or a negative errno.
 */

#include <poll.h>

#include "ctl/ctl.h"
#include "ctl/signals.h"

/* Opens the system bus, once. */
int ctl_connect(Ctl *ctl, sd_bus_error *error);

/* A call of the container at path, or of the manager where path is NULL. */
int ctl_new_call(Ctl *ctl, const char *path, const char *member, sd_bus_message **ret, sd_bus_error *error);

/* Sends message and waits for the reply. ret may be NULL. */
int ctl_call(Ctl *ctl, sd_bus_message *message, sd_bus_message **ret, sd_bus_error *error);

/* As ctl_call(), with a look at signals meanwhile, see signals_keep_early(). */
int ctl_call_with_signals(Ctl *ctl, sd_bus_message *message, Signals *signals, sd_bus_message **ret,
                          sd_bus_error *error);

/* poll(2) of n fds, the first of which is set to the bus, for limit milliseconds at most, -1: without a limit. A signal
 * is no error. To be called when sd_bus_process() has nothing left to do. */
int ctl_poll(Ctl *ctl, struct pollfd *fds, size_t n, int limit);

/* Calls a method with no arguments. ret may be NULL. */
int ctl_call_simple(Ctl *ctl, const char *path, const char *member, sd_bus_message **ret, sd_bus_error *error);

/* The object path of "NAME" or "UID/NAME". Connects, and for the latter offers polkit's text agent. */
int ctl_find_container(Ctl *ctl, const char *name, char **ret_path, sd_bus_error *error);

/* The name that ctl_find_container() takes back for a path: "NAME" for an own container, else "UID/NAME". NULL where
 * path is none of a container. */
char *ctl_container_name(const char *path);

/* Starts polkit's text agent where a person could answer it; see polkit-agent.h. */
void ctl_offer_agent(Ctl *ctl);

/* Fills in error for a failure of sd-bus itself. Returns r. */
int ctl_bus_failure(int r, sd_bus_error *error);
