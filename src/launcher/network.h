/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/string-message.h"

/*
 * The namespaces of a network that the runtime is to join. It takes paths, so they are bound to files that only this
 * mount namespace shows them at. A network of pasta's begins with the first process: pasta runs in the container's
 * scope, which the launcher is not in before.
 */

/* join NETWORK-FILE USER-FILE, with fds of the namespaces; USER-FILE is "" where there is one fd only: "ok".
 * Returns 0, or a negative errno where the request is not of this form or the daemon can't be told. */
int network_call_join(StringMessage *message);

/* isolate NETWORK-FILE USER-FILE BASE COUNT USER PASTA…: makes namespaces with those ids, and remembers the program
 * that network_start() is to run as USER, who owns them: "ok". Returns as network_call_join(). */
int network_call_isolate(StringMessage *message);

/* Room for the addresses, each ending with a NUL, as "192.0.2.2/24". */
#define NETWORK_ADDRESSES_SIZE 512U
#define NETWORK_ERROR_SIZE     1024U

/* The addresses of the interface that pasta made, as "192.0.2.2/24": fills addresses with at most n of them, from text,
 * and returns how many there are. */
size_t network_list_addresses(char text[NETWORK_ADDRESSES_SIZE], const char **addresses, size_t n);

/* Starts pasta where one is asked for, and waits until it serves the namespace. On failure, message gets what it said.
 * Errors: -EIO, with message; -ETIMEDOUT; of fork(2). */
int network_start(char message[NETWORK_ERROR_SIZE]);
