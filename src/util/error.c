/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "util/error.h"

#include <glib.h>
#include <stdarg.h>

static char *format_sentence(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static char *format_sentence(const char *format, va_list arguments)
{
        g_autofree char *sentence = g_strdup_vprintf(format, arguments);

        return g_utf8_make_valid(sentence, -1);
}

int error_set(sd_bus_error *error, const char *name, const char *format, ...)
{
        g_autofree char *sentence = NULL;
        va_list arguments;

        va_start(arguments, format);
        sentence = format_sentence(format, arguments);
        va_end(arguments);
        return sd_bus_error_set(error, name, sentence);
}

int error_reply(sd_bus_message *call, const char *name, const char *format, ...)
{
        g_autofree char *sentence = NULL;
        va_list arguments;

        va_start(arguments, format);
        sentence = format_sentence(format, arguments);
        va_end(arguments);
        return sd_bus_reply_method_errorf(call, name, "%s", sentence);
}
