/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/*
 * Platforms as OCI images write them: linux/amd64, linux/arm64/v8, linux/arm/v6.
 */

#define PLATFORM_PART_MAX 32U

typedef struct Platform {
        char os[PLATFORM_PART_MAX];
        char architecture[PLATFORM_PART_MAX];
        char variant[PLATFORM_PART_MAX]; /* "": the usual one */
} Platform;

/* Parts may be NULL, and are cut where they are too long: then they fit nothing. */
void platform_set(Platform *platform, const char *os, const char *architecture, const char *variant);

/* What a caller wants; this machine's where text is "". Errors with a sentence: InvalidArgs. */
int platform_parse(const char *text, Platform *ret, sd_bus_error *error);

/* How well what there is fits what is wanted: 0 not at all, more is better. What is built for a lesser variant (arm/v6)
 * runs on a greater one (arm/v7). */
unsigned platform_fit(const Platform *wanted, const Platform *there);

/* Owned by the caller. */
char *platform_text(const Platform *platform);
