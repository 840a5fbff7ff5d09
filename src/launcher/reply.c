/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "launcher/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/string-message.h"

int reply(const char *const *strings, const int *fds, size_t n_fds)
{
        return string_message_send(CONTROL_FD, strings, fds, n_fds);
}

int reply_ok(void)
{
        return reply((const char *const[]){"ok", NULL}, NULL, 0);
}

int reply_error(const char *name, const char *format, ...)
{
        char sentence[2048];
        va_list arguments;

        va_start(arguments, format);
        (void) vsnprintf(sentence, sizeof(sentence), format, arguments);
        va_end(arguments);
        return reply((const char *const[]){"error", name, sentence, NULL}, NULL, 0);
}
