/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sends a packet of strings (NULL at its end), and waits where the peer does not read.
 * Errors: those of string_message_send(). */
int socket_send(int socket, const char *const *strings);
