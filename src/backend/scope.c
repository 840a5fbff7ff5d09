/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A scope is started around a process that is there already: the launcher. StartTransientUnit answers when systemd has
 * made the job; JobRemoved says when the process has been moved, 1 to 14 ms later, and UnitRemoved when the scope is
 * gone, which with CollectMode=inactive-or-failed is when its last process has ended. The signals name the unit, so
 * they need no look-up of job paths, and one that overtakes the method's answer is not lost.
 */

#include "backend/scope.h"

#include "backend/systemd-manager.h"
#include "backend/unit-sweep.h"
#include "model/names.h"
#include "model/scope-property.h"
#include "util/cleanup.h"
#include "util/error.h"

/* How long systemd waits between SIGTERM and SIGKILL where somebody stops the scope by hand. */
#define STOP_TIMEOUT_USEC (10 * UINT64_C(1000000))

struct ScopeManager {
        sd_bus *bus;
        sd_bus_slot *job_removed;
        sd_bus_slot *unit_removed;
        sd_bus_slot *sweep;
        GHashTable *scopes; /* by unit name */
};

struct Scope {
        ScopeManager *manager;
        char *unit;
        bool accepted;
        bool started;
        bool gone;
        sd_bus_slot *start;
        ScopeCallbacks callbacks;
        void *userdata;
        GPtrArray *calls; /* ScopeCall, under way */
};

typedef struct ScopeCall {
        Scope *scope;
        sd_bus_slot *slot;
        ScopeReplied replied;
        void *userdata;
} ScopeCall;

static void free_call(gpointer data)
{
        ScopeCall *call = data;

        sd_bus_slot_unref(call->slot);
        g_free(call);
}

static void scope_started(Scope *scope, const sd_bus_error *error)
{
        if (scope->started)
                return;
        scope->started = true;
        scope->callbacks.started(error, scope->userdata);
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        ScopeManager *manager = userdata;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *unit, *result;
        Scope *scope;

        if (sd_bus_message_read(m, "uoss", NULL, NULL, &unit, &result) < 0)
                return 0;
        scope = g_hash_table_lookup(manager->scopes, unit);
        if (!scope || scope->started)
                return 0;
        if (!g_str_equal(result, "done"))
                (void) error_set(&error, ERROR_SCOPE_FAILED,
                                 "The scope %s could not be started (%s): it was stopped from outside, or systemd "
                                 "refused its process; see 'journalctl -u %s'",
                                 unit, result, unit);
        scope_started(scope, sd_bus_error_is_set(&error) ? &error : NULL);
        return 0;
}

static int on_unit_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        ScopeManager *manager = userdata;
        const char *unit;
        Scope *scope;

        if (sd_bus_message_read(m, "so", &unit, NULL) < 0)
                return 0;
        scope = g_hash_table_lookup(manager->scopes, unit);
        /* A removal from before our request was taken is that of an earlier scope of the same name. */
        if (!scope || !scope->accepted || scope->gone)
                return 0;
        scope->gone = true;
        scope->callbacks.gone(scope->userdata);
        return 0;
}

static int match(ScopeManager *manager, const char *member, sd_bus_message_handler_t handler, sd_bus_slot **ret)
{
        return sd_bus_match_signal_async(manager->bus, ret, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, member,
                                         handler, NULL, manager);
}

int scope_manager_new(sd_bus *bus, ScopeManager **ret)
{
        ScopeManager *manager = g_new0(ScopeManager, 1);
        int r;

        manager->bus = sd_bus_ref(bus);
        manager->scopes = g_hash_table_new(g_str_hash, g_str_equal);
        r = match(manager, "JobRemoved", on_job_removed, &manager->job_removed);
        if (r >= 0)
                r = match(manager, "UnitRemoved", on_unit_removed, &manager->unit_removed);
        /* systemd sends these signals only while somebody has subscribed. */
        if (r >= 0)
                r = sd_bus_call_method_async(bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "Subscribe", NULL,
                                             NULL, NULL);
        if (r < 0) {
                scope_manager_free(manager);
                return r;
        }
        *ret = manager;
        return 0;
}

ScopeManager *scope_manager_free(ScopeManager *manager)
{
        if (!manager)
                return NULL;
        sd_bus_slot_unref(manager->job_removed);
        sd_bus_slot_unref(manager->unit_removed);
        sd_bus_slot_unref(manager->sweep);
        g_hash_table_unref(manager->scopes);
        sd_bus_unref(manager->bus);
        g_free(manager);
        return NULL;
}

static int append_limits(sd_bus_message *m, const ContainerSpec *spec)
{
        int r = 0;

        for (guint i = 0; i < spec->scope_properties->len && r >= 0; i++) {
                const ScopeProperty *property = spec->scope_properties->pdata[i];

                if (!property->bytes) {
                        r = sd_bus_message_append(m, "(sv)", property->name, "t", property->number);
                        continue;
                }
                r = sd_bus_message_open_container(m, 'r', "sv");
                if (r >= 0)
                        r = sd_bus_message_append(m, "s", property->name);
                if (r >= 0)
                        r = sd_bus_message_open_container(m, 'v', "ay");
                if (r >= 0)
                        r = sd_bus_message_append_array(m, 'y', g_bytes_get_data(property->bytes, NULL),
                                                        g_bytes_get_size(property->bytes));
                if (r >= 0)
                        r = sd_bus_message_close_container(m);
                if (r >= 0)
                        r = sd_bus_message_close_container(m);
        }
        return r;
}

/* An insecure container has the devices of the host, as in the reference; a sandboxed one those that every program
 * expects. It could open no other one anyway, this is the second lock. */
