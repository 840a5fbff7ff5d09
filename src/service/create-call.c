/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/create-call.h"

#include <glib/gi18n.h>

#include "service/authorization-table.h"
#include "service/bus-path.h"
#include "service/constraints.h"
#include "service/container-bus.h"
#include "service/decode-container.h"
#include "service/describe-mounts.h"
#include "service/manager-bus.h"

#define QUESTIONS_MAX 3

typedef struct CreateCall {
        Bus *bus;
        sd_bus_message *m;
        uint32_t owner;
        ContainerSpec *spec;
        char *creator;
        bool watch_bus;
        bool announced; /* it was shown before it was made */
} CreateCall;

static void forget(void *userdata)
{
        CreateCall *call = userdata;

        sd_bus_message_unref(call->m);
        container_spec_free(call->spec);
        g_free(call->creator);
        g_free(call);
}

static void announce(CreateCall *call, Container *container)
{
        container_bus_set_creator(call->bus, container, call->creator, call->watch_bus);
        manager_bus_container_new(call->bus, container);
}

static void on_waits(Container *container, void *userdata)
{
        CreateCall *call = userdata;

        call->announced = true;
        announce(call, container);
        container_bus_check_creator(call->bus, container);
}

static void on_created(Container *container, const sd_bus_error *error, void *userdata)
{
        CreateCall *call = userdata;
        g_autofree char *path = NULL;

        if (error) {
                (void) sd_bus_reply_method_error(call->m, error);
        } else {
                path = bus_path_of_container(container_get_owner(container), container_get_spec(container)->name);
                (void) sd_bus_reply_method_return(call->m, "o", path);
                if (!call->announced)
                        announce(call, container);
                container_bus_check_creator(call->bus, container);
        }
        forget(call);
}

static void on_authorized(int allowed, sd_bus_error *error, void *userdata)
{
        CreateCall *call = userdata, *next;

        if (allowed < 0) {
                (void) sd_bus_reply_method_error(call->m, error);
                return;
        }
        /* What was asked about goes on, and what asked is forgotten after this. */
        next = g_new0(CreateCall, 1);
        *next = *call;
        next->m = sd_bus_message_ref(call->m);
        call->spec = NULL;
        call->creator = NULL;
        manager_create(next->bus->manager, &(const ManagerCreate){
                                                   .spec = g_steal_pointer(&next->spec),
                                                   .owner = next->owner,
                                                   .caller = peers_get_pid(next->bus->peers, next->creator),
                                                   .waits = on_waits,
                                                   .created = on_created,
                                                   .userdata = next,
                                           });
}

static bool has_host_path(const ContainerSpec *spec)
{
        for (guint i = 0; i < spec->mounts->len; i++)
                if (((MountSpec *) spec->mounts->pdata[i])->host_path)
                        return true;
        return false;
}

/* The questions that this request is about: what it wants beyond a sandbox, or else the sandbox itself. */
static void list_questions(const ContainerSpec *spec, const char *actions[QUESTIONS_MAX + 1],
                           const char *messages[QUESTIONS_MAX + 1])
{
        size_t n = 0;

        if (spec->security_mode == SECURITY_INSECURE) {
                actions[n] = ACTION_INSECURE;
                messages[n++] =
                        N_("Authentication is required to run the container $(container) with all rights over this "
                           "computer (root: $(root), other mounts: $(mounts), network: $(net_mode))");
        }
        if (spec->net_mode == NET_HOST) {
                actions[n] = ACTION_HOST_NETWORK;
                messages[n++] =
                        N_("Authentication is required to let the container $(container) use this computer's own "
                           "network (root: $(root), other mounts: $(mounts))");
        }
        if (spec->net_mode != NET_HOST && !published_ports_are_local(container_spec_get_port_address(spec))) {
                actions[n] = ACTION_HOST_NETWORK;
                messages[n++] = N_("Authentication is required to open ports of this computer to others for the "
                                   "container $(container): $(ports)");
        }
        if (has_host_path(spec)) {
                actions[n] = ACTION_BIND_HOST_PATH;
                messages[n++] =
                        N_("Authentication is required to show files of this computer to the container $(container): "
                           "$(host_paths)");
        }
        if (n == 0) {
                actions[n] = ACTION_CREATE;
                messages[n++] = N_("Authentication is required to make the container $(container)");
        }
        actions[n] = NULL;
        messages[n] = NULL;
}

static void ask(CreateCall *call)
{
        const ContainerSpec *spec = call->spec;
        const MountSpec *root = container_spec_get_root(spec);
        g_autofree char *root_text = describe_root(spec), *mounts = describe_mounts(spec);
        g_autofree char *host_paths = describe_host_paths(spec);
        g_autofree char *uid = g_strdup_printf("%u", call->owner), *ports = describe_ports(spec);
        const char *actions[QUESTIONS_MAX + 1], *messages[QUESTIONS_MAX + 1];
        const AuthorizeRequest request = {
                .actions = actions,
                .messages = messages,
                .details = (const char *const[]){"container",
                                                 spec->name,
                                                 "uid",
                                                 uid,
                                                 "root",
                                                 root_text,
                                                 "output",
                                                 root->output ? "yes" : "no",
                                                 "image",
                                                 root->image ? root->image : "",
                                                 "host_paths",
                                                 host_paths,
                                                 "mounts",
                                                 mounts,
                                                 "ports",
                                                 ports,
                                                 "net_mode",
                                                 net_mode_to_string(spec->net_mode),
                                                 "security_mode",
                                                 security_mode_to_string(spec->security_mode),
                                                 NULL},
                .authorized = on_authorized,
                .forget = forget,
                .userdata = call,
        };

        list_questions(spec, actions, messages);
        authorize(call->bus->authorizer, call->m, call->owner, &request);
}

/* Nobody is asked about what can't be: once more, and with the image, it is looked at when the container is made. */
static int check_platform(const Bus *bus, const ContainerSpec *spec, sd_bus_error *error)
{
        Platform platform;

        if (!spec->platform)
                return 0;
        if (platform_parse(spec->platform, &platform, error) < 0)
                return -EINVAL;
        return platform_list_check(platforms_get(bus->service->platforms), &platform, error);
}

int create_call(Bus *bus, sd_bus_message *m, sd_bus_error *error)
{
        ContainerSpec *spec;
        CreateCall *call;
        int r;

        /* It may hold secrets, of which nothing is to be left in memory. */
        (void) sd_bus_message_sensitive(m);
        r = decode_container(m, &spec, error);
        if (r < 0)
                return r;
        r = check_platform(bus, spec, error);
        if (r >= 0)
                r = constraints_check(bus->service, spec, error);
        if (r < 0) {
                container_spec_free(spec);
                return r;
        }
        call = g_new0(CreateCall, 1);
        call->bus = bus;
        call->m = sd_bus_message_ref(m);
        call->owner = access_get_uid(bus->access, m);
        call->spec = spec;
        call->creator = g_strdup(sd_bus_message_get_sender(m));
        call->watch_bus = spec->watch_bus;
        ask(call);
        return 1;
}
