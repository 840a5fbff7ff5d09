/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/operation-bus.h"

#include "service/bus-path.h"
#include "service/changed-signal.h"
#include "util/cleanup.h"

static int append_result(sd_bus_message *m, const Operation *operation)
{
        const GPtrArray *result = operation_get_result(operation);
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        for (guint i = 0; i < result->len && r >= 0; i++) {
                const ResultValue *value = result->pdata[i];

                if (value->text)
                        r = sd_bus_message_append(m, "{sv}", value->key, "s", value->text);
                else
                        r = sd_bus_message_append(m, "{sv}", value->key, "t", value->number);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int operation_bus_reply_result(sd_bus_message *m, const Operation *operation)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = append_result(reply, operation);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

typedef struct Call {
        sd_bus_message *m;
        OperationReply reply; /* NULL: an empty answer */
} Call;

static Call *call_new(sd_bus_message *m, OperationReply reply)
{
        Call *call = g_new0(Call, 1);

        call->m = sd_bus_message_ref(m);
        call->reply = reply;
        return call;
}

static void answer(const Operation *operation, void *userdata)
{
        Call *call = userdata;
        const sd_bus_error *error = operation_get_error(operation);

        if (error)
                (void) sd_bus_reply_method_error(call->m, error);
        else if (call->reply)
                (void) call->reply(call->m, operation);
        else
                (void) sd_bus_reply_method_return(call->m, NULL);
        sd_bus_message_unref(call->m);
        g_free(call);
}

/* That it ended is all that counts here. */
static void answer_cancel(const Operation *operation, void *userdata)
{
        sd_bus_message *m = userdata;

        (void) sd_bus_reply_method_return(m, NULL);
        sd_bus_message_unref(m);
}

static int on_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const OperationBus *shown = userdata;

        operation_when_finished(shown->operation, answer_cancel, sd_bus_message_ref(m));
        operation_cancel(shown->operation);
        return 1;
}

static int on_wait(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const OperationBus *shown = userdata;

        operation_when_finished(shown->operation, answer, call_new(m, operation_bus_reply_result));
        return 1;
}

#define GETTER(name)                                                                                                   \
        static int name(sd_bus *b, const char *path, const char *interface, const char *property,                      \
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)

GETTER(get_kind)
{
        return sd_bus_message_append(reply, "s", operation_get_kind(((OperationBus *) userdata)->operation));
}

GETTER(get_owner)
{
        return sd_bus_message_append(reply, "u", operation_get_owner(((OperationBus *) userdata)->operation));
}

GETTER(get_state)
{
        return sd_bus_message_append(
                reply, "s", operation_state_to_string(operation_get_state(((OperationBus *) userdata)->operation)));
}

GETTER(get_progress)
{
        uint64_t done, total;

        operation_get_progress(((OperationBus *) userdata)->operation, &done, &total);
        return sd_bus_message_append(reply, "(tt)", done, total);
}

/* Every method is open to all as far as sd-bus goes: access.c has decided before it comes here. */
const sd_bus_vtable operation_bus_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Wait", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", result), on_wait,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("Finished", SD_BUS_ARGS("a{sv}", result, "s", error, "s", message), 0),
        SD_BUS_PROPERTY("Kind", "s", get_kind, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Owner", "u", get_owner, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Progress", "(tt)", get_progress, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

int operation_bus_find(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret_found,
                       sd_bus_error *error)
{
        Bus *bus = userdata;
        Operation *operation;
        uint64_t number;

        if (bus_path_parse_operation(path, &number) <= 0)
                return 0;
        operation = operations_find(bus->operations, number);
        if (!operation || !access_may_see(bus->access, operation_get_owner(operation)))
                return 0;
        *ret_found = g_hash_table_lookup(bus->shown_operations, operation);
        return *ret_found ? 1 : 0;
}

int operation_bus_enumerate(sd_bus *b, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *error)
{
        Bus *bus = userdata;
        g_autoptr(GPtrArray) list = operations_list(bus->operations);
        char **nodes = calloc(list->len + 1, sizeof(char *));
        size_t n = 0;

        if (!nodes)
                return -ENOMEM;
        for (guint i = 0; i < list->len; i++) {
                g_autofree char *path = bus_path_of_operation(operation_get_number(list->pdata[i]));

                if (access_may_see(bus->access, operation_get_owner(list->pdata[i])))
                        nodes[n++] = strdup(path);
        }
        *ret_nodes = nodes;
        return 0;
}

OperationBus *operation_bus_free(OperationBus *shown)
{
        if (!shown)
                return NULL;
        peer_watch_free(shown->creator_watch);
        g_free(shown->creator);
        g_free(shown->path);
        g_free(shown);
        return NULL;
}

static void on_creator_left(void *userdata)
{
        OperationBus *shown = userdata;

        g_clear_pointer(&shown->creator, g_free);
}

static const OperationBus *show(Bus *bus, Operation *operation, const char *creator)
{
        OperationBus *shown = g_new0(OperationBus, 1);
        uint32_t uid;

        shown->bus = bus;
        shown->operation = operation;
        shown->path = bus_path_of_operation(operation_get_number(operation));
        if (peers_get_uid(bus->peers, creator, &uid) >= 0) {
                shown->creator = g_strdup(creator);
                shown->creator_watch = peers_watch(bus->peers, creator, on_creator_left, shown);
        }
        g_hash_table_insert(bus->shown_operations, operation, shown);
        return shown;
}

void operation_bus_start(Bus *bus, sd_bus_message *m, const OperationRequest *request)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Operation *operation = NULL;

        if (operations_add(bus->operations, request, false, &operation, &error) < 0 || !operation) {
                (void) sd_bus_reply_method_error(m, &error);
                return;
        }
        (void) sd_bus_reply_method_return(m, "o", show(bus, operation, sd_bus_message_get_sender(m))->path);
        operation_start(operation);
}

