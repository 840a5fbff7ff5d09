/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/peers.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

typedef struct Peer {
        Peers *peers;
        char *name;
        bool known;
        uint32_t uid;
        uint32_t pid;
        sd_bus_slot *query;
        GQueue questions; /* Question, in order */
        GList *watches;
} Peer;

typedef struct Question {
        PeerIdentified identified;
        void *userdata;
} Question;

struct Peers {
        sd_bus *bus;
        sd_bus_slot *left;
        GHashTable *table; /* Peer by unique name */
};

struct PeerWatch {
        Peer *peer; /* NULL once it has left */
        PeerLeft left;
        void *userdata;
};

static void free_peer(gpointer data)
{
        Peer *peer = data;

        sd_bus_slot_unref(peer->query);
        g_queue_clear_full(&peer->questions, g_free);
        for (GList *l = peer->watches; l; l = l->next)
                ((PeerWatch *) l->data)->peer = NULL;
        g_list_free(peer->watches);
        g_free(peer->name);
        g_free(peer);
}

static void answer_questions(Peer *peer, int r, uint32_t uid)
{
        GQueue questions = peer->questions;
        Question *question;

        g_queue_init(&peer->questions);
        while ((question = g_queue_pop_head(&questions))) {
                question->identified(r, uid, question->userdata);
                g_free(question);
        }
}

/* Each watch is called once; one that a callback frees meanwhile is no longer in the list. */
static void peer_left(Peer *peer)
{
        while (peer->watches) {
                PeerWatch *watch = peer->watches->data;

                peer->watches = g_list_delete_link(peer->watches, peer->watches);
                watch->peer = NULL;
                watch->left(watch->userdata);
        }
        (void) g_hash_table_remove(peer->peers->table, peer->name);
}

static int on_name_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Peers *peers = userdata;
        const char *name, *new_owner;
        Peer *peer;

        if (sd_bus_message_read(m, "sss", &name, NULL, &new_owner) < 0 || *new_owner)
                return 0;
        peer = g_hash_table_lookup(peers->table, name);
        /* One that is still being asked about gets its answer from that question. */
        if (peer && peer->known)
                peer_left(peer);
        return 0;
}

int peers_new(sd_bus *bus, Peers **ret)
{
        Peers *peers = g_new0(Peers, 1);
        int r;

        peers->bus = sd_bus_ref(bus);
        peers->table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_peer);
        r = sd_bus_add_match_async(bus, &peers->left,
                                   "type='signal',sender='" BUS_NAME "',path='" BUS_PATH "',interface='" BUS_NAME "',"
                                   "member='NameOwnerChanged',arg2=''",
                                   on_name_owner_changed, NULL, peers);
        if (r < 0) {
                peers_free(peers);
                return r;
        }
        *ret = peers;
        return 0;
}

Peers *peers_free(Peers *peers)
{
        if (!peers)
                return NULL;
        sd_bus_slot_unref(peers->left);
        g_hash_table_unref(peers->table);
        sd_bus_unref(peers->bus);
        g_free(peers);
        return NULL;
}

int peers_get_uid(Peers *peers, const char *name, uint32_t *ret_uid)
{
        Peer *peer = g_hash_table_lookup(peers->table, name);

        if (!peer || !peer->known)
                return -ENODATA;
        *ret_uid = peer->uid;
        return 0;
}

pid_t peers_get_pid(Peers *peers, const char *name)
{
        const Peer *peer = g_hash_table_lookup(peers->table, name);

        return peer ? (pid_t) peer->pid : 0;
}

/* The a{sv} of GetConnectionCredentials, D-Bus specification: other keys are of no interest here. */
static int read_credentials(sd_bus_message *m, Peer *peer)
{
        bool has_uid = false;
        const char *key;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r < 0)
                        return r;
                if (strcmp(key, "UnixUserID") == 0) {
                        r = sd_bus_message_read(m, "v", "u", &peer->uid);
                        has_uid = r >= 0;
                } else if (strcmp(key, "ProcessID") == 0) {
                        r = sd_bus_message_read(m, "v", "u", &peer->pid);
                } else {
                        r = sd_bus_message_skip(m, "v");
                }
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : has_uid ? 0 : -ENODATA;
}

static int on_credentials(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Peer *peer = userdata;
        Peers *peers = peer->peers;
        int r;

        peer->query = sd_bus_slot_unref(peer->query);
        r = -sd_bus_message_get_errno(m);
        if (r >= 0)
                r = read_credentials(m, peer);
        peer->known = r >= 0;
        answer_questions(peer, r, peer->uid);
        if (r < 0)
                (void) g_hash_table_remove(peers->table, peer->name);
        return 0;
}

int peers_identify(Peers *peers, const char *name, PeerIdentified identified, void *userdata)
{
        Peer *peer = g_hash_table_lookup(peers->table, name);
        Question *question;
        int r;

        if (!peer) {
                peer = g_new0(Peer, 1);
                peer->peers = peers;
                peer->name = g_strdup(name);
                g_queue_init(&peer->questions);
                g_hash_table_insert(peers->table, peer->name, peer);
                r = sd_bus_call_method_async(peers->bus, &peer->query, BUS_NAME, BUS_PATH, BUS_NAME,
                                             "GetConnectionCredentials", on_credentials, peer, "s", name);
                if (r < 0) {
                        (void) g_hash_table_remove(peers->table, name);
                        return r;
                }
        }

        question = g_new0(Question, 1);
        question->identified = identified;
        question->userdata = userdata;
        g_queue_push_tail(&peer->questions, question);
        return 0;
}

PeerWatch *peers_watch(Peers *peers, const char *name, PeerLeft left, void *userdata)
{
        Peer *peer = g_hash_table_lookup(peers->table, name);
        PeerWatch *watch = g_new0(PeerWatch, 1);

        watch->peer = peer;
        watch->left = left;
        watch->userdata = userdata;
        if (peer)
                peer->watches = g_list_prepend(peer->watches, watch);
        return watch;
}

PeerWatch *peer_watch_free(PeerWatch *watch)
{
        if (!watch)
                return NULL;
        if (watch->peer)
                watch->peer->watches = g_list_remove(watch->peer->watches, watch);
        g_free(watch);
        return NULL;
}
