/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Messages between the daemon and its launcher: a list of strings, with file descriptors, as one packet of a
 * SOCK_SEQPACKET socket. Free of GLib, since the launcher has to start fast.
 */

#include <stddef.h>

#define STRING_MESSAGE_STRINGS_MAX 128U
#define STRING_MESSAGE_BYTES_MAX   65536U
/* The kernel's SCM_MAX_FD is 253. */
#define STRING_MESSAGE_FDS_MAX 128U

typedef struct StringMessage {
        char *bytes;
        const char *strings[STRING_MESSAGE_STRINGS_MAX + 1]; /* NULL at the end */
        size_t n_strings;
        int fds[STRING_MESSAGE_FDS_MAX]; /* owned; -1 where stolen */
        size_t n_fds;
} StringMessage;

/* Sends strings (NULL at its end) and copies of the fds; the caller keeps its own. Does not block.
 * Errors: -E2BIG (too long), -EAGAIN (the peer does not read), -EPIPE (it is gone). */
int string_message_send(int socket, const char *const *strings, const int *fds, size_t n_fds);

/* Receives one packet. flags: as of recvmsg(2), MSG_DONTWAIT for instance. Fds come with CLOEXEC.
 * Returns 1, or 0 at the end of the stream. Errors: -EAGAIN, -EBADMSG (no packet of this form). */
int string_message_receive(int socket, int flags, StringMessage *ret);

/* Frees the strings and closes the fds that were not stolen. */
void string_message_done(StringMessage *message);
