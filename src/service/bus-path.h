/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* The objects of the service: /org/gangway1, /org/gangway1/container/OWNER_UID/ESCAPED_NAME and
 * /org/gangway1/operation/NUMBER. */

#define BUS_NAME            "org.gangway1"
#define ROOT_PATH           "/org/gangway1"
#define CONTAINER_PREFIX    "/org/gangway1/container"
#define OPERATION_PREFIX    "/org/gangway1/operation"
#define MANAGER_INTERFACE   "org.gangway1.Manager"
#define CONTAINER_INTERFACE "org.gangway1.Container"
#define OPERATION_INTERFACE "org.gangway1.Operation"

/* The path of a container's object. The caller frees it. */
char *bus_path_of_container(uint32_t owner, const char *name);

/* The container that a path names, there or not. Returns 1 and a name that the caller frees, or 0 where it names none.
 */
int bus_path_parse(const char *path, uint32_t *ret_owner, char **ret_name);

/* The same for operations. */
char *bus_path_of_operation(uint64_t number);
int bus_path_parse_operation(const char *path, uint64_t *ret_number);
