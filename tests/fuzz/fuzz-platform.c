/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib.h>

#include "fuzz.h"
#include "util/cleanup.h"
#include "util/platform.h"

/* What was taken is written in one way, which is taken as the same. */
static void look_at(const Platform *platform)
{
        g_autofree char *once = platform_to_text(platform), *twice = NULL;
        Platform again;

        g_assert_true(platform_is_valid(platform));
        g_assert_cmpuint(platform_fit(platform, platform), >, 0);
        g_assert_cmpint(platform_parse(once, &again, NULL), ==, 0);
        twice = platform_to_text(&again);
        g_assert_cmpstr(once, ==, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *text = g_strndup((const char *) data, size);
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Platform platform;

        if (platform_parse(text, &platform, &error) < 0)
                g_assert_true(g_utf8_validate(error.message, -1, NULL));
        else
                look_at(&platform);
        return 0;
}
