/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

/*
 * Filters in the syntax of containerd's package filters: selectors with commas between them, all of which have to be
 * met. A selector is a field's path, alone ("it is there") or with ==, != or ~= (a regular expression, pattern.h) and a
 * value: platform==linux/arm64, labels."example.com/gpu"~=/^(a|h)100/.
 *
 * Where containerd's takes what can't ever match, a NUL or a regular expression that is none, this one refuses.
 */

#define FILTER_LENGTH_MAX 1024U
/* Of all regular expressions of a filter. With a text of 255 characters, which no label exceeds, the worst that was
 * found takes a millisecond. */
#define FILTER_STEPS_MAX 128U

typedef struct Filter Filter;

/* What a field is: its values, where NULL stands for none. path has at least one part. The caller frees them. */
typedef GStrv (*FilterLookup)(const char *const *path, const void *userdata);

/* Errors: InvalidArgs, with the filter and the position (in characters, from 1). */
int filter_parse(const char *text, Filter **ret, sd_bus_error *error);

/* Whether all selectors are met; an empty filter has none. A field of several values is met by any of them, and by !=
 * if none of them is that one. As with containerd's, a field that is not there has the empty value for != and ~=. */
bool filter_matches(const Filter *filter, FilterLookup lookup, const void *userdata);

const char *filter_get_text(const Filter *filter);

Filter *filter_free(Filter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Filter, filter_free)
