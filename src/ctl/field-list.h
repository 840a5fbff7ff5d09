/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * "type=bind,src=/a,ro": the form in which container tools take several values in one option. Pure.
 */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

typedef struct Field {
        char *key;
        char *value; /* NULL where there is no '=' */
} Field;

/* Reads the fields of text, an array of Field that belongs to the caller. A field that holds a comma stands in double
 * quotes as a whole, and two of them mean one inside: 'type=bind,"src=/a,b",dst=/x'. option names text in errors.
 * Errors: InvalidArgs for an empty field, a key that comes twice, and quotes that don't end. */
int field_list_parse(const char *option, const char *text, GPtrArray **ret, sd_bus_error *error);

/* "KEY=VALUE" where VALUE is a whole number up to max, to the given base. option names it in errors. */
int field_number(const char *option, const Field *field, unsigned base, uint64_t max, uint64_t *ret,
                 sd_bus_error *error);

/* "KEY" alone, or with true, false, 1 or 0. */
int field_bool(const char *option, const Field *field, bool *ret, sd_bus_error *error);
