/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/authorization-table.h"

#include <stddef.h>
#include <string.h>

#define MANAGER   "org.gangway1.Manager"
#define CONTAINER "org.gangway1.Container"
#define OPERATION "org.gangway1.Operation"

static const AuthorizationRow rows[] = {
        {MANAGER, "CreateContainer", {ACTION_CREATE, ACTION_BIND_HOST_PATH, ACTION_HOST_NETWORK, ACTION_INSECURE}},
        {MANAGER, "GetContainer", {ACTION_MANAGE_OTHERS}},
        {MANAGER, "ListContainers", {NULL}},
        {MANAGER, "ImportImage", {ACTION_CREATE, ACTION_MANAGE_IMAGES}},
        {MANAGER, "PullImage", {ACTION_CREATE, ACTION_MANAGE_IMAGES}},
        {MANAGER, "ListImages", {NULL}},
        {MANAGER, "TagImage", {ACTION_CREATE, ACTION_MANAGE_IMAGES}},
        {MANAGER, "RemoveImage", {ACTION_CREATE, ACTION_MANAGE_IMAGES}},
        {MANAGER, "Prune", {ACTION_CREATE, ACTION_MANAGE_OTHERS}},
        {MANAGER, "Subscribe", {NULL}},
        {MANAGER, "Unsubscribe", {NULL}},
        {CONTAINER, "Start", {ACTION_MANAGE_OTHERS}},
        {CONTAINER, "Exec", {ACTION_MANAGE_OTHERS}},
        {CONTAINER, "Resize", {ACTION_MANAGE_OTHERS}},
        {CONTAINER, "Signal", {ACTION_MANAGE_OTHERS}},
        {CONTAINER, "Wait", {ACTION_MANAGE_OTHERS}},
        {CONTAINER, "Pause", {ACTION_MANAGE_OTHERS}},
        {CONTAINER, "Resume", {ACTION_MANAGE_OTHERS}},
        {CONTAINER, "Commit", {ACTION_MANAGE_OTHERS, ACTION_CREATE, ACTION_MANAGE_IMAGES}},
        {CONTAINER, "OpenFile", {ACTION_MANAGE_OTHERS}},
        {CONTAINER, "ReadDirectory", {ACTION_MANAGE_OTHERS}},
        {CONTAINER, "StatFile", {ACTION_MANAGE_OTHERS}},
        {CONTAINER, "Release", {ACTION_MANAGE_OTHERS}},
        {OPERATION, "Cancel", {ACTION_MANAGE_OTHERS}},
        {OPERATION, "Wait", {ACTION_MANAGE_OTHERS}},
        {NULL, NULL, {NULL}},
};

const AuthorizationRow *authorization_table_find(const char *interface, const char *member)
{
        for (const AuthorizationRow *row = rows; row->interface; row++)
                if ((!interface || strcmp(row->interface, interface) == 0) && strcmp(row->member, member) == 0)
                        return row;
        return NULL;
}

const AuthorizationRow *authorization_table_rows(void)
{
        return rows;
}

bool authorization_row_has(const AuthorizationRow *row, const char *action)
{
        for (const char *const *a = row->actions; *a; a++)
                if (strcmp(*a, action) == 0)
                        return true;
        return false;
}
