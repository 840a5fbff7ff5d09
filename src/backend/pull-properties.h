/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/*
 * What a unit that fetches an image runs, and what that may do: systemd.exec(5) has the meaning of each property.
 */

/* Appends the properties, each a (sv), to an array that is open in m. platform may be NULL. */
int pull_properties_append(sd_bus_message *m, const char *reference, const char *platform);
