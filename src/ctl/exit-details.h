/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* Reads the (u exit_code, a{sv} details) of a reply to Wait. What the exit status alone does not tell, that memory ran
 * out for instance, is said on stderr. Returns 0, or a negative errno for a reply of another form. */
int exit_details_read(sd_bus_message *reply, const char *process, int *ret_status);
