/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A call whose sender is not known yet, or that polkit has to be asked about, is put aside and given to sd-bus again
 * when the answer is there. What the same sender sent meanwhile waits behind it, so that the order of its calls stays.
 */

#include "service/access.h"

#include <glib.h>
#include <string.h>

#include "service/authorization-table.h"
#include "service/bus-path.h"
#include "service/visibility.h"
#include "util/cleanup.h"
#include "util/error.h"

struct Access {
        sd_bus *bus;
        sd_bus_slot *filter;
        Peers *peers;
        Authorizer *authorizer;
        AccessLookUp look_up;
        void *userdata;
        GHashTable *senders;     /* unique name: Sender, of those with messages put aside */
        GHashTable *granted;     /* messages that polkit let see their object */
        sd_bus_message *current; /* the granted message that is being handled */
        uint32_t current_uid;
};

typedef struct Sender {
        Access *access;
        char *name;
        GQueue held;      /* sd_bus_message, before the sender is known */
        GHashTable *sent; /* those given to sd-bus again and not seen since */
} Sender;

typedef struct Look {
        Access *access;
        sd_bus_message *m;
} Look;

static void unref_message(gpointer m)
{
        sd_bus_message_unref(m);
}

static void free_sender(gpointer data)
{
        Sender *sender = data;

        g_queue_clear_full(&sender->held, unref_message);
        g_hash_table_unref(sender->sent);
        g_free(sender->name);
        g_free(sender);
}

static Sender *hold(Access *access, const char *name)
{
        Sender *sender = g_new0(Sender, 1);

        sender->access = access;
        sender->name = g_strdup(name);
        g_queue_init(&sender->held);
        sender->sent = g_hash_table_new_full(NULL, NULL, unref_message, NULL);
        g_hash_table_insert(access->senders, sender->name, sender);
        return sender;
}

static void send_again(Sender *sender, sd_bus_message *m)
{
        if (sd_bus_enqueue_for_read(sender->access->bus, m) >= 0)
                g_hash_table_add(sender->sent, sd_bus_message_ref(m));
}

static void on_identified(int r, uint32_t uid, void *userdata)
{
        Sender *sender = userdata;
        sd_bus_message *m;

        while ((m = g_queue_pop_head(&sender->held))) {
                if (r >= 0)
                        send_again(sender, m);
                else
                        (void) error_reply(m, SD_BUS_ERROR_ACCESS_DENIED,
                                           "The bus does not say whose connection this is");
                sd_bus_message_unref(m);
        }
        if (g_hash_table_size(sender->sent) == 0)
                (void) g_hash_table_remove(sender->access->senders, sender->name);
}

/* Keeps the order of a sender's calls. Returns 1 where the message was put aside, 0 where it may go on. */
static int keep_order(Access *access, sd_bus_message *m, const char *name)
{
        Sender *sender = g_hash_table_lookup(access->senders, name);
        int r;

        if (!sender) {
                if (peers_get_uid(access->peers, name, &access->current_uid) >= 0)
                        return 0;
                sender = hold(access, name);
                g_queue_push_tail(&sender->held, sd_bus_message_ref(m));
                r = peers_identify(access->peers, name, on_identified, sender);
                if (r < 0)
                        on_identified(r, 0, sender);
                return 1;
        }
        if (g_hash_table_remove(sender->sent, m)) {
                if (g_hash_table_size(sender->sent) == 0 && g_queue_is_empty(&sender->held))
                        (void) g_hash_table_remove(access->senders, name);
                return peers_get_uid(access->peers, name, &access->current_uid) < 0;
        }
        if (g_hash_table_size(sender->sent) > 0)
                send_again(sender, m);
        else
                g_queue_push_tail(&sender->held, sd_bus_message_ref(m));
        return 1;
}

static void object_done(AccessObject *object)
{
        g_free(object->name);
}

static int reply_hidden(sd_bus_message *m, const AccessObject *object)
{
        const char *interface = sd_bus_message_get_interface(m);

        if (!interface || strcmp(interface, object->interface) == 0)
                (void) error_reply(m, object->missing, "There is no %s '%s'", object->kind, object->name);
        else
                (void) error_reply(m, SD_BUS_ERROR_UNKNOWN_OBJECT, "Unknown object '%s'.", sd_bus_message_get_path(m));
        return 1;
}

