/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Calls that are answered with an org.gangway1.Operation: they are followed to their end, with a progress bar.
 */

#include <stdint.h>

#include "ctl/ctl.h"

/* Sends message, offers polkit's text agent for it, and stays with the operation that it is answered with. label says
 * what is done, for people: "importing debian:12". SIGHUP, SIGINT, SIGQUIT and SIGTERM cancel the operation; a second
 * one ends this program.
 * Returns the exit status: 0 with the result, an a{sv} that belongs to the caller; else it has been said what is wrong,
 * and the status is 128 + n where signal n had it cancelled. */
int operation_run(Ctl *ctl, sd_bus_message *message, const char *label, sd_bus_message **ret_result);

/* What is under key in an a{sv}, which is read from its beginning: 0 or NULL where it is not there. The text is
 * borrowed from the message. */
uint64_t result_number(sd_bus_message *result, const char *key);
const char *result_text(sd_bus_message *result, const char *key);
