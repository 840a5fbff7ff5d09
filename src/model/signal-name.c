/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/signal-name.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <string.h>

static int parse_number(const char *text, int lowest, int highest)
{
        guint64 value;

        if (!g_ascii_string_to_unsigned(text, 10, (guint64) lowest, (guint64) highest, &value, NULL))
                return -EINVAL;
        return (int) value;
}

/* The real-time signals. libc keeps the lowest for itself, so SIGRTMIN is known at run time only: signal(7). */
static int parse_real_time(const char *name)
{
        int span = SIGRTMAX - SIGRTMIN, offset;

        if (strcmp(name, "RTMIN") == 0)
                return SIGRTMIN;
        if (strcmp(name, "RTMAX") == 0)
                return SIGRTMAX;
        if (!g_str_has_prefix(name, "RTMIN+") && !g_str_has_prefix(name, "RTMAX-"))
                return -EINVAL;
        offset = parse_number(name + strlen("RTMIN+"), 0, span);
        if (offset < 0)
                return offset;
        return name[strlen("RTM")] == 'I' ? SIGRTMIN + offset : SIGRTMAX - offset;
}

int signal_from_string(const char *text)
{
        const char *name = g_str_has_prefix(text, "SIG") ? text + strlen("SIG") : text;

        if (g_ascii_isdigit(text[0]))
                return parse_number(text, 1, SIGRTMAX);
        for (int i = 1; i < SIGRTMIN; i++)
                if (g_strcmp0(sigabbrev_np(i), name) == 0)
                        return i;
        return parse_real_time(name);
}
