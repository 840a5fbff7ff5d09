/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/hosts-file.h"

#include <stdbool.h>
#include <string.h>

#include "model/ip-address.h"
#include "util/error.h"

ExtraHost *extra_host_new(const char *name, const char *address)
{
        ExtraHost *host = g_new0(ExtraHost, 1);

        host->name = g_strdup(name);
        host->address = g_strdup(address);
        return host;
}

ExtraHost *extra_host_free(ExtraHost *host)
{
        if (!host)
                return NULL;
        g_free(host->name);
        g_free(host->address);
        g_free(host);
        return NULL;
}

/* Whatever could end the name, or begin something else, in a file that many programs read each in their own way, is
 * none: what is left is what host names are made of, and '_', which service names begin with. */
static bool name_is_possible(const char *name)
{
        size_t length = strlen(name);

        if (length < 1 || length > EXTRA_HOST_NAME_MAX || (!g_ascii_isalnum(name[0]) && name[0] != '_'))
                return false;
        for (size_t i = 0; i < length; i++)
                if (!g_ascii_isalnum(name[i]) && !strchr("-._", name[i]))
                        return false;
        return true;
}

int extra_host_check(ExtraHost *host, sd_bus_error *error)
{
        char *address;

        if (!name_is_possible(host->name))
                return error_invalid(error,
                                     "'%.128s' in the option 'extra-hosts' can't be a host name: 1 to %u letters, "
                                     "digits, '-', '.' and '_', the first one a letter, a digit or '_'",
                                     host->name, EXTRA_HOST_NAME_MAX);
        address = ip_address_normalize(host->address);
        if (!address)
                return error_invalid(error, "failed to parse IP %.128s", host->address);
        g_free(host->address);
        host->address = address;
        return 0;
}

char *hosts_file_text(const char *hostname, const GPtrArray *extra_hosts)
{
        GString *text = g_string_new(NULL);

        g_string_append_printf(text, "127.0.0.1\tlocalhost %s\n::1\tlocalhost ip6-localhost ip6-loopback\n", hostname);
        for (guint i = 0; i < extra_hosts->len; i++) {
                const ExtraHost *host = extra_hosts->pdata[i];

                g_string_append_printf(text, "%s\t%s\n", host->address, host->name);
        }
        return g_string_free(text, FALSE);
}
