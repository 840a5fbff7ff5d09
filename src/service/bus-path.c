/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/bus-path.h"

#include <glib.h>
#include <systemd/sd-bus.h>

char *bus_path_of_container(uint32_t owner, const char *name)
{
        g_autofree char *prefix = g_strdup_printf(CONTAINER_PREFIX "/%u", owner);
        char *path = NULL;

        return sd_bus_path_encode(prefix, name, &path) < 0 ? NULL : path;
}

int bus_path_parse(const char *path, uint32_t *ret_owner, char **ret_name)
{
        g_autofree char *prefix = NULL, *name = NULL, *plain = NULL;
        const char *rest;
        guint64 owner;
        char *end;

        if (!g_str_has_prefix(path, CONTAINER_PREFIX "/"))
                return 0;
        rest = path + sizeof(CONTAINER_PREFIX);
        if (!g_ascii_isdigit(*rest))
                return 0;
        owner = g_ascii_strtoull(rest, &end, 10);
        if (*end != '/' || owner >= UINT32_MAX)
                return 0;
        prefix = g_strndup(path, (gsize) (end - path));
        if (sd_bus_path_decode(path, prefix, &name) <= 0)
                return 0;
        /* An object has one path, whatever else could be read as the same. */
        plain = bus_path_of_container((uint32_t) owner, name);
        if (g_strcmp0(plain, path) != 0)
                return 0;
        *ret_owner = (uint32_t) owner;
        *ret_name = g_steal_pointer(&name);
        return 1;
}

char *bus_path_of_operation(uint64_t number)
{
        return g_strdup_printf(OPERATION_PREFIX "/%" G_GUINT64_FORMAT, number);
}

int bus_path_parse_operation(const char *path, uint64_t *ret_number)
{
        const char *digits;
        guint64 number;

        if (!g_str_has_prefix(path, OPERATION_PREFIX "/"))
                return 0;
        digits = path + sizeof(OPERATION_PREFIX);
        /* Numbers begin at 1, and are written in one way only. */
        if (*digits == '0' || !g_ascii_string_to_unsigned(digits, 10, 1, G_MAXUINT64, &number, NULL))
                return 0;
        *ret_number = number;
        return 1;
}