static int append_device_rules(sd_bus_message *m, const ContainerSpec *spec, const char *device)
{
        if (spec->security_mode == SECURITY_INSECURE)
                return 0;
        return sd_bus_message_append(m, "(sv)(sv)", "DevicePolicy", "s", "closed", "DeviceAllow", "a(ss)",
                                     device ? 3 : 2, "char-pts", "rw", "/dev/tty", "rw", device, "rw");
}

static int append_request(sd_bus_message *m, const ContainerSpec *spec, uint32_t owner, const char *unit, pid_t pid,
                          const char *device)
{
        g_autofree char *slice = uid_to_slice(owner);
        g_autofree char *description = g_strdup_printf("gangway container %s of uid %u", spec->name, owner);
        int r;

        r = sd_bus_message_append(m, "ss", unit, "fail");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)", "Description", "s", description, "Slice", "s",
                                          slice, "PIDs", "au", 1, (uint32_t) pid, "Delegate", "b", true, "CollectMode",
                                          "s", "inactive-or-failed", "TimeoutStopUSec", "t", STOP_TIMEOUT_USEC);
        if (r >= 0)
                r = append_device_rules(m, spec, device);
        if (r >= 0)
                r = append_limits(m, spec);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_append(m, "a(sa(sv))", 0);
        return r;
}

static int on_start_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Scope *scope = userdata;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const sd_bus_error *refusal = sd_bus_message_get_error(m);

        scope->start = sd_bus_slot_unref(scope->start);
        if (refusal) {
                scope->gone = true;
                (void) error_set(&error, ERROR_SCOPE_FAILED, "systemd refused the scope %s: %s", scope->unit,
                                 refusal->message);
        } else {
                scope->accepted = true;
        }
        scope->callbacks.accepted(refusal ? &error : NULL, scope->userdata);
        return 0;
}

int scope_new(ScopeManager *manager, const ContainerSpec *spec, uint32_t owner, pid_t pid, const char *device,
              const ScopeCallbacks *callbacks, void *userdata, Scope **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        Scope *scope = g_new0(Scope, 1);
        int r;

        scope->manager = manager;
        scope->unit = name_to_unit(owner, spec->name);
        scope->callbacks = *callbacks;
        scope->userdata = userdata;
        scope->calls = g_ptr_array_new_with_free_func(free_call);
        g_hash_table_insert(manager->scopes, scope->unit, scope);

        r = sd_bus_message_new_method_call(manager->bus, &m, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                           "StartTransientUnit");
        if (r >= 0)
                r = append_request(m, spec, owner, scope->unit, pid, device);
        if (r >= 0)
                r = sd_bus_call_async(manager->bus, &scope->start, m, on_start_reply, scope, 0);
        if (r < 0) {
                scope_free(scope);
                return r;
        }
        *ret = scope;
        return 0;
}

Scope *scope_free(Scope *scope)
{
        if (!scope)
                return NULL;
        (void) g_hash_table_remove(scope->manager->scopes, scope->unit);
        sd_bus_slot_unref(scope->start);
        g_ptr_array_unref(scope->calls);
        g_free(scope->unit);
        g_free(scope);
        return NULL;
}

bool scope_is_accepted(const Scope *scope)
{
        return scope && scope->accepted;
}

bool scope_is_started(const Scope *scope)
{
        return scope->started;
}

bool scope_is_gone(const Scope *scope)
{
        return scope->gone;
}

static int on_call_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        ScopeCall call = *(ScopeCall *) userdata;

        call.slot = sd_bus_slot_ref(call.slot);
        (void) g_ptr_array_remove_fast(call.scope->calls, userdata);
        call.replied(sd_bus_message_get_error(m), call.userdata);
        sd_bus_slot_unref(call.slot);
        return 0;
}

static ScopeCall *call_new(Scope *scope, ScopeReplied replied, void *userdata)
{
        ScopeCall *call = g_new0(ScopeCall, 1);

        call->scope = scope;
        call->replied = replied;
        call->userdata = userdata;
        g_ptr_array_add(scope->calls, call);
        return call;
}

static int call_sent(ScopeCall *call, int r)
{
        if (r < 0)
                (void) g_ptr_array_remove_fast(call->scope->calls, call);
        return r;
}

int scope_freeze(Scope *scope, bool freeze, ScopeReplied replied, void *userdata)
{
        ScopeCall *call = call_new(scope, replied, userdata);

        return call_sent(call, sd_bus_call_method_async(scope->manager->bus, &call->slot, SYSTEMD_NAME, SYSTEMD_PATH,
                                                        SYSTEMD_MANAGER, freeze ? "FreezeUnit" : "ThawUnit",
                                                        on_call_reply, call, "s", scope->unit));
}

int scope_signal(Scope *scope, int signal, ScopeReplied replied, void *userdata)
{
        ScopeCall *call = call_new(scope, replied, userdata);

        return call_sent(call, sd_bus_call_method_async(scope->manager->bus, &call->slot, SYSTEMD_NAME, SYSTEMD_PATH,
                                                        SYSTEMD_MANAGER, "KillUnit", on_call_reply, call, "ssi",
                                                        scope->unit, "all", signal));
}

void scope_stop(Scope *scope)
{
        (void) sd_bus_call_method_async(scope->manager->bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                        "StopUnit", NULL, NULL, "ss", scope->unit, "replace");
}

int scope_manager_sweep(ScopeManager *manager)
{
        return unit_sweep(manager->bus, "gangway-[0-9]*-*.scope", manager->scopes, &manager->sweep);
}
