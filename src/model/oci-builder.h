/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shorthands over JsonBuilder for members of an object. */

#include <json-glib/json-glib.h>
#include <stdint.h>

void oci_add_string(JsonBuilder *builder, const char *name, const char *value);
void oci_add_number(JsonBuilder *builder, const char *name, int64_t value);
/* One that may be above INT64_MAX, which json-glib has no type for. */
void oci_add_unsigned(JsonBuilder *builder, const char *name, uint64_t value);
void oci_add_strings(JsonBuilder *builder, const char *name, const char *const *values);
void oci_begin_object(JsonBuilder *builder, const char *name);
void oci_begin_array(JsonBuilder *builder, const char *name);

/* The text of what was built. The caller frees it. */
char *oci_to_text(JsonBuilder *builder);
