/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/platform.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define WORD_LENGTH_MAX 32U

/* Architectures and variants are words of lower-case letters and digits: amd64, s390x, v8, power9. */
static bool is_word(const char *text)
{
        size_t length = strlen(text);

        if (length < 1 || length > WORD_LENGTH_MAX)
                return false;
        for (size_t i = 0; i < length; i++)
                if (!g_ascii_islower(text[i]) && !g_ascii_isdigit(text[i]))
                        return false;
        return true;
}

int platform_parse(const char *text, Platform **ret)
{
        g_auto(GStrv) parts = g_strsplit(text, "/", 4);
        guint n = g_strv_length(parts);
        Platform *platform;

        if (n < 2 || n > 3 || strcmp(parts[0], "linux") != 0)
                return -EINVAL;
        for (guint i = 1; i < n; i++)
                if (!is_word(parts[i]))
                        return -EINVAL;
        platform = g_new0(Platform, 1);
        platform->architecture = g_strdup(parts[1]);
        platform->variant = g_strdup(parts[2]);
        *ret = platform;
        return 0;
}

Platform *platform_free(Platform *platform)
{
        if (!platform)
                return NULL;
        g_free(platform->architecture);
        g_free(platform->variant);
        g_free(platform);
        return NULL;
}