void operation_bus_start_hidden(Bus *bus, sd_bus_message *m, const OperationRequest *request, OperationReply reply)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Operation *operation = NULL;

        if (operations_add(bus->operations, request, true, &operation, &error) < 0 || !operation) {
                (void) sd_bus_reply_method_error(m, &error);
                return;
        }
        operation_when_finished(operation, answer, call_new(m, reply));
        operation_start(operation);
}

static const ChangingProperty changing[] = {
        {"State", "s", get_state},
        {"Progress", "(tt)", get_progress},
        {NULL, NULL, NULL},
};

void operation_bus_changed(Operation *operation, const char *const *properties, void *userdata)
{
        Bus *bus = userdata;
        OperationBus *shown = g_hash_table_lookup(bus->shown_operations, operation);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        if (!shown)
                return;
        r = changed_signal_new(bus->service->bus, shown->path, OPERATION_INTERFACE, changing, properties, shown, &m);
        if (r >= 0)
                (void) subscribers_send(bus->subscribers, m, operation_get_owner(operation), shown->creator);
}

void operation_bus_finished(Operation *operation, void *userdata)
{
        Bus *bus = userdata;
        const OperationBus *shown = g_hash_table_lookup(bus->shown_operations, operation);
        const sd_bus_error *error = operation_get_error(operation);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        if (!shown)
                return;
        r = sd_bus_message_new_signal(bus->service->bus, &m, shown->path, OPERATION_INTERFACE, "Finished");
        if (r >= 0)
                r = append_result(m, operation);
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", error ? error->name : "",
                                          error && error->message ? error->message : "");
        if (r >= 0)
                (void) subscribers_send(bus->subscribers, m, operation_get_owner(operation), shown->creator);
}

void operation_bus_removed(Operation *operation, void *userdata)
{
        Bus *bus = userdata;

        (void) g_hash_table_remove(bus->shown_operations, operation);
}
