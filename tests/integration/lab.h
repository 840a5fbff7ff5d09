/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A small internet for tests of networks: this machine (the throw-away system) has an address on a wire, at whose other
 * end a namespace of its own plays the world outside.
 */

#define LAB_ADDRESS         "192.0.2.2" /* this machine's, on the wire */
#define LAB_OUTSIDE_ADDRESS "192.0.2.1" /* the other end's, by which the default route leads */
/* What the file /name of an HTTP server says: outside:9000 is at the other end, and loopback:7777 on 127.0.0.1 of this
 * machine. */
#define LAB_OUTSIDE_URL  "http://" LAB_OUTSIDE_ADDRESS ":9000/name"
#define LAB_LOOPBACK_URL "http://127.0.0.1:7777/name"

void lab_new(void);
void lab_free(void);

/* A shell command at the other end of the wire; returns its exit status. */
int lab_outside(const char *command);

/* Waits until somebody listens on this port; netns: "" for this machine. */
void lab_wait_listening(const char *netns, unsigned port);
