/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/bus.h"

/* org.gangway1.Operation: dbus-interfaces/org.gangway1.Operation.xml. */

/* What the bus side keeps of an operation. */
typedef struct OperationBus {
        Bus *bus;
        Operation *operation;
        char *path;
        char *creator; /* its connection, NULL once it has left */
        PeerWatch *creator_watch;
} OperationBus;

extern const sd_bus_vtable operation_bus_vtable[];
int operation_bus_find(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret_found,
                       sd_bus_error *error);
int operation_bus_enumerate(sd_bus *b, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *error);

OperationBus *operation_bus_free(OperationBus *shown);

/* Takes up an operation for the call m, answers with its path, and only then starts it: so the path always comes before
 * a signal of it. The request's work is taken over. Where it can't be taken up the call is answered with the error. */
void operation_bus_start(Bus *bus, sd_bus_message *m, const OperationRequest *request);

/* Does the same as a hidden operation: the call is answered when it has finished, by what `reply` sends or with the
 * error. reply NULL: an empty answer. */
typedef int (*OperationReply)(sd_bus_message *m, const Operation *operation);
void operation_bus_start_hidden(Bus *bus, sd_bus_message *m, const OperationRequest *request, OperationReply reply);

/* Answers a call with an operation's result as a{sv}. */
int operation_bus_reply_result(sd_bus_message *m, const Operation *operation);

/* Of the operations' listener; userdata is the Bus. */
void operation_bus_changed(Operation *operation, const char *const *properties, void *userdata);
void operation_bus_finished(Operation *operation, void *userdata);
void operation_bus_removed(Operation *operation, void *userdata);
