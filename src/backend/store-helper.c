/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The operation is over with the answer; the process goes on for a while, to have what it made on the disk and to
 * remove what was replaced, and is only watched from then on. Where the process ends, what it said last is read before
 * that is taken for an answer that never came.
 */

#include "backend/store-helper.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/log.h"
#include "util/spawn.h"

struct StoreHelpers {
        sd_event *event;
        Reaper *reaper;
        char *program;
        char *path;
        GPtrArray *running; /* borrowed */
        StoreHelper *sweep;
};

struct StoreHelper {
        StoreHelpers *helpers;
        pid_t pid;
        ReaperWatch *watch;
        int control;
        sd_event_source *source;
        bool is_sweep;
        bool answered;
        bool freed; /* by its owner, while it was still to be watched */
        const StoreHelperCallbacks *callbacks;
        void *userdata;
};

StoreHelpers *store_helpers_new(sd_event *event, Reaper *reaper, const char *program, const char *path)
{
        StoreHelpers *helpers = g_new0(StoreHelpers, 1);

        helpers->event = sd_event_ref(event);
        helpers->reaper = reaper;
        helpers->program = g_strdup(program);
        helpers->path = g_strdup(path);
        helpers->running = g_ptr_array_new();
        return helpers;
}

static void destroy(StoreHelper *helper);

StoreHelpers *store_helpers_free(StoreHelpers *helpers)
{
        if (!helpers)
                return NULL;
        while (helpers->running->len > 0)
                destroy(g_ptr_array_index(helpers->running, 0));
        g_ptr_array_unref(helpers->running);
        sd_event_unref(helpers->event);
        g_free(helpers->program);
        g_free(helpers->path);
        g_free(helpers);
        return NULL;
}

static void on_swept(StringMessage *result, sd_bus_error *error, void *userdata)
{
        StoreHelpers *helpers = userdata;

        if (error)
                log_warning("The store can't be swept: %s", error->message);
        helpers->sweep = store_helper_free(helpers->sweep);
}

static const StoreHelperCallbacks sweep_callbacks = {.ended = on_swept};

/* One that is on its way may have passed what was left behind just now, but the next one finds it. */
static void sweep(StoreHelpers *helpers)
{
        int r;

        if (helpers->sweep)
                return;
        r = store_helper_start(helpers, (const char *const[]){"sweep", NULL}, NULL, 0, &sweep_callbacks, helpers,
                               &helpers->sweep);
        if (r < 0)
                log_warning("The store can't be swept: %s", g_strerror(-r));
}

/* Ends the operation, once. The owner may free the helper, and all of them. */
static void end(StoreHelper *helper, StringMessage *result, sd_bus_error *error)
{
        if (helper->answered)
                return;
        helper->answered = true;
        helper->callbacks->ended(result, error, helper->userdata);
}

static void take_progress(StoreHelper *helper, const StringMessage *message)
{
        guint64 done, total;

        if (!helper->answered && message->n_strings >= 3 && helper->callbacks->progress &&
            g_ascii_string_to_unsigned(message->strings[1], 10, 0, G_MAXUINT64, &done, NULL) &&
            g_ascii_string_to_unsigned(message->strings[2], 10, 0, G_MAXUINT64, &total, NULL))
                helper->callbacks->progress(done, total, helper->userdata);
}

static void take_answer(StoreHelper *helper, StringMessage *message)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (g_str_equal(message->strings[0], "ok")) {
                end(helper, message, NULL);
                return;
        }
        if (g_str_equal(message->strings[0], "error") && message->n_strings >= 3)
                (void) error_set(&error, message->strings[1], "%s", message->strings[2]);
        else
                (void) error_set(&error, SD_BUS_ERROR_FAILED, "The store's helper gave no answer that can be read");
        end(helper, NULL, &error);
}

static int on_control(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        StoreHelper *helper = userdata;
        StringMessage message;
        int r = string_message_receive(fd, MSG_DONTWAIT, &message);

        if (r == -EAGAIN)
                return 0;
        if (r <= 0)
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        /* Either may free the helper. */
        if (g_str_equal(message.strings[0], "progress"))
                take_progress(helper, &message);
        else
                take_answer(helper, &message);
        string_message_done(&message);
        return 0;
}

