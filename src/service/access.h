/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "service/authorize.h"
#include "service/peers.h"

/*
 * The one gate that every method call passes before it reaches an object. Behind it the caller's uid is known, the
 * method stands in the authorization table, and the object, where the call names one, is one that the caller may see.
 * So handlers, the find functions of the object tree and the properties that sd-bus serves by itself need no checks of
 * their own.
 */

typedef struct Access Access;

/* Whether there is a container of this owner and name. */
typedef bool (*AccessExists)(uint32_t owner, const char *name, void *userdata);

int access_new(sd_bus *bus, Peers *peers, Authorizer *authorizer, AccessExists exists, void *userdata, Access **ret);
Access *access_free(Access *access);

/* The uid of the sender of the message that is being handled. */
uint32_t access_get_uid(Access *access, sd_bus_message *m);

/* Whether the message that is being handled may see an object of this owner's. */
bool access_may_see(Access *access, uint32_t owner);
