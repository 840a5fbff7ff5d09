/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * D-Bus values as JSON: dictionaries are objects, arrays and structs are arrays, a variant is what it holds.
 */

#include <json-glib/json-glib.h>
#include <systemd/sd-bus.h>

/* Reads one complete value. Returns 1, 0 at the end of the container that is read, or a negative errno. File
 * descriptors and numbers beyond INT64_MAX have no place in JSON; they become null and a string. */
int bus_json_read(sd_bus_message *message, JsonNode **ret);

/* "ControlGroup" -> "control-group": the spelling of keys in all of gangwayctl's output. */
char *bus_json_key(const char *name);

/* Prints node on stdout: pretty or on one line, with a newline at its end. */
void bus_json_print(JsonNode *node, gboolean pretty);
