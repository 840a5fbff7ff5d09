/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "util/platform.h"

/*
 * The choice of one image among several by platform.
 */

typedef struct Choice Choice;

Choice *choice_new(void);
Choice *choice_free(Choice *choice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Choice, choice_free)

/* Adds a candidate. platform: NULL where it says none. group: candidates of the same group are one image for several
 * platforms, of which the first that fits is taken; those of different groups are different images. identity: what two
 * groups may share, so that they are the same image after all. data: returned by choice_make(). Strings are copied. */
void choice_add(Choice *choice, const Platform *platform, unsigned group, const char *identity, void *data);

/* How many there are. */
unsigned choice_count(const Choice *choice);

/* Takes the one that fits best, or the only one if that says no platform. Errors with a sentence that lists what there
 * is: InvalidImage, where none fits or several images do. */
int choice_make(const Choice *choice, const Platform *wanted, void **ret, Platform *ret_platform,
                bool *ret_has_platform, sd_bus_error *error);
