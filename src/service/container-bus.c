/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/container-bus.h"

#include "service/bus-path.h"
#include "service/changed-signal.h"
#include "service/commit-call.h"
#include "service/files-call.h"
#include "service/process-call.h"
#include "util/cleanup.h"

void container_bus_reply_done(Container *container, const sd_bus_error *error, void *userdata)
{
        sd_bus_message *m = userdata;

        if (error)
                (void) sd_bus_reply_method_error(m, error);
        else
                (void) sd_bus_reply_method_return(m, NULL);
        sd_bus_message_unref(m);
}

static int on_pause(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        container_freeze(((ContainerBus *) userdata)->container, true, container_bus_reply_done, sd_bus_message_ref(m));
        return 1;
}

static int on_resume(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        container_freeze(((ContainerBus *) userdata)->container, false, container_bus_reply_done,
                         sd_bus_message_ref(m));
        return 1;
}

static int on_release(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        container_release(((ContainerBus *) userdata)->container, NULL, container_bus_reply_done,
                          sd_bus_message_ref(m));
        return 1;
}

#define GETTER(name)                                                                                                   \
        static int name(sd_bus *b, const char *path, const char *interface, const char *property,                      \
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)

GETTER(get_name)
{
        return sd_bus_message_append(reply, "s", container_get_spec(((ContainerBus *) userdata)->container)->name);
}

GETTER(get_owner)
{
        return sd_bus_message_append(reply, "u", container_get_owner(((ContainerBus *) userdata)->container));
}

GETTER(get_state)
{
        return sd_bus_message_append(
                reply, "s", container_state_to_string(container_get_state(((ContainerBus *) userdata)->container)));
}

GETTER(get_net_mode)
{
        return sd_bus_message_append(
                reply, "s", net_mode_to_string(container_get_spec(((ContainerBus *) userdata)->container)->net_mode));
}

GETTER(get_security_mode)
{
        return sd_bus_message_append(
                reply, "s",
                security_mode_to_string(container_get_spec(((ContainerBus *) userdata)->container)->security_mode));
}

GETTER(get_hostname)
{
        return sd_bus_message_append(reply, "s", container_get_spec(((ContainerBus *) userdata)->container)->hostname);
}

GETTER(get_image)
{
        const MountSpec *root = container_spec_get_root(container_get_spec(((ContainerBus *) userdata)->container));

        return sd_bus_message_append(reply, "s", root->image ? root->image : "");
}

GETTER(get_platform)
{
        return sd_bus_message_append(reply, "s", container_get_platform(((ContainerBus *) userdata)->container));
}

GETTER(get_unit)
{
        return sd_bus_message_append(reply, "s", container_get_unit(((ContainerBus *) userdata)->container));
}

GETTER(get_cgroup)
{
        return sd_bus_message_append(reply, "s", container_get_cgroup(((ContainerBus *) userdata)->container));
}

GETTER(get_leader)
{
        return sd_bus_message_append(reply, "u",
                                     (uint32_t) container_get_leader(((ContainerBus *) userdata)->container));
}

