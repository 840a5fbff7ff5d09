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

int subscribers_send(Subscribers *subscribers, sd_bus_message *signal, uint32_t owner, const char *creator)
{
        sd_bus *bus = sd_bus_message_get_bus(signal);
        GHashTableIter iterator;
        Subscriber *subscriber;
        int r = 0;

        if (creator)
                r = sd_bus_send_to(bus, signal, creator, NULL);
        g_hash_table_iter_init(&iterator, subscribers->table);
        while (g_hash_table_iter_next(&iterator, NULL, (gpointer *) &subscriber)) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *copy = NULL;
                int k;

                if (g_strcmp0(subscriber->name, creator) == 0 || !visibility_may_see(subscriber->uid, owner))
                        continue;
                /* A sent message is sealed with its destination. */
                k = sd_bus_message_new_signal(bus, &copy, sd_bus_message_get_path(signal),
                                              sd_bus_message_get_interface(signal), sd_bus_message_get_member(signal));
                if (k >= 0)
                        k = sd_bus_message_rewind(signal, true);
                if (k >= 0)
                        k = sd_bus_message_copy(copy, signal, true);
                if (k >= 0)
                        k = sd_bus_send_to(bus, copy, subscriber->name, NULL);
                if (k < 0)
                        r = k;
        }
        return r;
}
