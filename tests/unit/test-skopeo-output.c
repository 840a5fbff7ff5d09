/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is passed on of skopeo's standard error. */

#include <glib.h>
#include <string.h>

#include "model/skopeo-output.h"

static const struct {
        const char *text, *reason;
} outputs[] = {
        {"time=\"2026-01-01T00:00:00Z\" level=fatal msg=\"manifest unknown\"\n", "manifest unknown"},
        {"time=\"T\" level=fatal msg=\"Get \\\"https://h/\\\": refused\"\n", "Get \"https://h/\": refused"},
        {"time=\"T\" level=warning msg=\"first\"\ntime=\"T\" level=fatal msg=\"last\"\n\n  \n", "last"},
        {"out of memory\n", "out of memory"},
        {"time=\"T\" level=fatal msg=\"cut", "cut"},
        {"time=\"T\" level=fatal msg=\"cut\\", "cut"},
        {"a\tb\033[31mc\n", "a b [31mc"},
        {"x msg=\"a\\nb\\033c\"", "a b c"},
        {"a\xff", "a\xef\xbf\xbd"},
        {"x msg=\"a\\377\"", "a\xef\xbf\xbd"},
        {"", NULL},
        {" \n\n", NULL},
};

static void test_reason(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(outputs); i++) {
                g_autofree char *reason = skopeo_output_reason(outputs[i].text, strlen(outputs[i].text));

                g_assert_cmpstr(reason, ==, outputs[i].reason);
        }
}

static void test_long(void)
{
        g_autofree char *text = g_strnfill(5000, 'x'), *reason = skopeo_output_reason(text, 5000);

        g_assert_cmpuint(strlen(reason), ==, 1003);
        g_assert_true(g_str_has_suffix(reason, "x..."));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/skopeo-output/reason", test_reason);
        g_test_add_func("/skopeo-output/long", test_long);
        return g_test_run();
}
