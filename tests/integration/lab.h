/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A small internet for tests of networks: this machine (the throw-away system) has an address on a wire, at whose other
 * end a namespace of its own plays the world outside.
 */

#define LAB_ADDRESS         "192.0.2.2" /* this machine's, on the wire */
#define LAB_OUTSIDE_ADDRESS "192.0.2.1" /* the other end's, by which the default route leads */
#define LAB_NETNS_PATH      "/run/netns/lab"
/* HTTP servers, whose file /name says "outside" and "loopback": at the other end, and on this machine alone. */
#define LAB_OUTSIDE  LAB_OUTSIDE_ADDRESS " 9000"
#define LAB_LOOPBACK "127.0.0.1 7777"

void lab_new(void);
void lab_free(void);

/* The standard output of a shell command that runs at the other end. */
char *lab_outside(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Waits until somebody listens on this port; netns: "" for this machine. */
void lab_wait_listening(const char *netns, unsigned port);
