/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The unit is of the type oneshot, whose start job lasts as long as its process: JobRemoved then says by itself how the
 * process ended, "done" only where it was with status 0, and no property has to be read from a unit that is about to
 * go. UnitRemoved says that all of it is gone, and its temporary folders with it.
 *
 * Its standard output is the pipe to the store. skopeo opens /dev/stdout anew, which the unit's user may only since the
 * pipe is opened up for everybody; nobody else has a way to it. Its standard error is a pipe that the daemon reads, and
 * of which it keeps the end, for the answer.
 */

#include "backend/pull-unit.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/pull-properties.h"
#include "backend/systemd-manager.h"
#include "backend/unit-sweep.h"
#include "config.h"
#include "model/names.h"
#include "model/skopeo-output.h"
#include "util/cleanup.h"
#include "util/error.h"

/* A slow line gets its time; a server that says nothing any more does not keep an operation for ever. */
#define RUN_USEC_MAX      (UINT64_C(6) * 3600 * 1000000)
#define STOP_TIMEOUT_USEC (UINT64_C(5) * 1000000)
#define MEMORY_MAX        (UINT64_C(1) << 30)
#define TASKS_MAX         UINT64_C(256)
#define MESSAGES_KEPT     4096U

struct PullUnits {
        sd_event *event;
        sd_bus *bus;
        sd_bus_slot *job_removed;
        sd_bus_slot *unit_removed;
        sd_bus_slot *sweep;
        GHashTable *units; /* PullUnit by unit name, borrowed */
};

struct PullUnit {
        PullUnits *units;
        char *name;
        char *reference;
        sd_bus_slot *start;
        bool accepted;
        bool ended;
        bool gone;
        int messages;
        sd_event_source *messages_source;
        GString *text; /* the last that it said */
        PullCallbacks callbacks;
        void *userdata;
};

static void read_messages(PullUnit *unit)
{
        char buffer[4096];
        ssize_t size;

        /* A bound, since what writes here may write faster than this reads. */
        for (unsigned i = 0; i < 16; i++) {
                size = read(unit->messages, buffer, sizeof(buffer));
                if (size < 0 && (errno == EINTR || errno == EAGAIN))
                        return;
                if (size <= 0) {
                        unit->messages_source = sd_event_source_disable_unref(unit->messages_source);
                        return;
                }
                g_string_append_len(unit->text, buffer, size);
                if (unit->text->len > MESSAGES_KEPT)
                        g_string_erase(unit->text, 0, (gssize) (unit->text->len - MESSAGES_KEPT));
        }
}

static int on_messages(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        read_messages(userdata);
        return 0;
}

static void tell_end(PullUnit *unit, const char *result)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autofree char *reason = NULL;

        if (unit->ended)
                return;
        unit->ended = true;
        read_messages(unit);
        if (g_str_equal(result, "done")) {
                unit->callbacks.ended(NULL, unit->userdata);
                return;
        }
        reason = skopeo_output_reason(unit->text->str, unit->text->len);
        if (reason)
                (void) error_set(&error, ERROR_PULL_FAILED, "skopeo could not fetch '%s': %s", unit->reference, reason);
        else
                (void) error_set(&error, ERROR_PULL_FAILED,
                                 "skopeo could not fetch '%s' (%s), and did not say why; see 'journalctl -u %s'",
                                 unit->reference, result, unit->name);
        unit->callbacks.ended(&error, unit->userdata);
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        PullUnits *units = userdata;
        const char *name, *result;
        PullUnit *unit;

        if (sd_bus_message_read(m, "uoss", NULL, NULL, &name, &result) < 0)
                return 0;
        unit = g_hash_table_lookup(units->units, name);
        if (unit)
                tell_end(unit, result);
        return 0;
}

static void tell_gone(PullUnit *unit)
{
        if (unit->gone)
                return;
        unit->gone = true;
        unit->callbacks.gone(unit->userdata);
}

static int on_unit_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        PullUnits *units = userdata;
        const char *name;
        PullUnit *unit;

        if (sd_bus_message_read(m, "so", &name, NULL) < 0)
                return 0;
        unit = g_hash_table_lookup(units->units, name);
        /* Its job is always removed before itself. */
        if (unit && unit->accepted && unit->ended)
                tell_gone(unit);
        return 0;
}

static int match(PullUnits *units, const char *member, sd_bus_message_handler_t handler, sd_bus_slot **ret)
{
        return sd_bus_match_signal_async(units->bus, ret, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, member, handler,
                                         NULL, units);
}

int pull_units_new(sd_event *event, sd_bus *bus, PullUnits **ret)
{
        PullUnits *units = g_new0(PullUnits, 1);
        int r;

        units->event = sd_event_ref(event);
        units->bus = sd_bus_ref(bus);
        units->units = g_hash_table_new(g_str_hash, g_str_equal);
        /* That systemd sends these at all has been asked for by scope.c. */
        r = match(units, "JobRemoved", on_job_removed, &units->job_removed);
        if (r >= 0)
                r = match(units, "UnitRemoved", on_unit_removed, &units->unit_removed);
        if (r < 0) {
                pull_units_free(units);
                return r;
        }
        *ret = units;
        return 0;
}

