/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The names of a container: what the user calls it, its id on the machine, its unit, its slice, its object.
 */

#define NAME_LENGTH_MAX 63U

/* Whether name is [A-Za-z0-9][A-Za-z0-9_.-]{0,62}: the rule for containers and for processes. */
bool name_is_valid(const char *name);

/* "UID-NAME": unique on the machine, since a uid has no dash. The caller frees these. */
char *name_to_id(uint32_t uid, const char *name);

/* "gangway-UID-NAME.scope" and "gangway-UID.slice", which systemd puts below gangway.slice: systemd.slice(5). */
char *name_to_unit(uint32_t uid, const char *name);
char *uid_to_slice(uint32_t uid);

/* A name that nobody has chosen: four random bytes as hexadecimal digits. */
char *name_generate(void);
