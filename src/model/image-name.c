/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/image-name.h"

#include <glib.h>
#include <string.h>

bool image_name_is_valid(const char *name)
{
        size_t length = strlen(name);

        if (length < 1 || length > IMAGE_NAME_LENGTH_MAX || !g_ascii_isalnum(name[0]))
                return false;
        for (size_t i = 1; i < length; i++)
                if (!g_ascii_isalnum(name[i]) && !strchr("._:/@+-", name[i]))
                        return false;
        return !strstr(name, "..");
}

bool image_reference_is_valid(const char *name)
{
        static const char separators[] = ":/@";

        if (!image_name_is_valid(name))
                return false;
        for (const char *c = name; *c; c++)
                if (strchr(separators, *c) && (c[1] == '\0' || strchr(separators, c[1])))
                        return false;
        return true;
}
