/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gangwayd: reads its config, connects to the system bus, and runs the loop. It ends when systemd stops it, and takes
 * its containers along: whoever waits for one gets an answer.
 */

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "backend/config-load.h"
#include "backend/container-dir.h"
#include "config.h"
#include "service/bus-path.h"
#include "service/bus.h"
#include "service/cache-store.h"
#include "util/cleanup.h"
#include "util/log.h"

/* How long the next of many containers may take to go. */
#define STOP_STEP_USEC (30 * G_USEC_PER_SEC)

typedef struct Daemon {
        Service service;
        Manager *manager;
        Operations *operations;
        Bus *bus;
        ReaperWatch *sweep;
        Helper *store_sweep;
        Helper *network_sweep;
        bool stopping;
        bool containers_gone;
        bool operations_gone;
} Daemon;

static void daemon_done(Daemon *daemon)
{
        bus_free(daemon->bus);
        manager_free(daemon->manager);
        operations_free(daemon->operations);
        reaper_watch_free(daemon->sweep);
        helper_free(daemon->store_sweep);
        helper_free(daemon->network_sweep);
        caches_free(daemon->service.caches);
        helpers_free(daemon->service.store_helpers);
        helpers_free(daemon->service.network_helpers);
        store_close(daemon->service.store);
        pull_units_free(daemon->service.pulls);
        scope_manager_free(daemon->service.scopes);
        if (daemon->service.bus) {
                (void) sd_bus_flush(daemon->service.bus); /* lint: allow blocking-bus-call: the loop is over */
                sd_bus_close(daemon->service.bus);
        }
        sd_bus_unref(daemon->service.bus);
        platforms_free(daemon->service.platforms);
        reaper_free(daemon->service.reaper);
        seccomp_profile_free(daemon->service.seccomp);
        config_free(daemon->service.config);
        sd_event_unref(daemon->service.event);
}

static int load_config(Service *service)
{
        g_autofree char *message = NULL;
        g_autoptr(Config) config = NULL;
        int r;

        r = config_load(GANGWAY_CONFIG_FILE, &config, &message);
        if (r < 0) {
                log_error("%s", message);
                return r;
        }
        config_free(service->config);
        service->config = g_steal_pointer(&config);
        service->runtime = runtime_for_path(service->config->runtime_path);
        return 0;
}

static int load_seccomp(Service *service)
{
        g_autofree char *message = NULL;
        int r = seccomp_profile_load(GANGWAY_SECCOMP_PROFILE, &service->seccomp, &message);

        if (r < 0)
                log_error("%s", message);
        return r;
}

static void exit_if_over(Daemon *daemon)
{
        if (daemon->containers_gone && daemon->operations_gone)
                (void) sd_event_exit(daemon->service.event, 0);
}

/* TimeoutStopSec= of the unit is for one that hangs: many containers, each with a network to take down, may take longer
 * than one may. See sd_notify(3). */
static void on_containers_left(unsigned n, void *userdata)
{
        Daemon *daemon = userdata;

        (void) sd_notifyf(false, "EXTEND_TIMEOUT_USEC=%" G_GUINT64_FORMAT, (guint64) STOP_STEP_USEC);
        daemon->containers_gone = n == 0;
        exit_if_over(daemon);
}

static void on_operations_gone(void *userdata)
{
        Daemon *daemon = userdata;

        daemon->operations_gone = true;
        exit_if_over(daemon);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Daemon *daemon = userdata;

        if (daemon->stopping)
                return 0;
        daemon->stopping = true;
        (void) sd_notify(false, "STOPPING=1");
        operations_stop(daemon->operations, on_operations_gone, daemon);
        manager_stop(daemon->manager, on_containers_left, daemon);
        return 0;
}

/* A config with a mistake changes nothing: the daemon goes on with the one that it has. */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Daemon *daemon = userdata;
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        (void) sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT,
                          (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000);
        if (load_config(&daemon->service) < 0)
                log_error("The config was not reloaded; the one from before holds");
        else
                manager_reload(daemon->manager);
        if (!g_str_equal(daemon->service.config->store_path, store_get_path(daemon->service.store)))
                log_warning("The store stays %s until gangwayd is started again",
                            store_get_path(daemon->service.store));
        (void) sd_notify(false, "READY=1");
        return 0;
}

/* Containers hold a handful of fds each, more than the usual soft limit allows for many of them. */
static void raise_fd_limit(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &limit);
        }
}

static int on_name_acquired(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Daemon *daemon = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(m);

        if (error) {
                log_error("The name " BUS_NAME " can't be had on the system bus: %s", error->message);
                return sd_event_exit(daemon->service.event, EXIT_FAILURE);
        }
        (void) sd_notify(false, "READY=1\nSTATUS=Running.");
        return 0;
}

/* When what an earlier daemon left is gone: only then is there room for something new. */
static void take_name(Daemon *daemon)
{
        int r;

        if (daemon->store_sweep || daemon->network_sweep)
                return;
        manager_begin(daemon->manager);
        r = sd_bus_request_name_async(daemon->service.bus, NULL, BUS_NAME, 0, on_name_acquired, daemon);
        if (r < 0) {
                log_error("The name " BUS_NAME " can't be asked for: %s", strerror(-r));
                (void) sd_event_exit(daemon->service.event, EXIT_FAILURE);
        }
}

