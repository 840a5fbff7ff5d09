/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * JSON of CNI: network lists, what plugins print, and our records of both. `ret_why` is the end of a sentence for
 * people
 * ("it is no JSON: …"), which the caller frees, and untouched on success.
 */

/* Of lists and of what plugins print; what plugins know needs less than ten. Ours wrap these into some more. */
#define CNI_DEPTH_MAX        32U
#define CNI_RECORD_DEPTH_MAX (CNI_DEPTH_MAX + 4U)

/* Bytes. Who reads a text from elsewhere has a lower limit of its own. */
#define CNI_RECORD_SIZE_MAX (4U * 1024U * 1024U)

/* Reads a text whose outermost value is an object. Returns it with a reference for the caller, to be read only, or
 * -EBADMSG: larger than CNI_RECORD_SIZE_MAX, deeper than so many levels, no UTF-8, no JSON, no object. */
int cni_json_parse(const char *text, size_t size, unsigned depth_max, JsonObject **ret, char **ret_why);

/* The object as text, which the caller frees. */
char *cni_json_print(JsonObject *object);

/* A member that may be missing, and is left untouched then. Returns false where it is there as something else. */
bool cni_json_get_string(JsonObject *object, const char *key, const char **ret);
bool cni_json_get_array(JsonObject *object, const char *key, JsonArray **ret);
bool cni_json_get_object(JsonObject *object, const char *key, JsonObject **ret);

/* The element of an array as an object, borrowed, or NULL where it is something else. */
JsonObject *cni_json_element_object(JsonArray *array, guint index);

/* An object of its own with the same members, which are shared, except for `without` (may be NULL). */
JsonObject *cni_json_copy(JsonObject *object, const char *without);
