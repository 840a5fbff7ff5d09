/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * One direction of a connection: what was read from one socket and is not written to the other yet. It holds a bounded
 * amount, and reads no more until that is gone, so that a slow reader slows its writer down.
 */

#define STREAM_SIZE 65536U

typedef struct Stream {
        char *bytes; /* STREAM_SIZE of them, from the first read on */
        size_t begin;
        size_t end;
        bool ended; /* nothing more comes from the one side */
        bool done;  /* and nothing more can go to the other */
} Stream;

bool stream_wants_input(const Stream *stream);
bool stream_wants_output(const Stream *stream);

/* Reads once and writes once, as far as both can be done at once. The end of what comes is handed on as the end of what
 * goes (shutdown(2)), and a reader that is gone as one to whoever writes. Returns whether anything has moved. */
bool stream_pump(Stream *stream, int from, int to);

/* The reader is gone: what it did not get is thrown away, and from's writer is told. */
void stream_give_up(Stream *stream, int from);

void stream_free(Stream *stream);