/* A store that can't be used is no reason not to run containers of callers' folders. */
static void on_store_swept(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        Daemon *daemon = userdata;

        daemon->store_sweep = helper_free(daemon->store_sweep);
        if (error)
                log_error("The store can't be made ready, so no image can be used: %s", error->message);
        (void) store_connect(daemon->service.store);
        take_name(daemon);
}

/* What is left of a network is told by the helper itself. */
static void on_network_swept(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        Daemon *daemon = userdata;

        daemon->network_sweep = helper_free(daemon->network_sweep);
        if (error)
                log_error("The networks of earlier containers can't be undone: %s", error->message);
        take_name(daemon);
}

static void sweep_networks(Daemon *daemon)
{
        static const HelperCallbacks callbacks = {.ended = on_network_swept};
        int r = helper_start(daemon->service.network_helpers, (const char *const[]){"sweep", NULL}, NULL, 0, &callbacks,
                             daemon, &daemon->network_sweep);

        if (r < 0)
                log_error("The networks of earlier containers can't be undone: %s", strerror(-r));
}

static void on_swept(int result, void *userdata)
{
        static const HelperCallbacks callbacks = {.ended = on_store_swept};
        Daemon *daemon = userdata;
        int r;

        daemon->sweep = reaper_watch_free(daemon->sweep);
        if (result < 0)
                log_warning("The folders of earlier containers can't be removed");
        sweep_networks(daemon);
        r = helper_start(daemon->service.store_helpers, (const char *const[]){"sweep", NULL}, NULL, 0, &callbacks,
                         daemon, &daemon->store_sweep);
        if (r < 0) {
                log_error("The store can't be made ready, so no image can be used: %s", strerror(-r));
                take_name(daemon);
        }
}

/* The bounding set, capabilities(7). The kernel says -EINVAL past the last one that it knows. */
static uint64_t read_capabilities(void)
{
        uint64_t capabilities = 0;

        for (int i = 0; i < 64; i++)
                if (prctl(PR_CAPBSET_READ, i) == 1)
                        capabilities |= UINT64_C(1) << i;
        return capabilities;
}

static int connect_bus(Daemon *daemon)
{
        Service *service = &daemon->service;
        int r;

        r = sd_bus_open_system(&service->bus);
        if (r >= 0)
                r = sd_bus_attach_event(service->bus, service->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(service->bus, true);
        if (r >= 0)
                r = scope_manager_new(service->bus, &service->scopes);
        if (r >= 0)
                r = scope_manager_sweep(service->scopes);
        if (r >= 0)
                r = pull_units_new(service->event, service->bus, &service->pulls);
        if (r >= 0)
                r = pull_units_sweep(service->pulls);
        if (r < 0)
                return r;
        daemon->manager = manager_new(service);
        daemon->operations = operations_new(service->event);
        return bus_new(service, daemon->manager, daemon->operations, &daemon->bus);
}

static int open_store(Service *service)
{
        static const HelperKind kind = {.program = GANGWAY_STORE, .what = "the store", .sweeps = true};
        static const HelperKind network_kind = {.program = GANGWAY_NETWORK, .what = "networks"};
        const char *path = service->config->store_path;

        service->store_helpers = helpers_new(service->event, service->reaper, &kind, path);
        service->network_helpers = helpers_new(service->event, service->reaper, &network_kind, GANGWAY_NETWORK_RECORDS);
        service->caches = caches_new(&cache_store, service);
        return store_open(path, &service->store);
}

static int start(Daemon *daemon)
{
        Service *service = &daemon->service;
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGCHLD);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;
        (void) signal(SIGPIPE, SIG_IGN);
        raise_fd_limit();
        service->capabilities = read_capabilities();

        r = sd_event_default(&service->event);
        if (r >= 0)
                r = reaper_new(service->event, &service->reaper);
        if (r >= 0)
                r = platforms_new(service->event, service->reaper, &service->platforms);
        if (r >= 0)
                r = sd_event_add_signal(service->event, NULL, SIGTERM, on_stop, daemon);
        if (r >= 0)
                r = sd_event_add_signal(service->event, NULL, SIGINT, on_stop, daemon);
        if (r >= 0)
                r = sd_event_add_signal(service->event, NULL, SIGHUP, on_reload, daemon);
        if (r >= 0)
                r = open_store(service);
        if (r >= 0)
                r = connect_bus(daemon);
        if (r >= 0)
                r = container_dir_sweep(service->config->store_path, service->reaper, on_swept, daemon, &daemon->sweep);
        return r;
}

int main(void)
{
        _cleanup_(daemon_done) Daemon daemon = {};
        int r;

        (void) setlocale(LC_ALL, "C.UTF-8");
        if (load_config(&daemon.service) < 0 || load_seccomp(&daemon.service) < 0)
                return EX_CONFIG;

        r = start(&daemon);
        if (r < 0) {
                log_error("gangwayd can't start: %s", strerror(-r));
                return EXIT_FAILURE;
        }
        r = sd_event_loop(daemon.service.event);
        if (r < 0)
                log_error("The event loop failed: %s", strerror(-r));
        return r < 0 ? EXIT_FAILURE : r;
}
