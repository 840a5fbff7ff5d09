/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "ctl/bus-call.h"

/* Verbs that show what there is, as text or with --json as JSON, both made of the same values. */

/* Parses [--json]. Returns true where the verb is over, with its status. */
bool list_parse_option(Ctl *ctl, int argc, char **argv, bool *ret_json, int *ret_status);

typedef struct ListVerb {
        const char *member; /* of the manager, without arguments */
        int (*read)(sd_bus_message *reply, JsonArray *list);
        void (*print)(JsonArray *list);
} ListVerb;

/* Does such a verb. Returns its status. */
int list_run(Ctl *ctl, int argc, char **argv, const ListVerb *verb);
