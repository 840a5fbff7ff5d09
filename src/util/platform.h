/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/*
 * Platforms as OCI images write them: linux/amd64, linux/arm64, linux/arm/v6. The daemon and the parser of images have
 * to mean the same by a word, so both use this.
 *
 * The many spellings of one thing become one, as containerd's normalisation has it (its module "platforms"), which is
 * what other programs write into images: x86_64 is amd64, armhf is arm/v7, arm without a variant is arm/v7, and the
 * usual variant of arm64 (v8) and of amd64 (v1) is not written.
 */

/* With the end of the string. */
#define PLATFORM_PART_MAX 32U

typedef struct Platform {
        char os[PLATFORM_PART_MAX];
        char architecture[PLATFORM_PART_MAX];
        char variant[PLATFORM_PART_MAX]; /* "": the usual one, or the architecture has none */
} Platform;

/* Reads what a caller wants, OS/ARCHITECTURE[/VARIANT]. *ret is normalised. Errors with a sentence: InvalidArgs;
 * PlatformNotSupported for another system than linux. error may be NULL. */
int platform_parse(const char *text, Platform *ret, sd_bus_error *error);

/* What a document of an image says, normalised. Parts may be NULL, or anything: one that can't be a platform's fits
 * nothing. */
void platform_set(Platform *platform, const char *os, const char *architecture, const char *variant);

/* Whether its parts can be those of a platform, and can be written and read again. */
bool platform_is_valid(const Platform *platform);

/* The platform of a machine as uname(2) calls it: x86_64, armv7l. One that has no other name in OCI keeps its own. */
void platform_set_machine(Platform *platform, const char *machine);

/* How well what there is fits what is wanted: 0 not at all, more is better. What is built for a lesser variant (arm/v6)
 * runs on a greater one (arm/v7). */
unsigned platform_fit(const Platform *wanted, const Platform *there);

/* Owned by the caller. */
char *platform_to_text(const Platform *platform);
