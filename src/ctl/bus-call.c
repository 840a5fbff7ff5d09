/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The one place that knows how gangwayd is called: on the system bus, with interactive authorization allowed, and with
 * no time limit.
 */

#include "config.h"

#include "ctl/bus-call.h"

#include <errno.h>
#include <glib.h>
#include <glib/gi18n.h>
#include <string.h>
#include <time.h>

#include "util/cleanup.h"
#include "util/error.h"

#define NO_TIME_LIMIT UINT64_MAX

int ctl_bus_failure(int r, sd_bus_error *error)
{
        if (!sd_bus_error_is_set(error))
                sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, "%s", g_strerror(-r));
        return r;
}

int ctl_connect(Ctl *ctl, sd_bus_error *error)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        if (ctl->bus)
                return 0;
        r = sd_bus_open_system_with_description(&bus, "gangwayctl");
        if (r < 0) {
                sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, _("can't connect to the system bus: %s"), g_strerror(-r));
                return r;
        }
        r = sd_bus_set_allow_interactive_authorization(bus, !ctl->no_ask_password);
        if (r < 0)
                return ctl_bus_failure(r, error);
        ctl->bus = g_steal_pointer(&bus);
        return 0;
}

int ctl_new_call(Ctl *ctl, const char *path, const char *member, sd_bus_message **ret, sd_bus_error *error)
{
        int r;

        r = sd_bus_message_new_method_call(ctl->bus, ret, CTL_SERVICE, path ?: CTL_ROOT,
                                           path ? CTL_CONTAINER : CTL_MANAGER, member);
        return r < 0 ? ctl_bus_failure(r, error) : 0;
}

int ctl_call(Ctl *ctl, sd_bus_message *message, sd_bus_message **ret, sd_bus_error *error)
{
        int r;

        r = sd_bus_call(ctl->bus, message, NO_TIME_LIMIT, error, ret);
        return r < 0 ? ctl_bus_failure(r, error) : 0;
}

/* poll(2)'s milliseconds until sd-bus wants to be called, or limit, whichever is less. */
static int poll_timeout(sd_bus *bus, int limit)
{
        struct timespec now;
        uint64_t at, now_usec;
        int msec;

        if (sd_bus_get_timeout(bus, &at) < 0 || at == UINT64_MAX)
                return limit;
        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        now_usec = (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
        msec = at <= now_usec ? 0 : (int) MIN((at - now_usec + 999) / 1000, (uint64_t) G_MAXINT);
        return limit < 0 ? msec : MIN(msec, limit);
}

int ctl_poll(Ctl *ctl, struct pollfd *fds, size_t n, int limit)
{
        int events = sd_bus_get_events(ctl->bus);

        if (events < 0)
                return events;
        fds[0] = (struct pollfd){.fd = sd_bus_get_fd(ctl->bus), .events = (short) events};
        return poll(fds, n, poll_timeout(ctl->bus, limit)) < 0 && errno != EINTR ? -errno : 0;
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        sd_bus_message **ret = userdata;

        *ret = sd_bus_message_ref(reply);
        return 1;
}

static int wait_for_reply(Ctl *ctl, Signals *signals, sd_bus_message *const *reply)
{
        int r;

        for (;;) {
                struct pollfd fds[] = {{.fd = -1}, {.fd = signals->fd, .events = POLLIN}};

                while ((r = sd_bus_process(ctl->bus, NULL)) > 0 && !*reply)
                        ;
                if (r < 0 || *reply)
                        return r < 0 ? r : 0;
                r = ctl_poll(ctl, fds, G_N_ELEMENTS(fds), -1);
                if (r < 0)
                        return r;
                signals_keep_early(signals);
        }
}

int ctl_call_with_signals(Ctl *ctl, sd_bus_message *message, Signals *signals, sd_bus_message **ret,
                          sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
        const sd_bus_error *failure;
        int r;

        r = sd_bus_call_async(ctl->bus, &slot, message, on_reply, &reply, NO_TIME_LIMIT);
        if (r >= 0)
                r = wait_for_reply(ctl, signals, &reply);
        if (r < 0)
                return ctl_bus_failure(r, error);
        failure = sd_bus_message_get_error(reply);
        if (failure)
                return sd_bus_error_copy(error, failure);
        *ret = g_steal_pointer(&reply);
        return 0;
}

int ctl_call_simple(Ctl *ctl, const char *path, const char *member, sd_bus_message **ret, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = ctl_new_call(ctl, path, member, &message, error);
        if (r < 0)
                return r;
        return ctl_call(ctl, message, ret, error);
}

int ctl_find_container(Ctl *ctl, const char *name, char **ret_path, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
        const char *path;
        int r;

        r = ctl_connect(ctl, error);
        if (r < 0)
                return r;
        /* Only for another user's container polkit has something to ask. */
        if (strchr(name, '/'))
                ctl_offer_agent(ctl);
        r = ctl_new_call(ctl, NULL, "GetContainer", &message, error);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "s", name);
        if (r < 0)
                return ctl_bus_failure(r, error);
        r = ctl_call(ctl, message, &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return ctl_bus_failure(r, error);
        *ret_path = g_strdup(path);
        return 0;
}

char *ctl_container_name(const char *path)
{
        _cleanup_free_ char *uid = NULL, *name = NULL;

        if (sd_bus_path_decode_many(path, CTL_ROOT "/container/%/%", &uid, &name) <= 0)
                return NULL;
        if (g_ascii_strtoull(uid, NULL, 10) == geteuid())
                return g_strdup(name);
        return g_strdup_printf("%s/%s", uid, name);
}

void ctl_offer_agent(Ctl *ctl)
{
        if (!ctl->no_ask_password)
                polkit_agent_start(&ctl->agent);
}
