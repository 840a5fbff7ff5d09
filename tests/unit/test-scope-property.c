/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which properties of its scope a caller may set: these, and none that reaches beyond the container's own limits. */

#include <glib.h>

#include "model/scope-property.h"

static const struct {
        const char *name;
        const char *type;
} allowed[] = {
        {"AllowedCPUs", "ay"},  {"CPUQuotaPerSecUSec", "t"}, {"CPUWeight", "t"}, {"IOWeight", "t"},
        {"MemoryHigh", "t"},    {"MemoryLow", "t"},          {"MemoryMax", "t"}, {"MemoryMin", "t"},
        {"MemorySwapMax", "t"}, {"RuntimeMaxUSec", "t"},     {"TasksMax", "t"},
};

static void test_allowed(void)
{
        g_auto(GStrv) names = g_strsplit(scope_property_names(), ", ", -1);

        for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++) {
                g_assert_cmpstr(scope_property_type(allowed[i].name), ==, allowed[i].type);
                g_assert_true(g_strv_contains((const char *const *) names, allowed[i].name));
        }
        g_assert_cmpuint(g_strv_length(names), ==, G_N_ELEMENTS(allowed));
        g_assert_true(scope_property_names() == scope_property_names());
}

static void test_not_allowed(void)
{
        static const char *const names[] = {
                "",
                "memorymax",
                "MemoryMax ",
                "MemoryMaxScale",
                "Memory",
                "Slice",
                "PIDs",
                "Delegate",
                "KillMode",
                "Description",
                "DeviceAllow",
                "DevicePolicy",
                "BPFProgram",
                "IPAddressDeny",
                "User",
                "ExecStop",
                "OnFailure",
                "Conflicts",
                "BindsTo",
                "ManagedOOMSwap",
                "CollectMode",
                "Controller",
                "TimeoutStopUSec",
                "MemoryMax, TasksMax",
                "AllowedMemoryNodes",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_test_message("'%s'", names[i]);
                g_assert_null(scope_property_type(names[i]));
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/scope-property/allowed", test_allowed);
        g_test_add_func("/scope-property/not-allowed", test_not_allowed);
        return g_test_run();
}
