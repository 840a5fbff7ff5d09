/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "util/string-message.h"

/* What an image may have at most; more is InvalidImage. */
typedef struct Limits {
        uint64_t bytes;   /* of the files' contents, holes not counted */
        uint64_t entries; /* of all its archives */
        uint64_t depth;   /* components of a path */
        uint64_t ratio;   /* of uncompressed to compressed bytes */
} Limits;

/* What the store asks for. */
typedef struct Request {
        StringMessage message;
        const char *platform; /* borrowed from the message */
        Limits limits;
        int target, input; /* borrowed from the message */
} Request;

#define REQUEST_NULL                                                                                                   \
        {                                                                                                              \
                .target = -1, .input = -1                                                                              \
        }

/* Waits for the request. Errors: -EPIPE (the store is gone), -EBADMSG (no request). */
int request_receive(Request *ret);
void request_done(Request *request);
