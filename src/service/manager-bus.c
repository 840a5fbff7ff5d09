/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/manager-bus.h"

#include <string.h>

#include "config.h"
#include "model/names.h"
#include "service/authorization-table.h"
#include "service/bus-path.h"
#include "service/container-bus.h"
#include "service/create-call.h"
#include "service/image-call.h"
#include "service/image-list.h"
#include "service/machine.h"
#include "service/visibility.h"
#include "util/cleanup.h"
#include "util/error.h"

static int reply_path(sd_bus_message *m, const Container *container)
{
        g_autofree char *path =
                bus_path_of_container(container_get_owner(container), container_get_spec(container)->name);

        return sd_bus_reply_method_return(m, "o", path);
}

static int no_such_container(sd_bus_error *error, const char *name)
{
        return error_set(error, ERROR_NO_SUCH_CONTAINER, "There is no container '%.128s'", name);
}

typedef struct GetCall {
        Bus *bus;
        sd_bus_message *m;
        uint32_t owner;
        char *name;
} GetCall;

static void on_get_authorized(int allowed, sd_bus_error *error, void *userdata)
{
        GetCall *call = userdata;
        /* It may have gone while polkit was asked. */
        Container *container = manager_find(call->bus->manager, call->owner, call->name);

        if (allowed > 0 && container)
                (void) reply_path(call->m, container);
        else
                (void) error_reply(call->m, ERROR_NO_SUCH_CONTAINER, "There is no container '%u/%s'", call->owner,
                                   call->name);
}

static void forget_get(void *userdata)
{
        GetCall *call = userdata;

        sd_bus_message_unref(call->m);
        g_free(call->name);
        g_free(call);
}

static void ask_for_other(Bus *bus, sd_bus_message *m, uint32_t owner, const char *name)
{
        GetCall *call = g_new0(GetCall, 1);
        g_autofree char *uid = g_strdup_printf("%u", owner);
        const AuthorizeRequest request = {
                .actions = (const char *const[]){ACTION_MANAGE_OTHERS, NULL},
                .details = (const char *const[]){"container", name, "uid", uid, "method", "GetContainer", NULL},
                .authorized = on_get_authorized,
                .forget = forget_get,
                .userdata = call,
        };

        call->bus = bus;
        call->m = sd_bus_message_ref(m);
        call->owner = owner;
        call->name = g_strdup(name);
        authorize(bus->authorizer, m, access_get_uid(bus->access, m), &request);
}

static int on_get_container(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *bus = userdata;
        uint32_t owner = access_get_uid(bus->access, m);
        const char *text, *slash, *name;
        Container *container;
        int r;

        r = sd_bus_message_read(m, "s", &text);
        if (r < 0)
                return r;
        name = text;
        slash = strchr(text, '/');
        if (slash) {
                g_autofree char *digits = g_strndup(text, (gsize) (slash - text));
                guint64 uid;

                if (!g_ascii_string_to_unsigned(digits, 10, 0, UINT32_MAX - 1, &uid, NULL))
                        return error_invalid(error, "'%.128s' is neither a container's name nor UID/NAME", text);
                owner = (uint32_t) uid;
                name = slash + 1;
        }
        if (!name_is_valid(name))
                return error_invalid(error, "'%.128s' can't be a container's name", name);

        container = manager_find(bus->manager, owner, name);
        if (!container)
                return no_such_container(error, text);
        if (visibility_may_see(access_get_uid(bus->access, m), owner))
                return reply_path(m, container);
        ask_for_other(bus, m, owner, name);
        return 1;
}

