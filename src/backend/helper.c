/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The operation is over with the answer; the process goes on for a while, to have what it made on the disk and to
 * remove what was replaced, and is only watched from then on. Where the process ends, what it said last is read before
 * that is taken for an answer that never came.
 */

#include "backend/helper.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/log.h"
#include "util/spawn.h"

struct Helpers {
        sd_event *event;
        Reaper *reaper;
        HelperKind kind;
        char *path;
        GPtrArray *running; /* borrowed */
        Helper *sweep;
};

struct Helper {
        Helpers *helpers;
        pid_t pid;
        ReaperWatch *watch;
        int control;
        sd_event_source *source;
        bool is_sweep;
        bool answered;
        bool freed; /* by its owner, while it was still to be watched */
        const HelperCallbacks *callbacks;
        void *userdata;
};

Helpers *helpers_new(sd_event *event, Reaper *reaper, const HelperKind *kind, const char *path)
{
        Helpers *helpers = g_new0(Helpers, 1);

        helpers->event = sd_event_ref(event);
        helpers->reaper = reaper;
        helpers->kind = *kind;
        helpers->path = g_strdup(path);
        helpers->running = g_ptr_array_new();
        return helpers;
}

static void destroy(Helper *helper);

Helpers *helpers_free(Helpers *helpers)
{
        if (!helpers)
                return NULL;
        while (helpers->running->len > 0)
                destroy(g_ptr_array_index(helpers->running, 0));
        g_ptr_array_unref(helpers->running);
        sd_event_unref(helpers->event);
        g_free(helpers->path);
        g_free(helpers);
        return NULL;
}

static void on_swept(StringMessage *result, sd_bus_error *error, void *userdata)
{
        Helpers *helpers = userdata;

        if (error)
                log_warning("What a killed helper of %s left can't be removed: %s", helpers->kind.what, error->message);
        helpers->sweep = helper_free(helpers->sweep);
}

static const HelperCallbacks sweep_callbacks = {.ended = on_swept};

/* One that is on its way may have passed what was left behind just now, but the next one finds it. */
static void sweep(Helpers *helpers)
{
        int r;

        if (helpers->sweep || !helpers->kind.sweeps)
                return;
        r = helper_start(helpers, (const char *const[]){"sweep", NULL}, NULL, 0, &sweep_callbacks, helpers,
                         &helpers->sweep);
        if (r < 0)
                log_warning("What a killed helper of %s left can't be removed: %s", helpers->kind.what, g_strerror(-r));
}

/* Ends the operation, once. The owner may free the helper, and all of them. */
static void end(Helper *helper, StringMessage *result, sd_bus_error *error)
{
        if (helper->answered)
                return;
        helper->answered = true;
        helper->callbacks->ended(result, error, helper->userdata);
}

static void take_progress(Helper *helper, const StringMessage *message)
{
        guint64 done, total;

        if (!helper->answered && message->n_strings >= 3 && helper->callbacks->progress &&
            g_ascii_string_to_unsigned(message->strings[1], 10, 0, G_MAXUINT64, &done, NULL) &&
            g_ascii_string_to_unsigned(message->strings[2], 10, 0, G_MAXUINT64, &total, NULL))
                helper->callbacks->progress(done, total, helper->userdata);
}

static void take_answer(Helper *helper, StringMessage *message)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (g_str_equal(message->strings[0], "ok")) {
                end(helper, message, NULL);
                return;
        }
        if (g_str_equal(message->strings[0], "error") && message->n_strings >= 3)
                (void) error_set(&error, message->strings[1], "%s", message->strings[2]);
        else
                (void) error_set(&error, SD_BUS_ERROR_FAILED, "The helper of %s gave no answer that can be read",
                                 helper->helpers->kind.what);
        end(helper, NULL, &error);
}

static int on_control(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Helper *helper = userdata;
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
static bool receive_answer(Helper *helper, StringMessage *ret)
{
        while (string_message_receive(helper->control, MSG_DONTWAIT, ret) > 0) {
                if (!g_str_equal(ret->strings[0], "progress"))
                        return true;
                string_message_done(ret);
        }
        return false;
}

static void set_lost(const Helper *helper, const siginfo_t *info, sd_bus_error *error)
{
        const char *what = helper->helpers->kind.what;

        if (info->si_code == CLD_EXITED)
                (void) error_set(error, SD_BUS_ERROR_FAILED,
                                 "The helper of %s ended with status %d before it answered; see the journal of "
                                 "gangwayd.service",
                                 what, info->si_status);
        else
                (void) error_set(error, SD_BUS_ERROR_FAILED,
                                 "The helper of %s was killed by signal %d; things are as they were before, or as they "
                                 "were to be; look, and try again",
                                 what, info->si_status);
}

static void on_ended(const siginfo_t *info, void *userdata)
{
        Helper *helper = userdata;
        Helpers *helpers = helper->helpers;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        StringMessage message;

        helper->source = sd_event_source_disable_unref(helper->source);
        helper->watch = reaper_watch_free(helper->watch);
        (void) g_ptr_array_remove(helpers->running, helper);
        if (info->si_code != CLD_EXITED && !helper->is_sweep)
                sweep(helpers);
        if (helper->freed) {
                helper_free(helper);
                return;
        }
        if (helper->answered)
                return;
        if (receive_answer(helper, &message)) {
                take_answer(helper, &message);
                string_message_done(&message);
        } else {
                set_lost(helper, info, &error);
                end(helper, NULL, &error);
        }
}

static int start(Helper *helper, int control)
{
        const Helpers *helpers = helper->helpers;
        const char *const argv[] = {helpers->kind.program, helpers->path, NULL};
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        SpawnRequest request = {.path = helpers->kind.program, .argv = argv, .control = control, .null = null};
        int pidfd, r;

        if (null < 0)
                return -errno;
        r = spawn(&request, &helper->pid, &pidfd);
        return r < 0 ? r : reaper_watch(helpers->reaper, helper->pid, pidfd, on_ended, helper, &helper->watch);
}

int helper_start(Helpers *helpers, const char *const *strings, const int *fds, size_t n_fds,
                 const HelperCallbacks *callbacks, void *userdata, Helper **ret)
{
        Helper *helper;
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        helper = g_new0(Helper, 1);
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

void helper_cancel(Helper *helper)
{
        if (helper->watch && !helper->answered)
                (void) kill(helper->pid, SIGTERM);
}

static void destroy(Helper *helper)
{
        (void) g_ptr_array_remove(helper->helpers->running, helper);
        helper_cancel(helper);
        helper->source = sd_event_source_disable_unref(helper->source);
        safe_close(helper->control);
        /* One that has not ended yet is picked up by the reaper. */
        reaper_watch_free(helper->watch);
        g_free(helper);
}

Helper *helper_free(Helper *helper)
{
        if (!helper)
                return NULL;
        /* Its end is still of interest: it may be killed. */
        helper_cancel(helper);
        helper->answered = true;
        helper->freed = true;
        if (!helper->watch)
                destroy(helper);
        return NULL;
}

const char *helper_find(const StringMessage *result, const char *key)
{
        for (size_t i = 1; i + 1 < result->n_strings; i += 2)
                if (g_str_equal(result->strings[i], key))
                        return result->strings[i + 1];
        return NULL;
}
