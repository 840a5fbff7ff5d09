/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "ctl/host-option.h"

#include <glib/gi18n.h>
#include <string.h>

#include "util/error.h"

int host_option_parse(const char *text, HostOption **ret, sd_bus_error *error)
{
        const char *colon = strchr(text, ':'), *address = colon ? colon + 1 : NULL;
        g_autoptr(HostOption) host = NULL;
        size_t length;

        if (!colon || colon == text || !*address)
                return error_invalid(error, _("'%s' is not of the form NAME:ADDRESS"), text);
        length = strlen(address);
        if (address[0] == '[' && address[length - 1] == ']' && length > 2) {
                address++;
                length -= 2;
        }
        host = g_new0(HostOption, 1);
        host->name = g_strndup(text, (gsize) (colon - text));
        host->address = g_strndup(address, length);
        *ret = g_steal_pointer(&host);
        return 0;
}

HostOption *host_option_free(HostOption *host)
{
        if (!host)
                return NULL;
        g_free(host->name);
        g_free(host->address);
        g_free(host);
        return NULL;
}

/* Appends the beginning of {sv}, up to the elements of an array. */
static int open_array(sd_bus_message *message, const char *key, const char *type, const char *element)
{
        int r;

        if ((r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(message, "s", key)) < 0 ||
            (r = sd_bus_message_open_container(message, 'v', type)) < 0)
                return r;
        return sd_bus_message_open_container(message, 'a', element);
}

static int close_array(sd_bus_message *message)
{
        for (int i = 0; i < 3; i++) {
                int r = sd_bus_message_close_container(message);

                if (r < 0)
                        return r;
        }
        return 0;
}

int host_options_append(sd_bus_message *message, const GPtrArray *hosts)
{
        int r = hosts->len > 0 ? open_array(message, "extra-hosts", "a(ss)", "(ss)") : 0;

        for (guint i = 0; r >= 0 && i < hosts->len; i++) {
                const HostOption *host = hosts->pdata[i];

                r = sd_bus_message_append(message, "(ss)", host->name, host->address);
        }
        return r < 0 || hosts->len == 0 ? r : close_array(message);
}

int dns_options_append(sd_bus_message *message, const GPtrArray *servers)
{
        int r = servers->len > 0 ? open_array(message, "dns-servers", "as", "s") : 0;

        for (guint i = 0; r >= 0 && i < servers->len; i++)
                r = sd_bus_message_append(message, "s", servers->pdata[i]);
        return r < 0 || servers->len == 0 ? r : close_array(message);
}
