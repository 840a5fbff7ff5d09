/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "figures.h"

#include <time.h>

double now_ms(void)
{
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec * 1e3 + (double) t.tv_nsec / 1e6;
}

void figure_add(Figure *figure, double ms)
{
        if (!figure->times)
                figure->times = g_array_new(FALSE, FALSE, sizeof(double));
        g_array_append_val(figure->times, ms);
}

static int compare(gconstpointer a, gconstpointer b)
{
        double x = *(const double *) a, y = *(const double *) b;

        return (x > y) - (x < y);
}

static double quantile(const Figure *figure, double q)
{
        if (!figure->times || figure->times->len == 0)
                return 0;
        g_array_sort(figure->times, compare);
        return g_array_index(figure->times, double, (guint) (q * (figure->times->len - 1) + 0.5));
}

double figure_median(const Figure *figure)
{
        return quantile(figure, 0.5);
}

double figure_maximum(const Figure *figure)
{
        return quantile(figure, 1);
}

void figure_print(const Figure *figure)
{
        g_print("  %-44s %8.2f %8.2f   (%u)\n", figure->name, quantile(figure, 0.5), quantile(figure, 0.95),
                figure->times ? figure->times->len : 0);
}

gboolean figure_compare(const char *what, double value, double limit, gboolean at_most)
{
        gboolean holds = at_most ? value <= limit : value >= limit;

        g_print("  %-58s %8.2f   %s %.2f: %s\n", what, value, at_most ? "at most" : "at least", limit,
                holds ? "reached" : "MISSED");
        return holds;
}