PullUnits *pull_units_free(PullUnits *units)
{
        if (!units)
                return NULL;
        sd_bus_slot_unref(units->job_removed);
        sd_bus_slot_unref(units->unit_removed);
        sd_bus_slot_unref(units->sweep);
        g_hash_table_unref(units->units);
        sd_bus_unref(units->bus);
        sd_event_unref(units->event);
        g_free(units);
        return NULL;
}

static int append_request(sd_bus_message *m, const PullUnit *unit, const PullRequest *request, int messages)
{
        g_autofree char *slice = uid_to_slice(request->owner);
        g_autofree char *description =
                g_strdup_printf("Fetch the image %s for gangway, asked by uid %u", request->reference, request->owner);
        int r;

        r = sd_bus_message_append(m, "ss", unit->name, "fail");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)", "Description", "s",
                                          description, "Slice", "s", slice, "Type", "s", "oneshot", "CollectMode", "s",
                                          "inactive-or-failed", "TimeoutStartUSec", "t", RUN_USEC_MAX,
                                          "TimeoutStopUSec", "t", STOP_TIMEOUT_USEC, "MemoryMax", "t", MEMORY_MAX,
                                          "TasksMax", "t", TASKS_MAX, "LimitFSIZE", "t", request->max_bytes,
                                          "LimitCORE", "t", UINT64_C(0));
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)", "StandardOutputFileDescriptor", "h", request->output,
                                          "StandardErrorFileDescriptor", "h", messages);
        if (r >= 0)
                r = pull_properties_append(m, request->reference, request->platform);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_append(m, "a(sa(sv))", 0);
        return r;
}

static int on_start_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        PullUnit *unit = userdata;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const sd_bus_error *refusal = sd_bus_message_get_error(m);

        unit->start = sd_bus_slot_unref(unit->start);
        unit->accepted = !refusal;
        if (!refusal)
                return 0;
        unit->ended = true;
        (void) error_set(&error, ERROR_PULL_FAILED, "systemd refused the unit %s: %s", unit->name, refusal->message);
        unit->callbacks.ended(&error, unit->userdata);
        tell_gone(unit);
        return 0;
}

static int start(PullUnit *unit, const PullRequest *request)
{
        PullUnits *units = unit->units;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_close_ int messages = -1;
        int ends[2], r;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        unit->messages = ends[0];
        messages = ends[1];
        /* Only the daemon's end: the other one is what skopeo writes to. */
        if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 || fchmod(request->output, 0666) < 0)
                return -errno;
        r = sd_event_add_io(units->event, &unit->messages_source, unit->messages, EPOLLIN, on_messages, unit);
        if (r >= 0)
                r = sd_bus_message_new_method_call(units->bus, &m, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                                   "StartTransientUnit");
        if (r >= 0)
                r = append_request(m, unit, request, messages);
        return r < 0 ? r : sd_bus_call_async(units->bus, &unit->start, m, on_start_reply, unit, 0);
}

int pull_unit_new(PullUnits *units, const PullRequest *request, const PullCallbacks *callbacks, void *userdata,
                  PullUnit **ret, sd_bus_error *error)
{
        PullUnit *unit;
        int r;

        if (access(GANGWAY_SKOPEO, X_OK) < 0)
                return error_set(error, ERROR_PULL_FAILED,
                                 "Images are fetched by skopeo, and " GANGWAY_SKOPEO
                                 " is not there; install the package skopeo");
        unit = g_new0(PullUnit, 1);
        unit->units = units;
        /* One that an earlier daemon left may be on its way out under its own name. */
        unit->name = g_strdup_printf("gangway-pull-%d-%" G_GUINT64_FORMAT ".service", getpid(), request->number);
        unit->reference = g_strdup(request->reference);
        unit->messages = -1;
        unit->text = g_string_new(NULL);
        unit->callbacks = *callbacks;
        unit->userdata = userdata;
        g_hash_table_insert(units->units, unit->name, unit);
        r = start(unit, request);
        if (r < 0) {
                unit->gone = true;
                pull_unit_free(unit);
                return error_set(error, ERROR_PULL_FAILED, "systemd can't be asked for a unit: %s", g_strerror(-r));
        }
        *ret = unit;
        return 0;
}

void pull_unit_stop(PullUnit *unit)
{
        if (unit->gone)
                return;
        (void) sd_bus_call_method_async(unit->units->bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "StopUnit",
                                        NULL, NULL, "ss", unit->name, "replace");
}

PullUnit *pull_unit_free(PullUnit *unit)
{
        if (!unit)
                return NULL;
        pull_unit_stop(unit);
        (void) g_hash_table_remove(unit->units->units, unit->name);
        sd_bus_slot_unref(unit->start);
        sd_event_source_disable_unref(unit->messages_source);
        safe_close(unit->messages);
        g_string_free(unit->text, TRUE);
        g_free(unit->reference);
        g_free(unit->name);
        g_free(unit);
        return NULL;
}

int pull_units_sweep(PullUnits *units)
{
        return unit_sweep(units->bus, "gangway-pull-*.service", units->units, &units->sweep);
}
