/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "service/peers.h"

/*
 * Who gets the signals of a container: the connection that created it, and subscribers that may see it. A signal goes
 * to each of them by name; nothing is broadcast, since everybody on the bus could read along.
 */

typedef struct Subscribers Subscribers;

Subscribers *subscribers_new(Peers *peers);
Subscribers *subscribers_free(Subscribers *subscribers);

/* Adds the connection of the user with this uid, until it leaves. Errors: -EALREADY. */
int subscribers_add(Subscribers *subscribers, const char *name, uint32_t uid);
/* Errors: -ENOENT. */
int subscribers_remove(Subscribers *subscribers, const char *name);

/* Sends a signal about something of the owner's to creator, which may be NULL, and to those subscribers that are the
 * owner or root. */
int subscribers_send(Subscribers *subscribers, sd_bus_message *signal, uint32_t owner, const char *creator);