static int on_list_containers(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *bus = userdata;
        g_autoptr(GPtrArray) list = manager_list(bus->manager);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sous)");
        for (guint i = 0; i < list->len && r >= 0; i++) {
                const Container *container = list->pdata[i];
                uint32_t owner = container_get_owner(container);
                const char *name = container_get_spec(container)->name;
                g_autofree char *path = bus_path_of_container(owner, name);

                if (visibility_may_see(access_get_uid(bus->access, m), owner))
                        r = sd_bus_message_append(reply, "(sous)", name, path, owner,
                                                  container_state_to_string(container_get_state(container)));
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int on_create_container(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return create_call(userdata, m, error);
}

static int on_subscribe(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *bus = userdata;

        /* A second one changes nothing, as with systemd's: what the caller wants is so already. */
        (void) subscribers_add(bus->subscribers, sd_bus_message_get_sender(m), access_get_uid(bus->access, m));
        return sd_bus_reply_method_return(m, NULL);
}

static int on_unsubscribe(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *bus = userdata;

        (void) subscribers_remove(bus->subscribers, sd_bus_message_get_sender(m));
        return sd_bus_reply_method_return(m, NULL);
}

static int get_version(sd_bus *b, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                       void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(reply, "s", GANGWAY_VERSION);
}

static int get_features(sd_bus *b, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                        void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append_strv(reply, (char **) machine_features());
}

static int get_runtime(sd_bus *b, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                       void *userdata, sd_bus_error *error)
{
        const Bus *bus = userdata;

        return sd_bus_message_append(reply, "s", bus->service->config->runtime_path);
}

static int get_net_modes(sd_bus *b, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append_strv(reply, (char **) machine_net_modes());
}

static int get_platforms(sd_bus *b, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const Bus *bus = userdata;

        return sd_bus_message_append_strv(reply, (char **) platform_list_get(platforms_get(bus->service->platforms)));
}

/* Every method is open to all as far as sd-bus goes: access.c has decided before it comes here. */
const sd_bus_vtable manager_bus_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("CreateContainer", SD_BUS_ARGS("s", name, "a{sv}", options),
                                SD_BUS_RESULT("o", container), on_create_container, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetContainer", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", container), on_get_container,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListContainers", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sous)", containers),
                                on_list_containers, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ImportImage", SD_BUS_ARGS("s", name, "h", source, "a{sv}", options),
                                SD_BUS_RESULT("o", operation), image_call_import, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("PullImage", SD_BUS_ARGS("s", reference, "a{sv}", options),
                                SD_BUS_RESULT("o", operation), image_call_pull, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListImages", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sbuttsa{sv})", images), image_list_call,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("TagImage", SD_BUS_ARGS("s", name, "s", new_name, "a{sv}", options), SD_BUS_NO_RESULT,
                                image_call_tag, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoveImage", SD_BUS_ARGS("s", name, "a{sv}", options),
                                SD_BUS_RESULT("a{sv}", results), image_call_remove, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Prune", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", operation), image_call_prune,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Subscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_subscribe,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Unsubscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_unsubscribe,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("ContainerNew", SD_BUS_ARGS("s", name, "o", container), 0),
        SD_BUS_SIGNAL_WITH_ARGS("ContainerRemoved", SD_BUS_ARGS("s", name, "o", container), 0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Features", "as", get_features, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Runtime", "s", get_runtime, 0, 0),
        SD_BUS_PROPERTY("NetModes", "as", get_net_modes, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Platforms", "as", get_platforms, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

static void send_signal(Bus *bus, const Container *container, const char *member)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        uint32_t owner = container_get_owner(container);
        const char *name = container_get_spec(container)->name;
        g_autofree char *path = bus_path_of_container(owner, name);
        int r;

        r = sd_bus_message_new_signal(bus->service->bus, &m, ROOT_PATH, MANAGER_INTERFACE, member);
        if (r >= 0)
                r = sd_bus_message_append(m, "so", name, path);
        if (r >= 0)
                (void) subscribers_send(bus->subscribers, m, owner, container_bus_get_creator(bus, container));
}

void manager_bus_container_added(Container *container, void *userdata)
{
        container_bus_add(userdata, container);
}

void manager_bus_container_removed(Container *container, void *userdata)
{
        Bus *bus = userdata;

        send_signal(bus, container, "ContainerRemoved");
        (void) g_hash_table_remove(bus->containers, container_get_id(container));
}

/* What this machine runs is no secret of anybody's: all on the bus are told. */
void manager_bus_platforms_changed(void *userdata)
{
        const Bus *bus = userdata;

        (void) sd_bus_emit_properties_changed(bus->service->bus, ROOT_PATH, MANAGER_INTERFACE, "Platforms", NULL);
}

void manager_bus_container_new(Bus *bus, Container *container)
{
        send_signal(bus, container, "ContainerNew");
}
