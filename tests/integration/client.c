/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection to the system bus that remembers every message it received, in the order in which they came. The tests
 * have to see that order (a process's exit must never come before the reply that named the process), and GLib's own
 * calls and signal subscriptions hand replies and signals out by different ways. So a filter, which runs in the order
 * of arrival, writes the log, and every wait here is a wait for an entry of that log, with a bound.
 */
#include "client.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

struct Client {
        GDBusConnection *bus;
        uid_t uid;
        gid_t gid;
        char *user;
        guint filter;
        GMutex lock;
        GCond arrived;
        GPtrArray *log; /* of GDBusMessage */
};

typedef gboolean (*MessageMatch)(GDBusMessage *message, gconstpointer data);

static GDBusMessage *on_message(GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer data)
{
        Client *client = data;

        if (!incoming)
                return message;

        g_mutex_lock(&client->lock);
        g_ptr_array_add(client->log, g_object_ref(message));
        g_cond_broadcast(&client->arrived);
        g_mutex_unlock(&client->lock);

        /* A call from outside (polkit asking its agent) is for the test to answer, or to leave unanswered. */
        if (g_dbus_message_get_message_type(message) == G_DBUS_MESSAGE_TYPE_METHOD_CALL)
                g_clear_object(&message);
        return message;
}

/* The bus and polkit take the user from the socket, GLib sends the real uid: so both ids change, and the saved ones
 * stay root's, to come back by. */
static void become(Client *client)
{
        if (client->uid == 0)
                return;
        g_assert_no_errno(initgroups(client->user, client->gid));
        g_assert_no_errno(setresgid(client->gid, client->gid, 0));
        g_assert_no_errno(setresuid(client->uid, client->uid, 0));
}

static void come_back(Client *client)
{
        if (client->uid == 0)
                return;
        g_assert_no_errno(setresuid(0, 0, 0));
        g_assert_no_errno(setresgid(0, 0, 0));
        g_assert_no_errno(setgroups(0, NULL));
}

Client *client_new(const char *user)
{
        g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
        g_autoptr(GError) error = NULL;
        Client *client = g_new0(Client, 1);

        client->user = g_strdup(user ?: "root");
        struct passwd *entry = getpwnam(client->user);
        if (!entry)
                g_error("there is no user %s in this system", client->user);
        client->uid = entry->pw_uid;
        client->gid = entry->pw_gid;
        client->log = g_ptr_array_new_with_free_func(g_object_unref);
        g_mutex_init(&client->lock);
        g_cond_init(&client->arrived);

        become(client);
        client->bus = g_dbus_connection_new_for_address_sync(
                address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                NULL, NULL, &error);
        come_back(client);
        g_assert_no_error(error);

        client->filter = g_dbus_connection_add_filter(client->bus, on_message, client, NULL);

        /* What is sent to this connection alone needs no rule. The rule is for what must not come: a signal that the
         * daemon sends to everybody. */
        g_autoptr(GVariant) ok =
                client_call_to(client, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                               "AddMatch", g_variant_new("(s)", "type='signal',sender='" GANGWAY_NAME "'"));
        return client;
}

void client_free(Client *client)
{
        if (!client)
                return;
        g_dbus_connection_close_sync(client->bus, NULL, NULL);
        g_dbus_connection_remove_filter(client->bus, client->filter);
        g_object_unref(client->bus);
        g_ptr_array_unref(client->log);
        g_mutex_clear(&client->lock);
        g_cond_clear(&client->arrived);
        g_free(client->user);
        g_free(client);
}

uid_t client_uid(Client *client)
{
        return client->uid;
}

gid_t client_gid(Client *client)
{
        return client->gid;
}

const char *client_unique_name(Client *client)
{
        return g_dbus_connection_get_unique_name(client->bus);
}

int client_open(Client *client, const char *path, int flags)
{
        become(client);
        int fd = open(path, flags | O_CLOEXEC);
        come_back(client);
        if (fd < 0)
                g_error("%s can't open %s: %s", client->user, path, g_strerror(errno));
        return fd;
}

guint32 client_send_to(Client *client, const char *destination, const char *path, const char *interface,
                       const char *member, GVariant *args, GUnixFDList *fds, GDBusMessageFlags flags)
{
        g_autoptr(GDBusMessage) message = g_dbus_message_new_method_call(destination, path, interface, member);
        g_autoptr(GError) error = NULL;
        guint32 serial = 0;

        if (args)
                g_dbus_message_set_body(message, args);
        if (fds)
                g_dbus_message_set_unix_fd_list(message, fds);
        g_dbus_message_set_flags(message, flags);
        g_dbus_connection_send_message(client->bus, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, &serial, &error);
        g_assert_no_error(error);
        return serial;
}

static const char *interface_of(const char *path)
{
        return g_str_has_prefix(path, GANGWAY_CONTAINER_PATH)   ? "org.gangway1.Container"
               : g_str_has_prefix(path, GANGWAY_OPERATION_PATH) ? "org.gangway1.Operation"
                                                                : "org.gangway1.Manager";
}

guint32 client_send(Client *client, const char *path, const char *member, GVariant *args)
{
        return client_send_to(client, GANGWAY_NAME, path, interface_of(path), member, args, NULL,
                              G_DBUS_MESSAGE_FLAGS_NONE);
}

/* Waits for the first message of the log that matches; NULL once the time is over. */
static GDBusMessage *wait_for(Client *client, MessageMatch match, gconstpointer data, gint64 deadline,
                              guint *ret_position)
{
        GDBusMessage *found = NULL;
        gboolean late = FALSE;
        guint next = 0;

        g_mutex_lock(&client->lock);
        while (!found && !late) {
                for (; next < client->log->len && !found; next++)
                        if (match(client->log->pdata[next], data))
                                found = g_object_ref(client->log->pdata[next]);
                if (!found)
                        late = !g_cond_wait_until(&client->arrived, &client->lock, deadline);
        }
        g_mutex_unlock(&client->lock);
        if (found && ret_position)
                *ret_position = next - 1;
        return found;
}

static gboolean is_reply(GDBusMessage *message, gconstpointer data)
{
        GDBusMessageType type = g_dbus_message_get_message_type(message);

        return (type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR) &&
               g_dbus_message_get_reply_serial(message) == GPOINTER_TO_UINT(data);
}

static gint64 deadline(void)
{
        return g_get_monotonic_time() + DEADLINE_SECONDS * G_TIME_SPAN_SECOND;
}

Reply *client_receive(Client *client, guint32 serial)
{
        Reply *reply = g_new0(Reply, 1);
        g_autoptr(GDBusMessage) message =
                wait_for(client, is_reply, GUINT_TO_POINTER(serial), deadline(), &reply->position);

        if (!message)
                g_error("no answer to call %u of %s within %d s", serial, client->user, DEADLINE_SECONDS);
        reply->body = g_dbus_message_get_body(message);
        reply->body = reply->body ? g_variant_ref(reply->body) : g_variant_ref_sink(g_variant_new("()"));
        /* The log must not hold the fds open: that of a terminal's master would keep the terminal up. */
        GUnixFDList *logged = g_dbus_message_get_unix_fd_list(message);
        if (logged) {
                int n_fds;
                g_autofree int *fds = g_unix_fd_list_steal_fds(logged, &n_fds);
                reply->fds = g_unix_fd_list_new_from_array(fds, n_fds);
        }
        if (g_dbus_message_get_message_type(message) == G_DBUS_MESSAGE_TYPE_ERROR) {
                reply->error = g_strdup(g_dbus_message_get_error_name(message));
                reply->message = g_strdup("");
                if (g_variant_is_of_type(reply->body, G_VARIANT_TYPE("(s)"))) {
                        g_free(reply->message);
                        g_variant_get(reply->body, "(s)", &reply->message);
                }
        }
        return reply;
}

gboolean client_has_reply(Client *client, guint32 serial)
{
        g_autoptr(GDBusMessage) message = wait_for(client, is_reply, GUINT_TO_POINTER(serial), 0, NULL);
        return message != NULL;
}

void reply_free(Reply *reply)
{
        if (!reply)
                return;
        g_variant_unref(reply->body);
        g_clear_object(&reply->fds);
        g_free(reply->error);
        g_free(reply->message);
        g_free(reply);
}

Reply *client_try(Client *client, const char *path, const char *member, GVariant *args)
{
        return client_receive(client, client_send(client, path, member, args));
}

GVariant *client_call(Client *client, const char *path, const char *member, GVariant *args)
{
        g_autoptr(Reply) reply = client_try(client, path, member, args);

        if (reply->error)
                g_error("%s by %s: %s: %s", member, client->user, reply->error, reply->message);
        return g_variant_ref(reply->body);
}

char *client_call_fails(Client *client, const char *path, const char *member, GVariant *args, const char *error)
{
        g_autoptr(Reply) reply = client_try(client, path, member, args);

        g_assert_cmpstr(reply->error, ==, error);
        return g_strdup(reply->message);
}

GVariant *client_call_to(Client *client, const char *destination, const char *path, const char *interface,
                         const char *member, GVariant *args)
{
        g_autoptr(Reply) reply = client_receive(client, client_send_to(client, destination, path, interface, member,
                                                                       args, NULL, G_DBUS_MESSAGE_FLAGS_NONE));
        if (reply->error)
                g_error("%s of %s by %s: %s: %s", member, destination, client->user, reply->error, reply->message);
        return g_variant_ref(reply->body);
}

GVariant *client_property(Client *client, const char *path, const char *name)
{
        g_autoptr(GVariant) body = client_call_to(client, GANGWAY_NAME, path, "org.freedesktop.DBus.Properties", "Get",
                                                  g_variant_new("(ss)", interface_of(path), name));
        GVariant *value = NULL;

        g_variant_get(body, "(v)", &value);
        return value;
}

char *client_property_string(Client *client, const char *path, const char *name)
{
        g_autoptr(GVariant) value = client_property(client, path, name);
        return g_variant_dup_string(value, NULL);
}

typedef struct Pattern {
        GDBusMessageType type;
        const char *path, *member, *first_argument;
} Pattern;

static gboolean is_like(GDBusMessage *message, gconstpointer data)
{
        const Pattern *pattern = data;
        const char *argument = g_dbus_message_get_arg0(message);

        return g_dbus_message_get_message_type(message) == pattern->type &&
               (!pattern->path || g_strcmp0(g_dbus_message_get_path(message), pattern->path) == 0) &&
               (!pattern->member || g_strcmp0(g_dbus_message_get_member(message), pattern->member) == 0) &&
               (!pattern->first_argument || g_strcmp0(argument, pattern->first_argument) == 0);
}

GDBusMessage *client_wait_message(Client *client, GDBusMessageType type, const char *path, const char *member,
                                  const char *first_argument, guint *ret_position)
{
        Pattern pattern = {type, path, member, first_argument};
        GDBusMessage *message = wait_for(client, is_like, &pattern, deadline(), ret_position);

        if (!message)
                g_error("no %s(%s) from %s came to %s within %d s", member, first_argument ?: "", path ?: "anywhere",
                        client->user, DEADLINE_SECONDS);
        return message;
}

GVariant *client_wait_signal(Client *client, const char *path, const char *member, const char *first_argument,
                             guint *ret_position)
{
        g_autoptr(GDBusMessage) message =
                client_wait_message(client, G_DBUS_MESSAGE_TYPE_SIGNAL, path, member, first_argument, ret_position);
        return g_variant_ref(g_dbus_message_get_body(message));
}

guint client_count_messages(Client *client, GDBusMessageType type, const char *path, const char *member,
                            const char *first_argument)
{
        Pattern pattern = {type, path, member, first_argument};
        guint count = 0;

        g_mutex_lock(&client->lock);
        for (guint i = 0; i < client->log->len; i++)
                count += is_like(client->log->pdata[i], &pattern);
        g_mutex_unlock(&client->lock);
        return count;
}

guint client_count_signals(Client *client, const char *path, const char *member, const char *first_argument)
{
        return client_count_messages(client, G_DBUS_MESSAGE_TYPE_SIGNAL, path, member, first_argument);
}

void client_answer(Client *client, const char *path, const char *member)
{
        g_autoptr(GDBusMessage) call =
                client_wait_message(client, G_DBUS_MESSAGE_TYPE_METHOD_CALL, path, member, NULL, NULL);
        g_autoptr(GDBusMessage) reply = g_dbus_message_new_method_reply(call);
        g_autoptr(GError) error = NULL;

        g_dbus_connection_send_message(client->bus, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, &error);
        g_assert_no_error(error);
}

void client_barrier(Client *client)
{
        g_autoptr(GVariant) body = client_call(client, GANGWAY_PATH, "ListContainers", NULL);
}
