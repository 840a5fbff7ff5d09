/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/store-link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "unpack/socket-wait.h"
#include "util/cleanup.h"
#include "util/string-message.h"

int store_link_send_strings(const char *const *strings)
{
        return socket_send(STORE_LINK_FD, strings);
}

void store_link_send_progress(unsigned long long done, unsigned long long total)
{
        char numbers[2][24];

        (void) snprintf(numbers[0], sizeof(numbers[0]), "%llu", done);
        (void) snprintf(numbers[1], sizeof(numbers[1]), "%llu", total);
        (void) string_message_send(STORE_LINK_FD, (const char *const[]){"progress", numbers[0], numbers[1], NULL}, NULL,
                                   0);
}

/* Waits for one of two words; `second` may be NULL. Returns 0 for the first, 1 for the second. */
static int wait_word(const char *first, const char *second)
{
        _cleanup_(string_message_done) StringMessage message = {};
        int r = string_message_receive(STORE_LINK_FD, 0, &message);

        if (r <= 0)
                return r < 0 ? r : -EPIPE;
        if (message.n_strings != 1 || message.n_fds != 0)
                return -EBADMSG;
        if (strcmp(message.strings[0], first) == 0)
                return 0;
        return second && strcmp(message.strings[0], second) == 0 ? 1 : -EBADMSG;
}

int store_link_wait_go(void)
{
        int r = store_link_send("ready");

        return r < 0 ? r : wait_word("go", NULL);
}

int store_link_ask_layer(size_t index, const char *diff_id)
{
        char number[24];
        int r;

        (void) snprintf(number, sizeof(number), "%zu", index);
        r = store_link_send("layer", number, diff_id);
        return r < 0 ? r : wait_word("skip", "unpack");
}
