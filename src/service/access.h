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

/* What a path names: an object of some kind, there or not. */
typedef struct AccessObject {
        const char *kind;      /* for people and polkit: "container" */
        const char *interface; /* its own */
        const char *missing;   /* the error for one that is not there */
        char *name;            /* freed by g_free() */
        uint32_t owner;
        bool exists;
} AccessObject;

/* Returns 1 where path names an object that has an owner, 0 for all other paths. */
typedef int (*AccessLookUp)(const char *path, AccessObject *ret, void *userdata);

int access_new(sd_bus *bus, Peers *peers, Authorizer *authorizer, AccessLookUp look_up, void *userdata, Access **ret);
Access *access_free(Access *access);

/* The uid of the sender of the message that is being handled. */
uint32_t access_get_uid(Access *access, sd_bus_message *m);

/* Whether the message that is being handled may see an object of this owner's. */
bool access_may_see(Access *access, uint32_t owner);
