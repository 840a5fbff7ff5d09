/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "util/platform.h"

/*
 * The platforms that can run on a machine, from what is known of it: its own, with the variants that its processor has;
 * that of its 32-bit programs; and those that handlers of binfmt_misc stand for.
 */

typedef struct PlatformList PlatformList;

typedef struct PlatformFacts {
        const char *machine;   /* as uname(2) calls it */
        unsigned level;        /* of an x86-64 processor, x86_level(); otherwise it says nothing */
        bool runs_sibling;     /* the kernel runs 32-bit programs of the processor, platform_get_sibling() */
        const GArray *foreign; /* Platform, in any order, also twice */
} PlatformFacts;

PlatformList *platform_list_new(const PlatformFacts *facts);
PlatformList *platform_list_free(PlatformList *list);

/* In their normalised spelling, the machine's own first, NULL at the end. It stays the list's. */
const char *const *platform_list_get(const PlatformList *list);

/* The machine's own. */
const Platform *platform_list_get_native(const PlatformList *list);

/* Whether programs for a platform can run. Errors: PlatformNotSupported, with what to do. */
int platform_list_check(const PlatformList *list, const Platform *platform, sd_bus_error *error);

/* The 32-bit platform that a 64-bit one may run as well, as its lists begin it: linux/386 for linux/amd64. Returns
 * whether there is one. */
bool platform_get_sibling(const Platform *native, Platform *ret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlatformList, platform_list_free)
