/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/*
 * Which method of which interface may ask polkit for which action. A method that is not here can't be called. The XML
 * says the same in annotations, and a test compares the two.
 */

#define ACTION_CREATE         "org.gangway1.create"
#define ACTION_BIND_HOST_PATH "org.gangway1.bind-host-path"
#define ACTION_HOST_NETWORK   "org.gangway1.host-network"
#define ACTION_INSECURE       "org.gangway1.insecure"
#define ACTION_MANAGE_OTHERS  "org.gangway1.manage-others"
#define ACTION_MANAGE_IMAGES  "org.gangway1.manage-images"

#define AUTHORIZATION_ACTIONS_MAX 4

typedef struct AuthorizationRow {
        const char *interface;
        const char *member;
        const char *actions[AUTHORIZATION_ACTIONS_MAX + 1]; /* NULL at the end; none: everybody may */
} AuthorizationRow;

/* The row of a method, NULL where there is none. interface may be NULL, as in a call that names none. */
const AuthorizationRow *authorization_table_find(const char *interface, const char *member);

/* All rows, up to one with no interface. */
const AuthorizationRow *authorization_table_rows(void);

bool authorization_row_has(const AuthorizationRow *row, const char *action);
