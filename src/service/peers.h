/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

/*
 * The connections that call us: whose they are, by the bus's own word, and when they leave. sd-bus has calls for both
 * that wait for the bus; these don't.
 */

typedef struct Peers Peers;
typedef struct PeerWatch PeerWatch;

/* uid is valid where r >= 0; a peer that has left, or whose user the bus does not know, is an error. */
typedef void (*PeerIdentified)(int r, uint32_t uid, void *userdata);
typedef void (*PeerLeft)(void *userdata);

int peers_new(sd_bus *bus, Peers **ret);
Peers *peers_free(Peers *peers);

/* Whether the user of the connection is known already. */
int peers_get_uid(Peers *peers, const char *name, uint32_t *ret_uid);

/* The process of a connection, at the time when it connected; it may be gone, and another may have its number, so no
 * right follows from it. 0 where it is not known. */
pid_t peers_get_pid(Peers *peers, const char *name);

/* Asks the bus for the user of a connection, by its unique name. Several may ask for the same one. */
int peers_identify(Peers *peers, const char *name, PeerIdentified identified, void *userdata);

/* Calls left once, when the connection leaves the bus. It must be one that was identified. Freeing cancels. */
PeerWatch *peers_watch(Peers *peers, const char *name, PeerLeft left, void *userdata);
PeerWatch *peer_watch_free(PeerWatch *watch);
