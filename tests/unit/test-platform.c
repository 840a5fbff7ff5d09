/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Platforms in the spelling of OCI. */

#include <errno.h>

#include "model/platform.h"

static void test_parse(void)
{
        g_autoptr(Platform) plain = NULL, variant = NULL;

        g_assert_cmpint(platform_parse("linux/amd64", &plain), ==, 0);
        g_assert_cmpstr(plain->architecture, ==, "amd64");
        g_assert_null(plain->variant);
        g_assert_cmpint(platform_parse("linux/arm/v7", &variant), ==, 0);
        g_assert_cmpstr(variant->architecture, ==, "arm");
        g_assert_cmpstr(variant->variant, ==, "v7");
        g_assert_null(platform_free(NULL));
}

static void test_refused(void)
{
        static const char *const texts[] = {
                "",          "linux",         "linux/",         "/amd64",
                "amd64",     "windows/amd64", "Linux/amd64",    "linux/AMD64",
                "linux/-x",  "linux/arm/",    "linux/arm/v7/x", "linux/arm/--v7",
                "linux//v7", "linux/arm 64",  "linux/\xc3\xa9", "linux/abcdefghijklmnopqrstuvwxyz1234567"};

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autofree char *escaped = g_strescape(texts[i], NULL);
                Platform *platform = NULL;

                g_test_message("'%s'", escaped);
                g_assert_cmpint(platform_parse(texts[i], &platform), ==, -EINVAL);
                g_assert_null(platform);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/platform/parse", test_parse);
        g_test_add_func("/platform/refused", test_refused);
        return g_test_run();
}
