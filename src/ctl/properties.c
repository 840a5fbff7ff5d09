/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One table says which properties a scope takes, what the bus calls them, and how their values are read. A name that
 * is not in it is refused here with the names that are: the daemon would refuse it too, but only after the person was
 * asked for a password.
 */

#include "config.h"

#include "ctl/properties.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

#include "ctl/quantities.h"
#include "util/cleanup.h"
#include "util/error.h"

typedef struct PropertyKind {
        const char *name;
        const char *bus_name;
        int (*parse)(const char *text, uint64_t *ret); /* NULL: a list of CPUs */
        const char *expected;
} PropertyKind;

#define SIZE         N_("a size such as 512M, or infinity")
#define WEIGHT       N_("a weight from 1 to 10000")
#define COUNT        N_("a number, or infinity")
#define MICROSECONDS N_("a number of microseconds, or infinity")

static const PropertyKind property_kinds[] = {
        {"MemoryMin", "MemoryMin", quantity_parse_size, SIZE},
        {"MemoryLow", "MemoryLow", quantity_parse_size, SIZE},
        {"MemoryHigh", "MemoryHigh", quantity_parse_size, SIZE},
        {"MemoryMax", "MemoryMax", quantity_parse_size, SIZE},
        {"MemorySwapMax", "MemorySwapMax", quantity_parse_size, SIZE},
        {"CPUWeight", "CPUWeight", quantity_parse_weight, WEIGHT},
        {"IOWeight", "IOWeight", quantity_parse_weight, WEIGHT},
        {"CPUQuota", "CPUQuotaPerSecUSec", quantity_parse_cpu_quota, N_("a percentage such as 50%, or infinity")},
        {"CPUQuotaPerSecUSec", "CPUQuotaPerSecUSec", quantity_parse_count, MICROSECONDS},
        {"TasksMax", "TasksMax", quantity_parse_count, COUNT},
        {"RuntimeMaxSec", "RuntimeMaxUSec", quantity_parse_time_span, N_("a time such as 90 or 5min, or infinity")},
        {"RuntimeMaxUSec", "RuntimeMaxUSec", quantity_parse_count, MICROSECONDS},
        {"AllowedCPUs", "AllowedCPUs", NULL, N_("a list of CPUs such as 0-1,4")},
};

/* The names of getrlimit(2). */
static const char *const limit_names[] = {
        "AS",   "CORE",   "CPU",   "DATA", "FSIZE",  "LOCKS",  "MEMLOCK",    "MSGQUEUE",
        "NICE", "NOFILE", "NPROC", "RSS",  "RTPRIO", "RTTIME", "SIGPENDING", "STACK",
};

static const PropertyKind *find_kind(const char *name)
{
        for (size_t i = 0; i < G_N_ELEMENTS(property_kinds); i++)
                if (strcmp(property_kinds[i].name, name) == 0)
                        return &property_kinds[i];
        return NULL;
}

static int unknown_property(const char *name, sd_bus_error *error)
{
        g_autoptr(GString) known = g_string_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(property_kinds); i++)
                g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", property_kinds[i].name);
        return error_invalid(error, _("there is no scope property '%s'; there are %s"), name, known->str);
}

int scope_property_parse(const char *text, ScopeProperty *ret, sd_bus_error *error)
{
        const char *equals = strchr(text, '=');
        g_autofree char *name = NULL;
        ScopeProperty property = {};
        const PropertyKind *kind;
        int r;

        if (!equals)
                return error_invalid(error, _("the property '%s' is not of the form NAME=VALUE"), text);
        name = g_strndup(text, (gsize) (equals - text));
        kind = find_kind(name);
        if (!kind)
                return unknown_property(name, error);

        property.name = kind->bus_name;
        if (kind->parse)
                r = kind->parse(equals + 1, &property.number);
        else
                r = quantity_parse_cpu_list(equals + 1, &property.mask);
        if (r < 0)
                return error_invalid(error, _("%s takes %s, not '%s'"), name, _(kind->expected), equals + 1);
        *ret = property;
        return 0;
}

void scope_property_done(ScopeProperty *property)
{
        g_clear_pointer(&property->mask, g_byte_array_unref);
}

int scope_property_append(sd_bus_message *message, const ScopeProperty *property)
{
        int r;

        if (!property->mask)
                return sd_bus_message_append(message, "(sv)", property->name, "t", property->number);

        r = sd_bus_message_open_container(message, 'r', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "s", property->name);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(message, 'v', "ay");
        if (r < 0)
                return r;
        r = sd_bus_message_append_array(message, 'y', property->mask->data, property->mask->len);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(message);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(message);
}

static const char *find_limit_name(const char *name)
{
        if (g_str_has_prefix(name, "RLIMIT_"))
                name += strlen("RLIMIT_");
        for (size_t i = 0; i < G_N_ELEMENTS(limit_names); i++)
                if (strcmp(limit_names[i], name) == 0)
                        return limit_names[i];
        return NULL;
}

static int unknown_limit(const char *name, sd_bus_error *error)
{
        g_autoptr(GString) known = g_string_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(limit_names); i++)
                g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", limit_names[i]);
        return error_invalid(error, _("there is no resource limit '%s'; there are %s"), name, known->str);
}

int resource_limit_parse(const char *text, ResourceLimit *ret, sd_bus_error *error)
{
        g_auto(GStrv) halves = g_strsplit(text, "=", 2), values = NULL;
        ResourceLimit limit = {};
        int r;

        if (g_strv_length(halves) != 2)
                return error_invalid(error, _("the limit '%s' is not of the form NAME=SOFT:HARD"), text);
        limit.name = find_limit_name(halves[0]);
        if (!limit.name)
                return unknown_limit(halves[0], error);

        values = g_strsplit(halves[1], ":", 2);
        r = values[0] ? quantity_parse_size(values[0], &limit.soft) : -EINVAL;
        if (r >= 0) {
                limit.hard = limit.soft;
                if (values[1])
                        r = quantity_parse_size(values[1], &limit.hard);
        }
        if (r < 0)
                return error_invalid(error, _("the limit %s takes SOFT:HARD, numbers or infinity, not '%s'"), halves[0],
                                     halves[1]);
        if (limit.soft > limit.hard)
                return error_invalid(error, _("the limit '%s' is soft above hard"), text);
        *ret = limit;
        return 0;
}

int resource_limit_append(sd_bus_message *message, const ResourceLimit *limit)
{
        return sd_bus_message_append(message, "{s(tt)}", limit->name, limit->soft, limit->hard);
}
