/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/subscribers.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "service/visibility.h"
#include "util/cleanup.h"

struct Subscribers {
        Peers *peers;
        GHashTable *table; /* Subscriber by unique name */
};

typedef struct Subscriber {
        Subscribers *subscribers;
        char *name;
        uint32_t uid;
        PeerWatch *watch;
} Subscriber;

static void free_subscriber(gpointer data)
{
        Subscriber *subscriber = data;

        peer_watch_free(subscriber->watch);
        g_free(subscriber->name);
        g_free(subscriber);
}

Subscribers *subscribers_new(Peers *peers)
{
        Subscribers *subscribers = g_new0(Subscribers, 1);

        subscribers->peers = peers;
        subscribers->table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_subscriber);
        return subscribers;
}

Subscribers *subscribers_free(Subscribers *subscribers)
{
        if (!subscribers)
                return NULL;
        g_hash_table_unref(subscribers->table);
        g_free(subscribers);
        return NULL;
}

static void on_left(void *userdata)
{
        Subscriber *subscriber = userdata;

        (void) g_hash_table_remove(subscriber->subscribers->table, subscriber->name);
}

int subscribers_add(Subscribers *subscribers, const char *name, uint32_t uid)
{
        Subscriber *subscriber;

        if (g_hash_table_contains(subscribers->table, name))
                return -EALREADY;
        subscriber = g_new0(Subscriber, 1);
        subscriber->subscribers = subscribers;
        subscriber->name = g_strdup(name);
        subscriber->uid = uid;
        subscriber->watch = peers_watch(subscribers->peers, name, on_left, subscriber);
        g_hash_table_insert(subscribers->table, subscriber->name, subscriber);
        return 0;
}

int subscribers_remove(Subscribers *subscribers, const char *name)
{
        return g_hash_table_remove(subscribers->table, name) ? 0 : -ENOENT;
}

/* A message is sealed with its destination, so each receiver gets one of its own. */
static int send_copy(sd_bus_message *signal, const char *name)
{
        sd_bus *bus = sd_bus_message_get_bus(signal);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *copy = NULL;
        int r;

        r = sd_bus_message_new_signal(bus, &copy, sd_bus_message_get_path(signal), sd_bus_message_get_interface(signal),
                                      sd_bus_message_get_member(signal));
        if (r >= 0)
                r = sd_bus_message_rewind(signal, true);
        if (r >= 0)
                r = sd_bus_message_copy(copy, signal, true);
        if (r >= 0)
                r = sd_bus_send_to(bus, copy, name, NULL);
        return r;
}

int subscribers_send(Subscribers *subscribers, sd_bus_message *signal, uint32_t owner, const char *creator)
{
        GHashTableIter iterator;
        const Subscriber *subscriber;
        int r;

        /* Only a sealed message can be read; this one is never sent, so any cookie will do. */
        r = sd_bus_message_seal(signal, 1, 0);
        if (r >= 0 && creator)
                r = send_copy(signal, creator);
        g_hash_table_iter_init(&iterator, subscribers->table);
        while (r >= 0 && g_hash_table_iter_next(&iterator, NULL, (gpointer *) &subscriber))
                if (g_strcmp0(subscriber->name, creator) != 0 && visibility_may_see(subscriber->uid, owner))
                        r = send_copy(signal, subscriber->name);
        return r;
}
