/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/process-call.h"

#include "model/signal-name.h"
#include "service/decode-process.h"
#include "util/cleanup.h"
#include "util/error.h"

struct ProcessWatch {
        ContainerBus *shown;
        char *process;
        PeerWatch *caller;
};

ProcessWatch *process_watch_free(ProcessWatch *watch)
{
        if (!watch)
                return NULL;
        peer_watch_free(watch->caller);
        g_free(watch->process);
        g_free(watch);
        return NULL;
}

static void on_caller_left(void *userdata)
{
        ProcessWatch *watch = userdata;

        container_hang_up(watch->shown->container, watch->process);
        (void) g_ptr_array_remove_fast(watch->shown->process_watches, watch);
}

static void watch_caller(ContainerBus *shown, const char *process, const char *caller)
{
        Peers *peers = shown->bus->peers;
        ProcessWatch *watch;
        uint32_t uid;

        /* It may have left while the process was started. */
        if (peers_get_uid(peers, caller, &uid) < 0) {
                container_hang_up(shown->container, process);
                return;
        }
        watch = g_new0(ProcessWatch, 1);
        watch->shown = shown;
        watch->process = g_strdup(process);
        watch->caller = peers_watch(peers, caller, on_caller_left, watch);
        g_ptr_array_add(shown->process_watches, watch);
}

typedef struct StartCall {
        ContainerBus *shown;
        sd_bus_message *m;
        bool watch_bus;
} StartCall;

static int reply_started(sd_bus_message *m, const Process *process, int terminal)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", process_get_id(process));
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}", "pid", "u", (uint32_t) process_get_pid(process));
        if (r >= 0 && terminal >= 0)
                r = sd_bus_message_append(reply, "{sv}", "pty", "h", terminal);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static void on_started(Container *container, Process *process, int terminal, const sd_bus_error *error, void *userdata)
{
        StartCall *call = userdata;

        if (error) {
                (void) sd_bus_reply_method_error(call->m, error);
        } else {
                (void) reply_started(call->m, process, terminal);
                if (call->watch_bus)
                        watch_caller(call->shown, process_get_id(process), sd_bus_message_get_sender(call->m));
        }
        sd_bus_message_unref(call->m);
        g_free(call);
}

static int start(sd_bus_message *m, ContainerBus *shown, bool exec, sd_bus_error *error)
{
        ProcessDefaults defaults = container_get_defaults(shown->container, exec);
        ProcessSpec *spec;
        StartCall *call;
        int r;

        r = decode_process(m, &defaults, &spec, error);
        if (r < 0)
                return r;
        call = g_new0(StartCall, 1);
        call->shown = shown;
        call->m = sd_bus_message_ref(m);
        call->watch_bus = spec->watch_bus;
        container_start(shown->container, spec, exec, on_started, call);
        return 1;
}

int process_call_start(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return start(m, userdata, false, error);
}

int process_call_exec(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return start(m, userdata, true, error);
}

int process_call_resize(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        ContainerBus *shown = userdata;
        const char *id;
        uint16_t rows, columns;
        Process *process;
        int r;

        r = sd_bus_message_read(m, "sqq", &id, &rows, &columns);
        if (r >= 0)
                r = container_find_process(shown->container, id, &process, error);
        if (r < 0)
                return r;
        r = process_resize(process, rows, columns);
        if (r == -ENOTTY)
                return error_set(error, ERROR_NOT_A_TERMINAL, "The process '%s' has no terminal", id);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

int process_call_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        ContainerBus *shown = userdata;
        const char *id, *name, *whom;
        Process *process;
        int r, signal;

        r = sd_bus_message_read(m, "sss", &id, &name, &whom);
        if (r < 0)
                return r;
        signal = signal_from_string(name);
        if (signal < 0)
                return error_invalid(error,
                                     "There is no signal '%.128s'; it is written as \"TERM\", \"SIGTERM\", \"15\" or "
                                     "\"RTMIN+3\"",
                                     name);
        if (*whom && !g_strv_contains((const char *const[]){"process", "group", "all", NULL}, whom))
                return error_invalid(error, "'%.128s' is nobody to send a signal to; it is one of process, group, all",
                                     whom);
        r = container_find_process(shown->container, id, &process, error);
        if (r < 0)
                return r;

        if (g_str_equal(whom, "all") && !process_get_end(process)) {
                container_signal_all(shown->container, signal, container_bus_reply_done, sd_bus_message_ref(m));
                return 1;
        }
        r = process_signal(process, signal, g_str_equal(whom, "group"));
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

int process_call_append_end(sd_bus_message *m, const Process *process)
{
        const ProcessEnd *end = process_get_end(process);
        int r;

        r = sd_bus_message_append(m, "u", end->exit_code);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "wait-status", "u", end->wait_status);
        if (r >= 0 && end->term_signal != 0)
                r = sd_bus_message_append(m, "{sv}", "term-signal", "i", end->term_signal);
        if (r >= 0 && end->oom)
                r = sd_bus_message_append(m, "{sv}", "oom", "b", true);
        if (r >= 0 && end->released)
                r = sd_bus_message_append(m, "{sv}", "released", "b", true);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static void on_waited(const Process *process, void *userdata)
{
        sd_bus_message *m = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = process_call_append_end(reply, process);
        if (r >= 0)
                (void) sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(m);
}

int process_call_wait(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        ContainerBus *shown = userdata;
        Process *process;
        const char *id;
        int r;

        r = sd_bus_message_read(m, "s", &id);
        if (r >= 0)
                r = container_find_process(shown->container, id, &process, error);
        if (r < 0)
                return r;
        process_wait(process, on_waited, sd_bus_message_ref(m));
        return 1;
}