GETTER(get_processes)
{
        const GPtrArray *processes = container_get_processes(((ContainerBus *) userdata)->container);
        int r = sd_bus_message_open_container(reply, 'a', "(ssu)");

        for (guint i = 0; i < processes->len && r >= 0; i++) {
                const Process *process = processes->pdata[i];
                const ProcessEnd *end = process_get_end(process);

                r = sd_bus_message_append(reply, "(ssu)", process_get_id(process), end ? "exited" : "running",
                                          end ? end->exit_code : (uint32_t) process_get_pid(process));
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

GETTER(get_addresses)
{
        return sd_bus_message_append_strv(reply,
                                          (char **) container_get_addresses(((ContainerBus *) userdata)->container));
}

GETTER(get_ports)
{
        const Container *container = ((ContainerBus *) userdata)->container;
        const GArray *ports = container_get_ports(container);
        int r = sd_bus_message_open_container(reply, 'a', "(ssqq)");

        for (guint i = 0; i < ports->len && r >= 0; i++) {
                const PublishedPort *port = &g_array_index(ports, PublishedPort, i);

                r = sd_bus_message_append(reply, "(ssqq)", published_port_protocol_to_string(port->protocol),
                                          container_spec_get_port_address(container_get_spec(container)), port->host,
                                          port->container);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

GETTER(get_mounts)
{
        const GPtrArray *mounts = container_get_spec(((ContainerBus *) userdata)->container)->mounts;
        int r = sd_bus_message_open_container(reply, 'a', "(uss)");

        for (guint i = 0; i < mounts->len && r >= 0; i++) {
                const MountSpec *mount = mounts->pdata[i];

                r = sd_bus_message_append(reply, "(uss)", i, mount_type_to_string(mount->type), mount->destination);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

#define FILES_ARGUMENTS   SD_BUS_ARGS("u", mount_index, "s", path, "a{sv}", options)
#define PROCESS_ARGUMENTS SD_BUS_ARGS("as", argv, "a{ss}", env, "a{uh}", fds, "a{sv}", options)
#define PROCESS_RESULT    SD_BUS_RESULT("s", process, "a{sv}", results)
#define CHANGES           SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

/* Every method is open to all as far as sd-bus goes: access.c has decided before it comes here. */
const sd_bus_vtable container_bus_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Start", PROCESS_ARGUMENTS, PROCESS_RESULT, process_call_start,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Exec", PROCESS_ARGUMENTS, PROCESS_RESULT, process_call_exec,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Resize", SD_BUS_ARGS("s", process, "q", rows, "q", cols), SD_BUS_NO_RESULT,
                                process_call_resize, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Signal", SD_BUS_ARGS("s", process, "s", signal, "s", whom), SD_BUS_NO_RESULT,
                                process_call_signal, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Wait", SD_BUS_ARGS("s", process), SD_BUS_RESULT("u", exit_code, "a{sv}", details),
                                process_call_wait, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Pause", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_pause, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Resume", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_resume, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Commit", SD_BUS_ARGS("u", mount_index, "s", image, "a{sv}", options),
                                SD_BUS_RESULT("o", operation), commit_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenFile", FILES_ARGUMENTS, SD_BUS_RESULT("h", fd), files_call_open,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ReadDirectory", FILES_ARGUMENTS, SD_BUS_RESULT("aa{sv}", entries),
                                files_call_read_directory, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("StatFile", FILES_ARGUMENTS, SD_BUS_RESULT("a{sv}", entry), files_call_stat,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Release", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_release, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("ProcessExited", SD_BUS_ARGS("s", process, "u", exit_code, "a{sv}", details), 0),
        SD_BUS_PROPERTY("Name", "s", get_name, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Owner", "u", get_owner, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", get_state, 0, CHANGES),
        SD_BUS_PROPERTY("NetMode", "s", get_net_mode, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Addresses", "as", get_addresses, 0, CHANGES),
        SD_BUS_PROPERTY("Ports", "a(ssqq)", get_ports, 0, CHANGES),
        SD_BUS_PROPERTY("SecurityMode", "s", get_security_mode, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Hostname", "s", get_hostname, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Platform", "s", get_platform, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Mounts", "a(uss)", get_mounts, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Image", "s", get_image, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Unit", "s", get_unit, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("ControlGroup", "s", get_cgroup, 0, CHANGES),
        SD_BUS_PROPERTY("Leader", "u", get_leader, 0, CHANGES),
        SD_BUS_PROPERTY("Processes", "a(ssu)", get_processes, 0, SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION),
        SD_BUS_VTABLE_END,
};

static const ChangingProperty changing[] = {
        {"State", "s", get_state}, {"ControlGroup", "s", get_cgroup},  {"Leader", "u", get_leader},
        {"Processes", NULL, NULL}, {"Addresses", "as", get_addresses}, {"Ports", "a(ssqq)", get_ports},
        {NULL, NULL, NULL},
};

int container_bus_find(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret_found,
                       sd_bus_error *error)
{
        Bus *bus = userdata;
        g_autofree char *name = NULL;
        Container *container;
        uint32_t owner;

        if (bus_path_parse(path, &owner, &name) <= 0 || !access_may_see(bus->access, owner))
                return 0;
        container = manager_find(bus->manager, owner, name);
        if (!container)
                return 0;
        *ret_found = container_bus_of(bus, container);
        return 1;
}

int container_bus_enumerate(sd_bus *b, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *error)
{
        Bus *bus = userdata;
        g_autoptr(GPtrArray) list = manager_list(bus->manager);
        char **nodes = calloc(list->len + 1, sizeof(char *));
        size_t n = 0;

        if (!nodes)
                return -ENOMEM;
        for (guint i = 0; i < list->len; i++)
                if (access_may_see(bus->access, container_get_owner(list->pdata[i])))
                        nodes[n++] = strdup(container_bus_of(bus, list->pdata[i])->path);
        *ret_nodes = nodes;
        return 0;
}

static void free_watch(gpointer watch)
{
        process_watch_free(watch);
}

void container_bus_add(Bus *bus, Container *container)
{
        ContainerBus *shown = g_new0(ContainerBus, 1);

        shown->bus = bus;
        shown->container = container;
        shown->path = bus_path_of_container(container_get_owner(container), container_get_spec(container)->name);
        shown->process_watches = g_ptr_array_new_with_free_func(free_watch);
        shown->commit_calls = g_ptr_array_new();
        g_hash_table_insert(bus->containers, (char *) container_get_id(container), shown);
}

ContainerBus *container_bus_free(ContainerBus *shown)
{
        if (!shown)
                return NULL;
        g_ptr_array_unref(shown->process_watches);
        for (guint i = 0; i < shown->commit_calls->len; i++)
                commit_call_forget_container(shown->commit_calls->pdata[i]);
        g_ptr_array_unref(shown->commit_calls);
        peer_watch_free(shown->creator_watch);
        g_free(shown->creator);
        g_free(shown->path);
        g_free(shown);
        return NULL;
}

ContainerBus *container_bus_of(Bus *bus, const Container *container)
{
        return g_hash_table_lookup(bus->containers, container_get_id(container));
}

/* One that is not made yet is nobody's but its creator's. */
static bool depends_on_creator(const ContainerBus *shown)
{
        return shown->watch_bus || container_get_state(shown->container) == CONTAINER_CREATING;
}

static void on_creator_left(void *userdata)
{
        ContainerBus *shown = userdata;

        g_clear_pointer(&shown->creator, g_free);
        if (depends_on_creator(shown))
                container_release(shown->container, NULL, NULL, NULL);
}

void container_bus_set_creator(Bus *bus, Container *container, const char *creator, bool watch_bus)
{
        ContainerBus *shown = container_bus_of(bus, container);
        uint32_t uid;

        shown->watch_bus = watch_bus;
        if (peers_get_uid(bus->peers, creator, &uid) < 0)
                return;
        shown->creator = g_strdup(creator);
        shown->creator_watch = peers_watch(bus->peers, creator, on_creator_left, shown);
}

void container_bus_check_creator(Bus *bus, Container *container)
{
        ContainerBus *shown = container_bus_of(bus, container);

        if (!shown->creator && depends_on_creator(shown))
                container_release(container, NULL, NULL, NULL);
}

const char *container_bus_get_creator(Bus *bus, const Container *container)
{
        const ContainerBus *shown = container_bus_of(bus, container);

        return shown ? shown->creator : NULL;
}

void container_bus_changed(Container *container, const char *const *properties, void *userdata)
{
        Bus *bus = userdata;
        ContainerBus *shown = container_bus_of(bus, container);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = changed_signal_new(bus->service->bus, shown->path, CONTAINER_INTERFACE, changing, properties, shown, &m);
        if (r >= 0)
                (void) subscribers_send(bus->subscribers, m, container_get_owner(container), shown->creator);
}

void container_bus_process_ended(Container *container, const Process *process, void *userdata)
{
        Bus *bus = userdata;
        const ContainerBus *shown = container_bus_of(bus, container);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_signal(bus->service->bus, &m, shown->path, CONTAINER_INTERFACE, "ProcessExited");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", process_get_id(process));
        if (r >= 0)
                r = process_call_append_end(m, process);
        if (r >= 0)
                (void) subscribers_send(bus->subscribers, m, container_get_owner(container), shown->creator);
}
