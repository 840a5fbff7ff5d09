/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "util/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void log_line(int priority, const char *format, ...)
{
        char line[2048];
        va_list arguments;

        va_start(arguments, format);
        (void) vsnprintf(line, sizeof(line), format, arguments);
        va_end(arguments);

        if (getenv("JOURNAL_STREAM"))
                (void) fprintf(stderr, "<%d>%s\n", priority, line);
        else
                (void) fprintf(stderr, "gangwayd: %s\n", line);
}
