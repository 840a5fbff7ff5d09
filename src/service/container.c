/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How a container comes to be. Two things go side by side, since the second takes its time in the kernel: the launcher
 * makes the mounts in a namespace of its own, and systemd starts the scope around the launcher. The container is shown
 * as soon as they are made and systemd has taken the scope; only its first start waits for the scope itself.
 */

#include "service/container-private.h"

#include <string.h>

#include "config.h"
#include "model/names.h"
#include "service/container-commit.h"
#include "service/container-files.h"
#include "service/container-platform.h"
#include "util/cleanup.h"
#include "util/error.h"

static void free_process(gpointer process)
{
        process_free(process);
}

Container *container_new(Service *service, const ContainerRequest *request)
{
        Container *container = g_new0(Container, 1);

        container->service = service;
        container->spec = request->spec;
        container->owner = request->owner;
        container->id_base = request->id_base;
        container->id = name_to_id(request->owner, request->spec->name);
        container->unit = name_to_unit(request->owner, request->spec->name);
        container->runtime = service->runtime;
        container->runtime_path = g_strdup(service->config->runtime_path);
        container->cgroup_path = g_strdup("");
        container->cgroup = -1;
        container->mounts = container_mounts_new(&(const ContainerMountsRequest){.service = service,
                                                                                 .spec = request->spec,
                                                                                 .owner = request->owner,
                                                                                 .caller = request->caller,
                                                                                 .id_base = request->id_base});
        container->network = container_network_new(&(const ContainerNetworkRequest){.service = service,
                                                                                    .spec = request->spec,
                                                                                    .id = container->id,
                                                                                    .id_base = request->id_base,
                                                                                    .ready = request->network});
        container->created = request->created;
        container->waits = request->waits;
        container->created_userdata = request->created_userdata;
        container->processes = g_ptr_array_new_with_free_func(free_process);
        container->by_id = g_hash_table_new(g_str_hash, g_str_equal);
        container->ending = g_ptr_array_new_with_free_func(container_launcher_end_free);
        container->files = container_files_new();
        container->commits = container_commits_new();
        g_queue_init(&container->jobs);
        g_queue_init(&container->freezes);
        g_queue_init(&container->releases);
        container->listener = request->listener;
        container->userdata = request->userdata;
        return container;
}

Container *container_free(Container *container)
{
        if (!container)
                return NULL;
        container_start_jobs_abort(container, NULL);
        reaper_watch_free(container->removal);
        g_hash_table_unref(container->by_id);
        g_ptr_array_unref(container->processes);
        oom_watch_free(container->oom);
        safe_close(container->cgroup);
        scope_free(container->scope);
        container_files_free(container->files);
        container_commits_free(container->commits);
        launcher_free(container->launcher);
        g_ptr_array_unref(container->ending);
        container_mounts_free(container->mounts);
        container_network_free(container->network);
        container_dir_free(container->dir);
        container_spec_free(container->spec);
        g_queue_clear_full(&container->releases, g_free);
        g_free(container->release_error);
        g_free(container->release_sentence);
        g_free(container->cgroup_path);
        g_free(container->runtime_path);
        g_free(container->platform);
        g_free(container->unit);
        g_free(container->id);
        g_free(container);
        return NULL;
}

void container_changed(Container *container, const char *const *properties)
{
        container->listener->changed(container, properties, container->userdata);
}

void container_event(Container *container, ContainerEvent event)
{
        int next = lifecycle_next(container->state, event);

        g_return_if_fail(next >= 0);
        container->state = (ContainerState) next;
}

void container_state_changed(Container *container)
{
        container_changed(container, (const char *const[]){"State", NULL});
}

void container_wait(Container *container)
{
        if (container->waited)
                return;
        container->waited = true;
        container->waits(container, container->created_userdata);
}

static void tell_created(Container *container)
{
        if (!container->joined || !container->scope || !scope_is_accepted(container->scope) ||
            container->state != CONTAINER_CREATING)
                return;
        container_event(container, EVENT_CREATED);
        container->created_told = true;
        if (container->waited)
                container_changed(container, (const char *const[]){"State", "Addresses", "Ports", NULL});
        container->created(container, NULL, container->created_userdata);
}

static void on_joined(const sd_bus_error *error, void *userdata)
{
        Container *container = userdata;

        if (error) {
                container_release(container, error, NULL, NULL);
                return;
        }
        container->joined = true;
        tell_created(container);
}

/* The launcher has one thing to do at a time: the mounts come first. */
static void join_network(Container *container)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if (!container->mounted || !container->networked || container->joining || !container->launcher)
                return;
        container->joining = true;
        r = container_network_join(container->network, container->launcher, container->dir, on_joined, container);
        if (r < 0)
                (void) error_set(&error, ERROR_NETWORK_FAILED, "The network of the container '%s' can't be joined: %s",
                                 container->spec->name, g_strerror(-r));
        if (r != 0)
                on_joined(r < 0 ? &error : NULL, container);
}

static void on_mounted(const sd_bus_error *error, void *userdata)
{
        Container *container = userdata;

        if (error) {
                container_release(container, error, NULL, NULL);
                return;
        }
        container->mounted = true;
        join_network(container);
}

static void on_networked(const sd_bus_error *error, void *userdata)
{
        Container *container = userdata;

        if (error) {
                container_release(container, error, NULL, NULL);
                return;
        }
        container->networked = true;
        join_network(container);
}

static void on_scope_accepted(const sd_bus_error *error, void *userdata)
{
        Container *container = userdata;

        if (container->state == CONTAINER_RELEASING)
                container_release_continue(container);
        else if (error)
                container_release(container, error, NULL, NULL);
        else
                tell_created(container);
}

