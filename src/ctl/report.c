/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Error names become exit statuses here and nowhere else, so that 126 and 127 mean the same in every verb.
 */

#include "config.h"

#include "ctl/report.h"

#include <errno.h>
#include <glib.h>
#include <glib/gi18n.h>
#include <stdarg.h>
#include <stdio.h>

#include "ctl/ctl.h"
#include "util/error.h"

void report(const char *format, ...)
{
        g_autofree char *sentence = NULL;
        va_list arguments;

        va_start(arguments, format);
        sentence = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        fprintf(stderr, "gangwayctl: %s\n", sentence);
}

int report_failure(const sd_bus_error *error, int r)
{
        if (sd_bus_error_is_set(error))
                report("%s", error->message && *error->message ? error->message : error->name);
        else
                report("%s", g_strerror(-r));
        if (sd_bus_error_has_name(error, ERROR_NO_SUCH_PROGRAM))
                return CTL_EXIT_NO_SUCH_PROGRAM;
        if (sd_bus_error_has_name(error, ERROR_NOT_EXECUTABLE))
                return CTL_EXIT_NOT_EXECUTABLE;
        return CTL_EXIT_FAILURE;
}

int report_flush(void)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return 0;
        report(_("can't write to standard output: %s"), g_strerror(errno));
        return CTL_EXIT_FAILURE;
}
