/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Of one proxy, at the same time; more wait in the listening socket's queue. */
#define PROXY_CONNECTIONS_MAX 64U

/* Carries each connection to listener over to a new one to agent, which is an O_PATH fd of a socket's file, for ever.
 * Both fds are borrowed. Returns a negative errno where it can't go on. */
int proxy_run(int listener, int agent);
