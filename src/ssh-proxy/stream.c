/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ssh-proxy/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>

bool stream_wants_input(const Stream *stream)
{
        return !stream->ended && !stream->done && stream->end < STREAM_SIZE;
}

bool stream_wants_output(const Stream *stream)
{
        return !stream->done && stream->begin < stream->end;
}

void stream_give_up(Stream *stream, int from)
{
        if (stream->done)
                return;
        stream->done = true;
        stream->begin = stream->end = 0;
        (void) shutdown(from, SHUT_RD);
}

static bool is_later(int error)
{
        return error == EAGAIN || error == EINTR;
}

static bool take(Stream *stream, int from)
{
        ssize_t n;

        if (!stream->bytes)
                stream->bytes = malloc(STREAM_SIZE);
        if (!stream->bytes) {
                stream->ended = true;
                return false;
        }
        n = recv(from, stream->bytes + stream->end, STREAM_SIZE - stream->end, MSG_DONTWAIT);
        if (n > 0)
                stream->end += (size_t) n;
        else if (n == 0 || !is_later(errno))
                stream->ended = true;
        return n > 0;
}

static bool give(Stream *stream, int from, int to)
{
        ssize_t n = send(to, stream->bytes + stream->begin, stream->end - stream->begin, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0) {
                if (!is_later(errno))
                        stream_give_up(stream, from);
                return false;
        }
        stream->begin += (size_t) n;
        if (stream->begin == stream->end)
                stream->begin = stream->end = 0;
        return n > 0;
}

bool stream_pump(Stream *stream, int from, int to)
{
        bool moved = false;

        if (stream_wants_input(stream))
                moved |= take(stream, from);
        if (stream_wants_output(stream))
                moved |= give(stream, from, to);
        if (stream->ended && !stream->done && stream->begin == stream->end) {
                stream->done = true;
                (void) shutdown(to, SHUT_WR);
        }
        return moved;
}

void stream_free(Stream *stream)
{
        free(stream->bytes);
        *stream = (Stream){};
}
