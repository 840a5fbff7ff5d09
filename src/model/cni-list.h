/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A network as its administrator describes it: CNI's list of plugins (.conflist), or a single plugin (.conf), which
 * becomes a list of one. Versions 0.3.0 to 1.0.0 of the specification, https://www.cni.dev/docs/spec/.
 */

#define CNI_PLUGINS_MAX 32U

typedef struct CniPlugin {
        const char *type;   /* the name of its program; a plain file name */
        bool maps_ports;    /* has the capability portMappings */
        JsonObject *config; /* as it stands in the list */
} CniPlugin;

typedef struct CniList {
        JsonObject *object; /* the list, whose strings the others borrow */
        const char *name, *version;
        bool disable_check;
        CniPlugin plugins[CNI_PLUGINS_MAX];
        size_t n_plugins;
} CniList;

/* Reads one that is parsed already (takes a reference), or a text. Returns -EBADMSG with the end of a sentence as
 * cni_json_parse() does. */
int cni_list_new(JsonObject *object, CniList **ret, char **ret_why);
int cni_list_parse(const char *text, size_t size, CniList **ret, char **ret_why);
CniList *cni_list_free(CniList *list);

/* Whether a plugin of it has the capability portMappings. */
bool cni_list_maps_ports(const CniList *list);

/* Whether CHECK may be asked for, and whether DEL is to get the result of ADD: both are there since 0.4.0. */
bool cni_list_has_check(const CniList *list);
bool cni_list_has_result_in_del(const CniList *list);

/* What a plugin of the list is to read from its standard input. ports: of portMappings, for plugins that have that
 * capability, or NULL. result: prevResult, or NULL. Section 3 of the specification, "Deriving request configuration
 * from plugin configuration". The caller frees it. */
char *cni_list_to_input(const CniList *list, size_t index, JsonArray *ports, JsonObject *result);
