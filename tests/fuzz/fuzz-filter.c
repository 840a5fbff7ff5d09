/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A constraint, and whether a machine meets it. */

#include <string.h>

#include "fuzz.h"
#include "model/daemon-labels.h"
#include "model/filter.h"
#include "util/cleanup.h"

static void ask(const Filter *filter)
{
        static const char *const platforms[] = {"linux/amd64", "linux/386", NULL};
        static const char *const net_modes[] = {"none", "host", NULL}, *const features[] = {"idmapped-mounts", NULL};
        g_autoptr(GHashTable) labels = g_hash_table_new(g_str_hash, g_str_equal);
        const DaemonLabels machine = {platforms, net_modes, features, labels};

        (void) g_hash_table_insert(labels, "zone", "eu-1");
        (void) g_hash_table_insert(labels, "a", "too complex, \"yo\" \xe7\x89\x9b\\");
        (void) filter_matches(filter, daemon_labels_lookup, &machine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *text = g_strndup((const char *) data, size);
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(Filter) filter = NULL;

        if (filter_parse(text, &filter, &error) < 0) {
                g_assert_true(g_utf8_validate(error.message, -1, NULL));
                g_assert_nonnull(strstr(error.message, "constraint"));
                return 0;
        }
        g_assert_cmpstr(filter_get_text(filter), ==, text);
        ask(filter);
        return 0;
}
