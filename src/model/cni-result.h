/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stddef.h>

/*
 * What a CNI plugin answers: a result, or an error. It comes from a program of the administrator's choice, and is read
 * as carefully as if it came from elsewhere.
 */

#define CNI_ADDRESSES_MAX 32U

typedef struct CniResult {
        JsonObject *object;   /* as it came: the next plugin gets it */
        GPtrArray *addresses; /* of the container, as "10.209.0.5/16" */
        GPtrArray *gateways;  /* without repetitions */
        char *mac;            /* of the container's interface, or NULL */
} CniResult;

/* Reads what is parsed already (takes a reference), or a plugin's output. interface: the container's. Returns -EBADMSG
 * with the end of a sentence as cni_json_parse() does. */
int cni_result_new(JsonObject *object, const char *interface, CniResult **ret, char **ret_why);
int cni_result_parse(const char *text, size_t size, const char *interface, CniResult **ret, char **ret_why);
CniResult *cni_result_free(CniResult *result);

/* What a plugin that failed has to say for people, on one line: "MSG (DETAILS, code 7)" from the error object on its
 * standard output; without one, the last line of its standard error, or of its output. NULL where there is nothing. */
char *cni_output_to_reason(const char *output, size_t output_size, const char *errors, size_t errors_size);
