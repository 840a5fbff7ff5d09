/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/request.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "unpack/store-link.h"
#include "util/cleanup.h"

static bool parse_number(const char *text, uint64_t *ret)
{
        return g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT64, ret, NULL);
}

int request_receive(Request *ret)
{
        _cleanup_(string_message_done) StringMessage message = {};
        Request request = REQUEST_NULL;
        int r;

        r = string_message_receive(STORE_LINK_FD, 0, &message);
        if (r <= 0)
                return r < 0 ? r : -EPIPE;
        if (message.n_strings != 6 || message.n_fds != 2 || strcmp(message.strings[0], "unpack") != 0)
                return -EBADMSG;
        if (!parse_number(message.strings[2], &request.limits.bytes) ||
            !parse_number(message.strings[3], &request.limits.entries) ||
            !parse_number(message.strings[4], &request.limits.depth) ||
            !parse_number(message.strings[5], &request.limits.ratio))
                return -EBADMSG;

        request.platform = message.strings[1];
        request.target = message.fds[0];
        request.input = message.fds[1];
        request.message = message;
        message = (StringMessage){};
        *ret = request;
        return 0;
}

void request_done(Request *request)
{
        string_message_done(&request->message);
        *request = (Request) REQUEST_NULL;
}
