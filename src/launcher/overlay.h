/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An overlay: one folder that shows several, the lower ones, and takes writes in a further one, the upper.
 */

/* The kernel's own limit, OVL_MAX_STACK. */
#define OVERLAY_LOWERS_MAX 500U

/* How the lower folders are handed to the kernel. */
typedef enum OverlayWay {
        OVERLAY_ANY,    /* one by one, and where the kernel does not know that, as a list */
        OVERLAY_SINGLY, /* "lowerdir+" of fsconfig(2), Linux 6.5 and later */
        OVERLAY_LISTED, /* as one option of mount(2), which has a page for all of them together */
} OverlayWay;

typedef struct OverlayRequest {
        const char *folder;        /* what lowers are relative to */
        const char *const *lowers; /* the topmost first; no ',' or ':' in them */
        size_t n_lowers;           /* at least one; without upper two */
        const char *upper;         /* absolute, on the same file system as work, without ',' or ':'; NULL: none */
        const char *work;
        const char *stage; /* an empty folder to mount it at meanwhile */
        uint32_t owner;    /* it looks at the lower folders with the eyes of this id of the host */
        OverlayWay way;
} OverlayRequest;

/* Mounts it, as a detached mount, which it returns. Errors: of fsconfig(2) and mount(2); -E2BIG for too many lowers. */
int overlay_open(const OverlayRequest *request);
