/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/names.h"

#include <glib.h>
#include <string.h>

bool name_is_valid(const char *name)
{
        size_t length = strlen(name);

        if (length < 1 || length > NAME_LENGTH_MAX || !g_ascii_isalnum(name[0]))
                return false;
        for (size_t i = 1; i < length; i++)
                if (!g_ascii_isalnum(name[i]) && !strchr("_.-", name[i]))
                        return false;
        return true;
}

char *name_to_id(uint32_t uid, const char *name)
{
        return g_strdup_printf("%u-%s", uid, name);
}

char *name_to_unit(uint32_t uid, const char *name)
{
        return g_strdup_printf("gangway-%u-%s.scope", uid, name);
}

char *uid_to_slice(uint32_t uid)
{
        return g_strdup_printf("gangway-%u.slice", uid);
}

char *name_generate(void)
{
        return g_strdup_printf("c%08x", g_random_int());
}
