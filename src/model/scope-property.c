/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/scope-property.h"

#include <glib.h>
#include <string.h>

static const struct {
        const char *name;
        const char *type;
} properties[] = {
        {"AllowedCPUs", "ay"},  {"CPUQuotaPerSecUSec", "t"}, {"CPUWeight", "t"}, {"IOWeight", "t"},
        {"MemoryHigh", "t"},    {"MemoryLow", "t"},          {"MemoryMax", "t"}, {"MemoryMin", "t"},
        {"MemorySwapMax", "t"}, {"RuntimeMaxUSec", "t"},     {"TasksMax", "t"},
};

const char *scope_property_type(const char *name)
{
        for (size_t i = 0; i < G_N_ELEMENTS(properties); i++)
                if (strcmp(properties[i].name, name) == 0)
                        return properties[i].type;
        return NULL;
}

const char *scope_property_names(void)
{
        static char *names;

        if (!names) {
                const char *list[G_N_ELEMENTS(properties) + 1] = {NULL};

                for (size_t i = 0; i < G_N_ELEMENTS(properties); i++)
                        list[i] = properties[i].name;
                names = g_strjoinv(", ", (char **) list);
        }
        return names;
}
