/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/*
 * The properties of the scope that a caller may set, of those that systemd.resource-control(5) knows: limits of its own
 * container. Anything else of a unit (who may kill it, what it runs, where it stands) is ours.
 */

/* The D-Bus type of an allowed property, "t" or "ay"; NULL for one that is not allowed. */
const char *scope_property_type(const char *name);

/* The names of all, separated by ", ", for messages. Static. */
const char *scope_property_names(void);