static void on_authorized(int allowed, sd_bus_error *error, void *userdata)
{
        Look *look = userdata;
        Access *access = look->access;
        _cleanup_(object_done) AccessObject object = {};

        if (allowed > 0 && sd_bus_enqueue_for_read(access->bus, look->m) >= 0)
                g_hash_table_add(access->granted, sd_bus_message_ref(look->m));
        else if (access->look_up(sd_bus_message_get_path(look->m), &object, access->userdata) > 0)
                (void) reply_hidden(look->m, &object);
}

static void forget_look(void *userdata)
{
        Look *look = userdata;

        sd_bus_message_unref(look->m);
        g_free(look);
}

static int ask(Access *access, sd_bus_message *m, const AccessObject *object)
{
        g_autofree char *uid = g_strdup_printf("%u", object->owner);
        Look *look = g_new0(Look, 1);
        const AuthorizeRequest request = {
                .actions = (const char *const[]){ACTION_MANAGE_OTHERS, NULL},
                .details = (const char *const[]){object->kind, object->name, "uid", uid, "method",
                                                 sd_bus_message_get_member(m), NULL},
                .authorized = on_authorized,
                .forget = forget_look,
                .userdata = look,
        };

        look->access = access;
        look->m = sd_bus_message_ref(m);
        authorize(access->authorizer, m, access->current_uid, &request);
        return 1;
}

static int check_path(Access *access, sd_bus_message *m)
{
        _cleanup_(object_done) AccessObject object = {};

        if (access->look_up(sd_bus_message_get_path(m), &object, access->userdata) <= 0)
                return 0;
        if (!object.exists)
                return reply_hidden(m, &object);
        if (visibility_may_see(access->current_uid, object.owner))
                return 0;
        if (g_hash_table_remove(access->granted, m)) {
                access->current = sd_bus_message_ref(m);
                return 0;
        }
        return ask(access, m, &object);
}

/* Returns 1 where the message has been dealt with, 0 where it goes on to its object. */
static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Access *access = userdata;
        const char *interface, *sender = sd_bus_message_get_sender(m);
        uint8_t type;

        access->current = sd_bus_message_unref(access->current);
        if (sd_bus_message_get_type(m, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL)
                return 0;
        if (!sender)
                return 1;
        if (keep_order(access, m, sender))
                return 1;

        /* Default deny: a method that the table does not know is not there. */
        interface = sd_bus_message_get_interface(m);
        if ((!interface || g_str_has_prefix(interface, BUS_NAME ".")) &&
            !authorization_table_find(interface, sd_bus_message_get_member(m)))
                return error_reply(m, SD_BUS_ERROR_UNKNOWN_METHOD, "Unknown method %s.", sd_bus_message_get_member(m)) <
                                       0
                               ? 0
                               : 1;
        return check_path(access, m);
}

int access_new(sd_bus *bus, Peers *peers, Authorizer *authorizer, AccessLookUp look_up, void *userdata, Access **ret)
{
        Access *access = g_new0(Access, 1);
        int r;

        access->bus = sd_bus_ref(bus);
        access->peers = peers;
        access->authorizer = authorizer;
        access->look_up = look_up;
        access->userdata = userdata;
        access->senders = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_sender);
        access->granted = g_hash_table_new_full(NULL, NULL, unref_message, NULL);
        r = sd_bus_add_filter(bus, &access->filter, on_message, access);
        if (r < 0) {
                access_free(access);
                return r;
        }
        *ret = access;
        return 0;
}

Access *access_free(Access *access)
{
        if (!access)
                return NULL;
        sd_bus_slot_unref(access->filter);
        sd_bus_message_unref(access->current);
        g_hash_table_unref(access->senders);
        g_hash_table_unref(access->granted);
        sd_bus_unref(access->bus);
        g_free(access);
        return NULL;
}

uint32_t access_get_uid(Access *access, sd_bus_message *m)
{
        return access->current_uid;
}

bool access_may_see(Access *access, uint32_t owner)
{
        return access->current || visibility_may_see(access->current_uid, owner);
}
