/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/socket-wait.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include "util/string-message.h"

int socket_send(int socket, const char *const *strings)
{
        for (;;) {
                struct pollfd ready = {.fd = socket, .events = POLLOUT};
                int r = string_message_send(socket, strings, NULL, 0);

                if (r != -EAGAIN)
                        return r;
                if (poll(&ready, 1, -1) < 0 && errno != EINTR)
                        return -errno;
        }
}
