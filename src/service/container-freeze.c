/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What systemd does to all processes of a container at once: signals, Pause and Resume. Two want a container paused,
 * its caller and a commit that copies what it wrote. A commit undoes only what it did itself, so what the caller wants
 * is remembered; and while a commit copies, a Resume waits. systemd takes one request of this kind at a time.
 */

#include "service/container-commit.h"
#include "service/container-private.h"
#include "util/cleanup.h"
#include "util/error.h"

typedef struct Call {
        Container *container;
        ContainerDone done;
        void *userdata;
        bool freeze;
        bool by_commit;
        bool waited;            /* for a commit */
        uint64_t last_launcher; /* of those that a freeze has to wait for */
} Call;

static Call *call_new(Container *container, ContainerDone done, void *userdata)
{
        Call *call = g_new0(Call, 1);

        call->container = container;
        call->done = done;
        call->userdata = userdata;
        return call;
}

static void call_finish(const sd_bus_error *error, void *userdata)
{
        g_autofree Call *call = userdata;

        call->done(call->container, error, call->userdata);
}

static void call_failed(Call *call, int r)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) error_set(&error, ERROR_SCOPE_FAILED, "systemd can't be asked about %s: %s", call->container->unit,
                         g_strerror(-r));
        call_finish(&error, call);
}

void container_signal_all(Container *container, int signal, ContainerDone done, void *userdata)
{
        Call *call = call_new(container, done, userdata);
        int r = scope_signal(container->scope, signal, call_finish, call);

        if (r < 0)
                call_failed(call, r);
}

static void freeze_done(Call *call)
{
        Container *container = call->container;
        bool resumed = !call->freeze;

        if (!call->by_commit)
                container->paused_by_caller = call->freeze;
        call_finish(NULL, call);
        /* What was asked for while it was paused for a commit. */
        if (resumed)
                container_start_jobs_run(container);
}

static void on_frozen(const sd_bus_error *error, void *userdata)
{
        Call *call = userdata;
        Container *container = call->container;
        ContainerEvent event = call->freeze ? EVENT_PAUSED : EVENT_RESUMED;

        container->freezing = false;
        if (!error && lifecycle_next(container->state, event) >= 0) {
                container_event(container, event);
                container_state_changed(container);
        }
        if (error)
                call_finish(error, call);
        else
                freeze_done(call);
        container_freezes_run(container);
}

/* Returns 1 where there is something to do, 0 where there is not. */
static int check(const Call *call, sd_bus_error *error)
{
        const Container *container = call->container;
        const char *name = container->spec->name;

        switch (container->state) {
        case CONTAINER_CREATING:
        case CONTAINER_CREATED:
        case CONTAINER_STARTING:
                return error_set(error, ERROR_NOT_STARTED, "The container '%s' is not started yet", name);
        case CONTAINER_RUNNING:
                if (call->freeze)
                        return 1;
                /* It was paused when this was asked for. */
                return call->waited ? 0 : error_set(error, ERROR_NOT_RUNNING, "The container '%s' is not paused", name);
        case CONTAINER_PAUSED:
                return call->freeze ? 0 : 1;
        default:
                return error_set(error, ERROR_NOT_RUNNING, "The container '%s' is not running any more", name);
        }
}

/* A process is its launcher's child until that one has ended. A launcher that is frozen in its last moment would keep
 * the end of its process to itself, so a freeze waits for those that are on their way out. */
static bool has_to_wait(Call *call)
{
        const GPtrArray *ending = call->container->ending;

        if (!call->by_commit && !call->freeze && container_commits_hold_resume(call->container)) {
                call->waited = true;
                return true;
        }
        if (call->container->freezing)
                return true;
        for (guint i = 0; i < ending->len; i++)
                if (((LauncherEnd *) ending->pdata[i])->number <= call->last_launcher)
                        return true;
        return false;
}

static void begin(Call *call)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = check(call, &error);
        if (r < 0) {
                call_finish(&error, call);
                return;
        }
        if (r == 0) {
                freeze_done(call);
                return;
        }
        r = scope_freeze(call->container->scope, call->freeze, on_frozen, call);
        if (r < 0)
                call_failed(call, r);
        else
                call->container->freezing = true;
}

void container_freezes_run(Container *container)
{
        Call *call;

        while ((call = g_queue_peek_head(&container->freezes)) && !has_to_wait(call)) {
                (void) g_queue_pop_head(&container->freezes);
                begin(call);
        }
}

void container_freezes_abort(Container *container, const sd_bus_error *error)
{
        Call *call;

        while ((call = g_queue_pop_head(&container->freezes)))
                call_finish(error, call);
}

static void queue(Container *container, bool freeze, bool by_commit, ContainerDone done, void *userdata)
{
        Call *call = call_new(container, done, userdata);

        call->freeze = freeze;
        call->by_commit = by_commit;
        call->last_launcher = freeze ? container->last_launcher : 0;
        /* A caller's Resume that waits for the commit's end must not hold up what belongs to that end. */
        if (by_commit && !freeze)
                g_queue_push_head(&container->freezes, call);
        else
                g_queue_push_tail(&container->freezes, call);
        container_freezes_run(container);
}

void container_freeze(Container *container, bool freeze, ContainerDone done, void *userdata)
{
        queue(container, freeze, false, done, userdata);
}

void container_freeze_for_commit(Container *container, bool freeze, ContainerDone done)
{
        queue(container, freeze, true, done, NULL);
}
