/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Times of one thing, and what is printed of them. */

typedef struct Figure {
        const char *name;
        GArray *times; /* double, milliseconds */
} Figure;

double now_ms(void);
void figure_add(Figure *figure, double ms);
double figure_median(const Figure *figure);
double figure_maximum(const Figure *figure);
void figure_print(const Figure *figure);

/* Prints a value beside its limit; at_most: the value should not be above it, else not below. Returns whether it holds.
 */
gboolean figure_compare(const char *what, double value, double limit, gboolean at_most);
