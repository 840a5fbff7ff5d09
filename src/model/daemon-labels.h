/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * What constraints are compared with: the fields that this daemon has.
 *
 *   platform         each platform that can run here, as linux/arm64
 *   net.MODE         "true" for each net-mode
 *   feature.NAME     "true" for each of the Manager's Features
 *   labels.KEY       what the group [Labels] of gangwayd.conf says; a key with dots may be written as several parts
 */

#define LABEL_KEY_MAX   128U
#define LABEL_VALUE_MAX 255U

typedef struct DaemonLabels {
        const char *const *platforms;
        const char *const *net_modes;
        const char *const *features;
        GHashTable *labels; /* strings by strings */
} DaemonLabels;

/* A FilterLookup over a DaemonLabels. */
GStrv daemon_labels_lookup(const char *const *path, const void *userdata);

/* Whether key is of letters, digits and "_.-/", a letter or digit first, and not too long. */
bool label_key_is_valid(const char *key);

/* Whether value is not too long and has no control character; it has to be UTF-8. */
bool label_value_is_valid(const char *value);
