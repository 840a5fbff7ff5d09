/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/launcher.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <sys/socket.h>

#include "config.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/spawn.h"

struct Launcher {
        pid_t pid;
        ReaperWatch *watch; /* NULL: it has ended */
        int control;
        sd_event_source *source;
        LauncherAnswered answered; /* NULL: nothing is asked */
        void *userdata;
        LauncherEnded ended;
        void *ended_userdata;
};

static void answer(Launcher *launcher, StringMessage *message, sd_bus_error *error)
{
        LauncherAnswered answered = launcher->answered;

        launcher->answered = NULL;
        if (answered)
                answered(message, error, launcher->userdata);
}

static int on_control(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Launcher *launcher = userdata;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        StringMessage message;
        int r;

        r = string_message_receive(fd, MSG_DONTWAIT, &message);
        if (r == -EAGAIN)
                return 0;
        if (r <= 0) {
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
                (void) sd_bus_error_set(
                        &error, ERROR_RUNTIME_FAILED,
                        "The container's launcher ended before it answered: its scope was stopped, or it was "
                        "killed; see the journal of gangwayd.service");
                answer(launcher, NULL, &error);
                return 0;
        }

        /* Nothing was asked. */
        if (!launcher->answered) {
                string_message_done(&message);
                return 0;
        }
        if (g_str_equal(message.strings[0], "error") && message.n_strings >= 3) {
                (void) error_set(&error, message.strings[1], "%s", message.strings[2]);
                string_message_done(&message);
                answer(launcher, NULL, &error);
                return 0;
        }
        if (g_str_equal(message.strings[0], "more"))
                launcher->answered(&message, NULL, launcher->userdata);
        else
                answer(launcher, &message, NULL);
        string_message_done(&message);
        return 0;
}

static void on_ended(const siginfo_t *info, void *userdata)
{
        Launcher *launcher = userdata;

        launcher->watch = reaper_watch_free(launcher->watch);
        if (launcher->ended)
                launcher->ended(launcher->ended_userdata);
}

static int start(Launcher *launcher, Reaper *reaper, int control)
{
        static const char *const argv[] = {GANGWAY_LAUNCHER, NULL};
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        SpawnRequest request = {.path = GANGWAY_LAUNCHER, .argv = argv, .control = control, .null = null};
        int pidfd, r;

        if (null < 0)
                return -errno;
        r = spawn(&request, &launcher->pid, &pidfd);
        return r < 0 ? r : reaper_watch(reaper, launcher->pid, pidfd, on_ended, launcher, &launcher->watch);
}

int launcher_new(sd_event *event, Reaper *reaper, Launcher **ret)
{
        Launcher *launcher;
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        launcher = g_new0(Launcher, 1);
        launcher->control = pair[0];
        r = start(launcher, reaper, pair[1]);
        safe_close(pair[1]);
        if (r >= 0)
                r = sd_event_add_io(event, &launcher->source, launcher->control, EPOLLIN, on_control, launcher);
        /* What a launcher says comes before the end of its process is looked at: see reaper.c. */
        if (r >= 0)
                r = sd_event_source_set_priority(launcher->source, SD_EVENT_PRIORITY_IMPORTANT);
        if (r < 0) {
                launcher_free(launcher);
                return r;
        }
        *ret = launcher;
        return 0;
}

/* One that is in the middle of something has no reason to go on. Not by SIGKILL: for a moment it has a child that it
 * must not leave behind, and blocks this one. */
static void stop(Launcher *launcher)
{
        launcher->source = sd_event_source_disable_unref(launcher->source);
        launcher->control = safe_close(launcher->control);
        if (launcher->watch)
                (void) kill(launcher->pid, SIGTERM);
}

Launcher *launcher_free(Launcher *launcher)
{
        if (!launcher)
                return NULL;
        stop(launcher);
        /* One that has not ended yet is picked up by the reaper. */
        reaper_watch_free(launcher->watch);
        g_free(launcher);
        return NULL;
}

int launcher_end(Launcher *launcher, LauncherEnded ended, void *userdata)
{
        if (!launcher->watch) {
                launcher_free(launcher);
                return 0;
        }
        stop(launcher);
        launcher->ended = ended;
        launcher->ended_userdata = userdata;
        return 1;
}

pid_t launcher_get_pid(const Launcher *launcher)
{
        return launcher->pid;
}

int launcher_request(Launcher *launcher, const char *const *strings, const int *fds, size_t n_fds,
                     LauncherAnswered answered, void *userdata)
{
        int r;

        r = string_message_send(launcher->control, strings, fds, n_fds);
        if (r < 0)
                return r;
        launcher->answered = answered;
        launcher->userdata = userdata;
        return 0;
}
