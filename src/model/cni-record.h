/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/cni-list.h"
#include "model/cni-port.h"
#include "model/cni-result.h"

/*
 * What has to be known to take a container's network down again, and to check it: CNI wants DEL and CHECK to get the
 * configuration and the result of ADD, whatever the administrator has changed meanwhile.
 */

#define CNI_ID_LENGTH_MAX 100U
/* The name of the interface in the container. */
#define CNI_INTERFACE "eth0"

typedef struct CniRecord {
        char *id;
        CniList *list;
        char *plugin_path; /* folders with a colon in between, as in CNI_PATH */
        GPtrArray *ports;  /* CniPort */
        CniResult *result; /* of the last plugin that was added, or NULL */
} CniRecord;

/* Whether it is [A-Za-z0-9][A-Za-z0-9_.-]{0,99}: what CNI takes as a container's id, and is a file name. */
bool cni_id_is_valid(const char *id);

/* Whether it is one or more absolute paths with a colon in between. */
bool cni_plugin_path_is_valid(const char *path);

/* One without result and ports. Takes the list. */
CniRecord *cni_record_new(const char *id, CniList *list, const char *plugin_path);
CniRecord *cni_record_free(CniRecord *record);

/* Adds a port. Returns -EINVAL where it is none. */
int cni_record_add_port(CniRecord *record, const char *port);

/* The ports as plugins want them. The caller gives back the reference. */
JsonArray *cni_record_get_ports(const CniRecord *record);

/* As a text, and back; every member has to be known and of its type. Returns -EBADMSG with the end of a sentence as
 * cni_json_parse() does. The caller frees both. */
char *cni_record_to_text(const CniRecord *record);
int cni_record_parse(const char *text, size_t size, CniRecord **ret, char **ret_why);
