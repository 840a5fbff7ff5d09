/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An extra host of a container's /etc/hosts: the address, a tab, and the name. */

#include <string.h>

#include "fuzz.h"
#include "model/hosts-file.h"
#include "util/cleanup.h"

static void free_host(gpointer host)
{
        extra_host_free(host);
}

static ExtraHost *parse(char *text)
{
        char *tab = strchr(text, '\t');

        if (!tab)
                return extra_host_new("", text);
        *tab = '\0';
        return extra_host_new(tab + 1, text);
}

/* What was taken is a line of the file, and nothing but that. */
static void look_at_file(const GPtrArray *hosts)
{
        const ExtraHost *host = hosts->pdata[0];
        g_autofree char *file = hosts_file_text("h", hosts),
                        *line = g_strdup_printf("ip6-loopback\n%s\t%s\n", host->address, host->name);

        g_assert_true(g_str_has_suffix(file, line));
        for (const char *c = file; *c; c++)
                g_assert_true(g_ascii_isgraph(*c) || *c == '\t' || *c == '\n' || *c == ' ');
        line[strlen(line) - 1] = '\0';
        g_assert_null(strpbrk(strchr(line, '\n') + 1, "\n #"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *text = g_strndup((const char *) data, size);
        g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(free_host);
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        ExtraHost *host = parse(text);

        g_ptr_array_add(hosts, host);
        if (extra_host_check(host, &error) < 0)
                g_assert_true(g_utf8_validate(error.message, -1, NULL));
        else
                look_at_file(hosts);
        return 0;
}
