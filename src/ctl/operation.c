/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The operation is the daemon's, and goes on without this program. So a signal that asks this program to end is taken
 * for what the person means: that the operation be cancelled. It is answered when nothing of it is left; who does not
 * want to wait for that sends a second one.
 *
 * Progress comes as a signal to this connection alone, and none before the reply that names the operation: a filter
 * that is added after the reply misses nothing.
 */

#include "config.h"

#include "ctl/operation.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

#include "ctl/bus-call.h"
#include "ctl/progress.h"
#include "ctl/report.h"
#include "ctl/signals.h"
#include "util/cleanup.h"
#include "util/error.h"

#define NO_TIME_LIMIT UINT64_MAX
#define OPERATION     "org.gangway1.Operation"

typedef struct Follower {
        Ctl *ctl;
        const char *path;
        const char *daemon; /* its unique name: others may send signals, too */
        Progress progress;
        Signals *signals;
        int cancelled_by;      /* the signal, or 0 */
        sd_bus_message *reply; /* of Wait */
} Follower;

static int read_progress(Follower *f, sd_bus_message *message)
{
        uint64_t done, total;
        const char *key;
        int r;

        r = sd_bus_message_skip(message, "s");
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = sd_bus_message_read(message, "s", &key);
                if (r < 0)
                        return r;
                if (strcmp(key, "Progress") == 0) {
                        r = sd_bus_message_read(message, "v", "(tt)", &done, &total);
                        if (r >= 0)
                                progress_update(&f->progress, done, total);
                } else
                        r = sd_bus_message_skip(message, "v");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r;
}

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        Follower *f = userdata;

        if (sd_bus_message_is_signal(message, "org.freedesktop.DBus.Properties", "PropertiesChanged") &&
            g_strcmp0(sd_bus_message_get_path(message), f->path) == 0 &&
            g_strcmp0(sd_bus_message_get_sender(message), f->daemon) == 0)
                (void) read_progress(f, message);
        return 0;
}

static int on_wait_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        Follower *f = userdata;

        f->reply = sd_bus_message_ref(reply);
        return 1;
}

/* What Cancel has to say does not matter: Wait is answered in any case, if by the bus. */
static int on_signal(Follower *f, int number)
{
        if (number == SIGUSR1 || number == SIGUSR2 || number == SIGALRM)
                return 0;
        if (f->cancelled_by) {
                progress_end(&f->progress);
                signals_give_back(f->signals);
                (void) raise(number);
                return -EINTR;
        }
        f->cancelled_by = number;
        return sd_bus_call_method_async(f->ctl->bus, NULL, CTL_SERVICE, f->path, OPERATION, "Cancel", NULL, NULL, "");
}

static int run_loop(Follower *f)
{
        int r, number;

        for (;;) {
                struct pollfd fds[] = {{.fd = -1}, {.fd = f->signals->fd, .events = POLLIN}};

                while ((r = sd_bus_process(f->ctl->bus, NULL)) > 0 && !f->reply)
                        ;
                if (r < 0 || f->reply)
                        return r < 0 ? r : 0;
                r = ctl_poll(f->ctl, fds, G_N_ELEMENTS(fds), progress_timeout(&f->progress));
                if (r < 0)
                        return r;
                while (f->signals->fd >= 0 && (number = signals_next(f->signals)) > 0)
                        if ((r = on_signal(f, number)) < 0)
                                return r;
                progress_tick(&f->progress);
        }
}

static int follow(Follower *f)
{
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *filter = NULL, *wait = NULL;
        sd_bus *bus = f->ctl->bus;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = sd_bus_add_filter(bus, &filter, on_message, f);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_call(bus, &message, CTL_SERVICE, f->path, OPERATION, "Wait");
        if (r < 0)
                return r;
        r = sd_bus_call_async(bus, &wait, message, on_wait_reply, f, NO_TIME_LIMIT);
        if (r < 0)
                return r;
        if (f->signals->early) {
                r = on_signal(f, f->signals->early);
                if (r < 0)
                        return r;
        }
        return run_loop(f);
}

/* Wait's reply, as the exit status. */
static int conclude(Follower *f, sd_bus_message **ret_result)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = g_steal_pointer(&f->reply);
        const sd_bus_error *error = sd_bus_message_get_error(reply);

        if (!error) {
                *ret_result = g_steal_pointer(&reply);
                return 0;
        }
        if (!f->cancelled_by || !sd_bus_error_has_name(error, ERROR_CANCELLED))
                return report_failure(error, 0);
        report(_("%s: cancelled"), f->progress.label);
        return 128 + f->cancelled_by;
}

static int follow_operation(Ctl *ctl, sd_bus_message *call_reply, const char *label, Signals *signals,
                            sd_bus_message **ret_result)
{
        Follower f = {.ctl = ctl, .signals = signals, .daemon = sd_bus_message_get_sender(call_reply)};
        int r;

        r = sd_bus_message_read(call_reply, "o", &f.path);
        if (r < 0)
                return report_failure(NULL, r);
        progress_start(&f.progress, label);
        r = follow(&f);
        progress_end(&f.progress);
        return r < 0 ? report_failure(NULL, r) : conclude(&f, ret_result);
}

int operation_run(Ctl *ctl, sd_bus_message *message, const char *label, sd_bus_message **ret_result)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(signals_give_back) Signals signals = SIGNALS_INIT;
        int r;

        ctl_offer_agent(ctl);
        r = signals_take(&signals, false);
        if (r >= 0)
                r = ctl_call_with_signals(ctl, message, &signals, &reply, &error);
        polkit_agent_stop(&ctl->agent);
        if (r < 0)
                return report_failure(&error, r);
        return follow_operation(ctl, reply, label, &signals, ret_result);
}

/* Goes to the value of key. Returns whether it is there. */
static bool find_result(sd_bus_message *result, const char *key)
{
        const char *found;

        if (sd_bus_message_rewind(result, true) < 0 || sd_bus_message_enter_container(result, 'a', "{sv}") <= 0)
                return false;
        while (sd_bus_message_enter_container(result, 'e', "sv") > 0) {
                if (sd_bus_message_read(result, "s", &found) < 0)
                        return false;
                if (strcmp(found, key) == 0)
                        return true;
                if (sd_bus_message_skip(result, "v") < 0 || sd_bus_message_exit_container(result) < 0)
                        return false;
        }
        return false;
}

uint64_t result_number(sd_bus_message *result, const char *key)
{
        uint64_t number;

        return find_result(result, key) && sd_bus_message_read(result, "v", "t", &number) >= 0 ? number : 0;
}

const char *result_text(sd_bus_message *result, const char *key)
{
        const char *text;

        return find_result(result, key) && sd_bus_message_read(result, "v", "s", &text) >= 0 ? text : NULL;
}