/* The launcher is in the scope now, so its group is the scope's. */
static int open_cgroup(Container *container)
{
        g_autofree char *path = NULL;
        int r;

        r = cgroup_of_process(launcher_get_pid(container->launcher), &path);
        if (r < 0)
                return r;
        r = cgroup_open(path);
        if (r < 0)
                return r;
        container->cgroup = r;
        g_free(container->cgroup_path);
        container->cgroup_path = g_steal_pointer(&path);
        return oom_watch_new(container->service->event, container->cgroup, &container->oom);
}

static void on_scope_started(const sd_bus_error *error, void *userdata)
{
        Container *container = userdata;
        _cleanup_(sd_bus_error_free) sd_bus_error failure = SD_BUS_ERROR_NULL;
        int r;

        if (container->state == CONTAINER_RELEASING) {
                scope_stop(container->scope);
                return;
        }
        if (!error) {
                r = open_cgroup(container);
                if (r < 0)
                        (void) error_set(&failure, ERROR_SCOPE_FAILED, "The control group of %s can't be used: %s",
                                         container->unit, g_strerror(-r));
        }
        if (error || sd_bus_error_is_set(&failure)) {
                container_release(container, error ? error : &failure, NULL, NULL);
                return;
        }
        container->scope_started = true;
        container_changed(container, (const char *const[]){"ControlGroup", NULL});
        container_start_jobs_run(container);
}

static void on_scope_gone(void *userdata)
{
        Container *container = userdata;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (container->state == CONTAINER_RELEASING) {
                container_release_continue(container);
        } else if (container->state == CONTAINER_CREATING || container->state == CONTAINER_CREATED ||
                   container->state == CONTAINER_STARTING) {
                (void) error_set(&error, ERROR_SCOPE_FAILED,
                                 "The scope %s of the container '%s' was stopped from outside; the container is gone",
                                 container->unit, container->spec->name);
                container_release(container, &error, NULL, NULL);
        }
        /* Else its processes have ended, which their own ends tell. */
}

static int make(Container *container, sd_bus_error *error)
{
        static const ScopeCallbacks callbacks = {
                .accepted = on_scope_accepted,
                .started = on_scope_started,
                .gone = on_scope_gone,
        };
        int r;

        r = container_dir_new(store_get_path(container->service->store), container->id, &container->dir);
        if (r < 0)
                return r;
        r = launcher_new(container->service->event, container->service->reaper, &container->launcher);
        if (r < 0)
                return r;
        r = container_network_make(container->network, on_networked, container, error);
        if (r < 0)
                return r;
        container->networked = r > 0;
        r = container_mounts_make(container->mounts, container->launcher, container->dir, on_mounted, container);
        if (r < 0)
                return r;
        return scope_new(container->service->scopes, container->spec, container->owner,
                         launcher_get_pid(container->launcher), container_network_get_device(container->network),
                         &callbacks, container, &container->scope);
}

static void make_or_fail(Container *container)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = make(container, &error);

        if (r >= 0)
                return;
        if (!sd_bus_error_is_set(&error))
                (void) error_set(&error, SD_BUS_ERROR_FAILED, "The container '%s' can't be made: %s",
                                 container->spec->name, g_strerror(-r));
        container_release(container, &error, NULL, NULL);
}

static void on_held(const sd_bus_error *error, void *userdata)
{
        if (error)
                container_release(userdata, error, NULL, NULL);
        else
                make_or_fail(userdata);
}

static int find_platform(Container *container, sd_bus_error *error)
{
        return container_platform_find(platforms_get(container->service->platforms), container->spec,
                                       container_mounts_get_root_image(container->mounts), &container->platform, error);
}

/* What is taken from others comes first, and what is missing is an error before anything is made. */
void container_create(Container *container)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int held = container_mounts_hold(container->mounts, on_held, container, &error), r = held;

        /* The images are held by now, also where a cache is waited for. */
        if (r >= 0)
                r = find_platform(container, &error);
        if (r < 0)
                container_release(container, &error, NULL, NULL);
        else if (held > 0)
                make_or_fail(container);
        else
                container_wait(container);
}

void container_hang_up(Container *container, const char *id)
{
        Process *process = g_hash_table_lookup(container->by_id, id);

        if (process)
                (void) process_hang_up(process, container->service->event);
}

const ContainerMounts *container_get_mounts(const Container *container)
{
        return container->mounts;
}

const ContainerSpec *container_get_spec(const Container *container)
{
        return container->spec;
}

uint32_t container_get_owner(const Container *container)
{
        return container->owner;
}

const char *container_get_id(const Container *container)
{
        return container->id;
}

ContainerState container_get_state(const Container *container)
{
        return container->state;
}

const char *container_get_platform(const Container *container)
{
        return container->platform;
}

const char *container_get_unit(const Container *container)
{
        return container->unit;
}

const char *container_get_cgroup(const Container *container)
{
        return container->cgroup_path;
}

pid_t container_get_leader(const Container *container)
{
        return container->leader ? process_get_pid(container->leader) : 0;
}

const char *const *container_get_addresses(const Container *container)
{
        return container_network_get_addresses(container->network);
}

const GArray *container_get_ports(const Container *container)
{
        return container_network_get_ports(container->network);
}

GPtrArray *container_get_processes(const Container *container)
{
        return container->processes;
}

int container_find_process(const Container *container, const char *id, Process **ret, sd_bus_error *error)
{
        Process *process = g_hash_table_lookup(container->by_id, id);

        if (!process)
                return error_set(error, ERROR_NO_SUCH_PROCESS, "The container '%s' has no process '%.128s'",
                                 container->spec->name, id);
        *ret = process;
        return 0;
}
