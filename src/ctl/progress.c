/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A bar is drawn over itself, and so must never be wider than the terminal: the label gives way first, then the bar
 * itself, then the numbers from the right. It is one column narrower than the terminal, since some move to the next
 * line after the last column.
 */

#include "config.h"

#include "ctl/progress.h"

#include <glib.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/quantities.h"
#include "ctl/report.h"
#include "ctl/terminal.h"

#define SECOND          ((uint64_t) G_USEC_PER_SEC)
#define BAR_EVERY_USEC  100000   /* where the numbers change */
#define TICK_EVERY_USEC 1000000  /* where they don't */
#define LINE_EVERY_USEC 10000000 /* without a terminal */
#define LABEL_MIN       8
#define BAR_MIN         10
#define BAR_MAX         30

/* 0 to 100. More than the total is all of it: a total may be an estimate. */
static unsigned percent(uint64_t done, uint64_t total)
{
        return done >= total ? 100 : (unsigned) ((long double) done * 100 / (long double) total);
}

/* The numbers right of the bar, padded, so that the bar does not change its width with every digit. */
static char *numbers(uint64_t done, uint64_t total, uint64_t usec)
{
        g_autofree char *done_text = quantity_format_size(done), *total_text = quantity_format_size(total),
                        *clock = quantity_format_clock(usec), *rate = NULL, *speed = NULL;

        /* In the first second a rate tells nothing yet. */
        if (usec >= SECOND) {
                rate = quantity_format_size((uint64_t) ((long double) done * SECOND / (long double) usec));
                speed = g_strconcat(rate, "/s", NULL);
        }
        if (total == 0)
                return g_strdup_printf("%6s %8s %5s", done_text, speed ?: "", clock);
        return g_strdup_printf("%3u%% %6s/%s %8s %5s", percent(done, total), done_text, total_text, speed ?: "", clock);
}

/* text, cut with "..." to width columns or padded to it. */
static char *fitted(const char *text, unsigned width, bool pad)
{
        glong length = g_utf8_strlen(text, -1);

        if (length <= (glong) width)
                return g_strdup_printf("%s%*s", text, pad ? (int) (width - (unsigned) length) : 0, "");
        if (width <= 3)
                return g_utf8_substring(text, 0, width);
        g_autofree char *cut = g_utf8_substring(text, 0, (glong) width - 3);
        return g_strconcat(cut, "...", NULL);
}

static char *bar(uint64_t done, uint64_t total, uint64_t usec, unsigned width)
{
        unsigned inside = width - 2, full;
        g_autofree char *text = g_strnfill(width, ' ');

        text[0] = '[';
        text[width - 1] = ']';
        if (total > 0) {
                full = percent(done, total) * inside / 100;
                memset(text + 1, '=', full);
                if (full < inside)
                        text[1 + full] = '>';
        } else {
                /* Nobody knows how far it is: something that moves says that it goes on. */
                unsigned position = 1 + (unsigned) (usec / 200000 % (inside - 2));

                text[position] = '<';
                text[position + 1] = '=';
                text[position + 2] = '>';
        }
        return g_steal_pointer(&text);
}

char *progress_bar(const char *label, uint64_t done, uint64_t total, uint64_t usec, unsigned columns)
{
        g_autofree char *right = numbers(done, total, usec), *left = NULL, *middle = NULL;
        unsigned width = MAX(columns, 1U) - 1, right_width = (unsigned) strlen(right), bar_width = 0, label_width;
        glong label_length = g_utf8_strlen(label, -1);

        /* Two spaces on each side of the bar. */
        if (width >= LABEL_MIN + 2 + right_width + 2 + BAR_MIN) {
                label_width = (unsigned) MIN(label_length, (glong) (width - right_width - 4 - BAR_MIN));
                label_width = MAX(label_width, LABEL_MIN);
                bar_width = MIN(width - label_width - right_width - 4, BAR_MAX);
        } else if (width >= LABEL_MIN + 2 + right_width)
                label_width = width - right_width - 2;
        else
                return fitted(right, width, false);
        left = fitted(label, label_width, bar_width > 0);
        if (bar_width == 0)
                return g_strdup_printf("%s  %s", left, right);
        middle = bar(done, total, usec, bar_width);
        return g_strdup_printf("%s  %s  %s", left, middle, right);
}

char *progress_line(const char *label, uint64_t done, uint64_t total)
{
        g_autofree char *done_text = quantity_format_size(done), *total_text = quantity_format_size(total);

        if (total == 0)
                return g_strdup_printf("%s: %s", label, done_text);
        return g_strdup_printf(_("%s: %u%% (%s of %s)"), label, percent(done, total), done_text, total_text);
}

static void show_bar(Progress *progress, uint64_t now)
{
        g_autofree char *line = progress_bar(progress->label, progress->done, progress->total, now - progress->started,
                                             terminal_size().columns);

        fprintf(stderr, "\r%s\033[K", line);
        (void) fflush(stderr);
        progress->shown = true;
        progress->next = now + BAR_EVERY_USEC;
}

static void show_line(Progress *progress, uint64_t now)
{
        g_autofree char *line = progress_line(progress->label, progress->done, progress->total);

        report("%s", line);
        progress->next = now + LINE_EVERY_USEC;
}

static void show(Progress *progress, uint64_t now)
{
        if (progress->bar)
                show_bar(progress, now);
        else
                show_line(progress, now);
}

void progress_start(Progress *progress, const char *label)
{
        uint64_t now = (uint64_t) g_get_monotonic_time();

        *progress = (Progress){
                .label = label,
                .bar = isatty(STDERR_FILENO) && g_strcmp0(g_getenv("TERM"), "dumb") != 0,
                .started = now,
                .next = now,
        };
        if (progress->bar)
                show_bar(progress, now);
        else {
                report("%s", label);
                progress->next = now + LINE_EVERY_USEC;
        }
}

void progress_update(Progress *progress, uint64_t done, uint64_t total)
{
        uint64_t now = (uint64_t) g_get_monotonic_time();

        progress->done = done;
        progress->total = total;
        if (now >= progress->next)
                show(progress, now);
}

int progress_timeout(const Progress *progress)
{
        return progress->bar ? TICK_EVERY_USEC / 1000 : -1;
}

void progress_tick(Progress *progress)
{
        uint64_t now = (uint64_t) g_get_monotonic_time();

        if (progress->bar && now >= progress->next)
                show_bar(progress, now);
}

void progress_end(Progress *progress)
{
        if (!progress->shown)
                return;
        fputs("\r\033[K", stderr);
        (void) fflush(stderr);
        progress->shown = false;
}
