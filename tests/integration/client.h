/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

/* How long a test waits for anything at all before it says so and fails. */
#define DEADLINE_SECONDS 20

#define GANGWAY_NAME           "org.gangway1"
#define GANGWAY_PATH           "/org/gangway1"
#define GANGWAY_CONTAINER_PATH "/org/gangway1/container/"
#define GANGWAY_OPERATION_PATH "/org/gangway1/operation/"

#define ERROR_INVALID_ARGS      "org.freedesktop.DBus.Error.InvalidArgs"
#define ERROR_NOT_SUPPORTED     "org.freedesktop.DBus.Error.NotSupported"
#define ERROR_ACCESS_DENIED     "org.freedesktop.DBus.Error.AccessDenied"
#define ERROR_LIMITS_EXCEEDED   "org.freedesktop.DBus.Error.LimitsExceeded"
#define ERROR_INTERACTIVE       "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
#define ERROR_UNKNOWN_OBJECT    "org.freedesktop.DBus.Error.UnknownObject"
#define ERROR_GANGWAY(name)     "org.gangway1.Error." name
#define ERROR_NO_SUCH_CONTAINER ERROR_GANGWAY("NoSuchContainer")

/* A connection to the system bus as one user. */
typedef struct Client Client;

/* An answer to a call: `error` is NULL where it succeeded. `position` is the answer's place among all messages that
 * this connection received, so that two of them can be put in order. */
typedef struct Reply {
        GVariant *body;
        GUnixFDList *fds;
        char *error;
        char *message;
        guint position;
} Reply;

Client *client_new(const char *user);
void client_free(Client *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

uid_t client_uid(Client *client);
gid_t client_gid(Client *client);
const char *client_unique_name(Client *client);

/* Opens a path with the rights of the client's user. */
int client_open(Client *client, const char *path, int flags);

guint32 client_send_to(Client *client, const char *destination, const char *path, const char *interface,
                       const char *member, GVariant *args, GUnixFDList *fds, GDBusMessageFlags flags);
/* To the manager, a container or an operation, by the path. */
guint32 client_send(Client *client, const char *path, const char *member, GVariant *args);
Reply *client_receive(Client *client, guint32 serial);
gboolean client_has_reply(Client *client, guint32 serial);
void reply_free(Reply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reply, reply_free)

/* These two fail the test where the call does not do as their name says; the second returns the error's message. */
GVariant *client_call(Client *client, const char *path, const char *member, GVariant *args);
char *client_call_fails(Client *client, const char *path, const char *member, GVariant *args, const char *error);
Reply *client_try(Client *client, const char *path, const char *member, GVariant *args);
GVariant *client_property(Client *client, const char *path, const char *name);
char *client_property_string(Client *client, const char *path, const char *name);

/* Any call to another service that must succeed. */
GVariant *client_call_to(Client *client, const char *destination, const char *path, const char *interface,
                         const char *member, GVariant *args);

/* A signal, or a call from outside, by its path, member and first string argument; NULL stands for any. */
GDBusMessage *client_wait_message(Client *client, GDBusMessageType type, const char *path, const char *member,
                                  const char *first_argument, guint *ret_position);
GVariant *client_wait_signal(Client *client, const char *path, const char *member, const char *first_argument,
                             guint *ret_position);
/* Answers a call from outside (with nothing: "done"): the first one that came. */
void client_answer(Client *client, const char *path, const char *member);
guint client_count_messages(Client *client, GDBusMessageType type, const char *path, const char *member,
                            const char *first_argument);
guint client_count_signals(Client *client, const char *path, const char *member, const char *first_argument);

/* Everything that gangway sent to this client so far is counted after this call. */
void client_barrier(Client *client);
