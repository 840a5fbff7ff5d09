/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Platforms as the OCI image specification spells them: "linux/amd64", "linux/arm/v7". What runs here is Linux, so the
 * first part is always that.
 */

typedef struct Platform {
        char *architecture;
        char *variant; /* NULL where none is given */
} Platform;

/* Errors: -EINVAL. */
int platform_parse(const char *text, Platform **ret);
Platform *platform_free(Platform *platform);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Platform, platform_free)
