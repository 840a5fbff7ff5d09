/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/skopeo-output.h"

#include <glib.h>
#include <string.h>

#define REASON_LENGTH_MAX 1000U

/* The text between the quotes of msg="…", unescaped; the line itself where it has none. */
static char *find_message(const char *line)
{
        const char *start = strstr(line, " msg=\""), *end;
        g_autofree char *quoted = NULL;

        if (!start)
                return g_strdup(line);
        start += strlen(" msg=\"");
        /* The text may be cut anywhere, behind a backslash too. */
        for (end = start; *end && *end != '"' && !(end[0] == '\\' && end[1] == '\0'); end++)
                if (*end == '\\')
                        end++;
        quoted = g_strndup(start, (gsize) (end - start));
        return g_strcompress(quoted);
}

char *skopeo_output_reason(const char *text, size_t size)
{
        g_autofree char *copy = g_strndup(text, size), *valid = g_utf8_make_valid(copy, -1), *message = NULL;
        g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
        g_autofree char *cut = NULL;
        char *reason;

        for (guint i = g_strv_length(lines); i > 0 && !message; i--)
                if (*g_strstrip(lines[i - 1]))
                        message = find_message(lines[i - 1]);
        if (!message)
                return NULL;
        cut = strlen(message) > REASON_LENGTH_MAX ? g_strdup_printf("%.*s...", (int) REASON_LENGTH_MAX, message)
                                                  : g_steal_pointer(&message);
        reason = g_utf8_make_valid(cut, -1);
        for (char *c = reason; *c; c++)
                if (g_ascii_iscntrl(*c))
                        *c = ' ';
        return g_strstrip(reason);
}
