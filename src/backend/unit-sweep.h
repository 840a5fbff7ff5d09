/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

/* Kills all processes of the units that an earlier daemon left: those whose names fit the pattern (as of glob(7)) and
 * are no keys of ours, which is borrowed until *ret is unrefed. Returns 0 or an error of sending; what systemd says
 * later is not waited for. */
int unit_sweep(sd_bus *bus, const char *pattern, GHashTable *ours, sd_bus_slot **ret);
