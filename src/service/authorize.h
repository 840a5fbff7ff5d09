/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "service/peers.h"

/*
 * Questions to polkit, asked over the bus without waiting. The subject is the sender's unique name, as the bus gave it,
 * never a pid or uid that somebody passed. Any failure is a refusal: polkit not there, gone in the middle, an answer
 * that can't be read, the caller gone.
 */

typedef struct Authorizer Authorizer;

/* allowed: 1, or a negative errno with error set. Where the caller has left meanwhile it is not called at all, but
 * forget is, in every case and last. */
typedef void (*Authorized)(int allowed, sd_bus_error *error, void *userdata);
typedef void (*AuthorizeForget)(void *userdata);

typedef struct AuthorizeRequest {
        const char *const *actions; /* all of them must be granted; NULL at the end */
        const char *const *details; /* name, value, …, NULL: what polkit shows and its rules see */
        /* The sentence for people of each action, with $(name) of details; NULL: the actions' own. */
        const char *const *messages;
        Authorized authorized;
        AuthorizeForget forget;
        void *userdata;
} AuthorizeRequest;

int authorizer_new(sd_bus *bus, Peers *peers, Authorizer **ret);
Authorizer *authorizer_free(Authorizer *authorizer);

/* Asks for the sender of m, whose user is uid. authorized may be called before this returns: for root, who is neither
 * asked nor refused. Actions that the table has no right for in this method are refused. */
void authorize(Authorizer *authorizer, sd_bus_message *m, uint32_t uid, const AuthorizeRequest *request);
