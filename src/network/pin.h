/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * What keeps a container's network namespace there without a process in it: a bind mount, as ip-netns(8) makes them, so
 * that `ip netns exec gangway-ID` works.
 */

/* Where it is. The caller frees it. */
char *pin_path(const char *id);

/* Makes it, for the namespace behind fd. Errors: -EEXIST, and those of mount(2). */
int pin_make(const char *id, int fd);

/* Whether it is there, and holds a network namespace. */
bool pin_is_whole(const char *id);

/* Removes it, whatever is left of it. One that is not there is no error. */
int pin_remove(const char *id);

/* The ids of all. The caller frees it. */
GPtrArray *pin_list(void);