/* The answer that came with the end. Progress that nobody has read yet is of no interest any more. */
static bool receive_answer(StoreHelper *helper, StringMessage *ret)
{
        while (string_message_receive(helper->control, MSG_DONTWAIT, ret) > 0) {
                if (!g_str_equal(ret->strings[0], "progress"))
                        return true;
                string_message_done(ret);
        }
        return false;
}

static void set_lost(const siginfo_t *info, sd_bus_error *error)
{
        if (info->si_code == CLD_EXITED)
                (void) error_set(error, SD_BUS_ERROR_FAILED,
                                 "The store's helper ended with status %d before it answered; see the journal of "
                                 "gangwayd.service",
                                 info->si_status);
        else
                (void) error_set(error, SD_BUS_ERROR_FAILED,
                                 "The store's helper was killed by signal %d; the store is as it was before, or as it "
                                 "was to be; look, and try again",
                                 info->si_status);
}

static void on_ended(const siginfo_t *info, void *userdata)
{
        StoreHelper *helper = userdata;
        StoreHelpers *helpers = helper->helpers;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        StringMessage message;

        helper->source = sd_event_source_disable_unref(helper->source);
        helper->watch = reaper_watch_free(helper->watch);
        (void) g_ptr_array_remove(helpers->running, helper);
        if (info->si_code != CLD_EXITED && !helper->is_sweep)
                sweep(helpers);
        if (helper->freed) {
                store_helper_free(helper);
                return;
        }
        if (helper->answered)
                return;
        if (receive_answer(helper, &message)) {
                take_answer(helper, &message);
                string_message_done(&message);
        } else {
                set_lost(info, &error);
                end(helper, NULL, &error);
        }
}

static int start(StoreHelper *helper, int control)
{
        const StoreHelpers *helpers = helper->helpers;
        const char *const argv[] = {helpers->program, helpers->path, NULL};
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        SpawnRequest request = {.path = helpers->program, .argv = argv, .control = control, .null = null};
        int pidfd, r;

        if (null < 0)
                return -errno;
        r = spawn(&request, &helper->pid, &pidfd);
        return r < 0 ? r : reaper_watch(helpers->reaper, helper->pid, pidfd, on_ended, helper, &helper->watch);
}

int store_helper_start(StoreHelpers *helpers, const char *const *strings, const int *fds, size_t n_fds,
                       const StoreHelperCallbacks *callbacks, void *userdata, StoreHelper **ret)
{
        StoreHelper *helper;
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        helper = g_new0(StoreHelper, 1);
        helper->helpers = helpers;
        helper->is_sweep = g_str_equal(strings[0], "sweep");
        helper->control = pair[0];
        helper->callbacks = callbacks;
        helper->userdata = userdata;
        g_ptr_array_add(helpers->running, helper);

        r = string_message_send(helper->control, strings, fds, n_fds);
        if (r >= 0)
                r = start(helper, pair[1]);
        safe_close(pair[1]);
        if (r >= 0)
                r = sd_event_add_io(helpers->event, &helper->source, helper->control, EPOLLIN, on_control, helper);
        /* What a helper says comes before the end of its process is looked at. */
        if (r >= 0)
                r = sd_event_source_set_priority(helper->source, SD_EVENT_PRIORITY_IMPORTANT);
        if (r < 0) {
                destroy(helper);
                return r;
        }
        *ret = helper;
        return 0;
}

void store_helper_cancel(StoreHelper *helper)
{
        if (helper->watch && !helper->answered)
                (void) kill(helper->pid, SIGTERM);
}

static void destroy(StoreHelper *helper)
{
        (void) g_ptr_array_remove(helper->helpers->running, helper);
        store_helper_cancel(helper);
        helper->source = sd_event_source_disable_unref(helper->source);
        safe_close(helper->control);
        /* One that has not ended yet is picked up by the reaper. */
        reaper_watch_free(helper->watch);
        g_free(helper);
}

StoreHelper *store_helper_free(StoreHelper *helper)
{
        if (!helper)
                return NULL;
        /* Its end is still of interest: it may be killed. */
        store_helper_cancel(helper);
        helper->answered = true;
        helper->freed = true;
        if (!helper->watch)
                destroy(helper);
        return NULL;
}

const char *store_helper_find(const StringMessage *result, const char *key)
{
        for (size_t i = 1; i + 1 < result->n_strings; i += 2)
                if (g_str_equal(result->strings[i], key))
                        return result->strings[i + 1];
        return NULL;
}
