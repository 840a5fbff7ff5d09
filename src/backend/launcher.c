/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/launcher.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "config.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/spawn.h"

struct Launcher {
        pid_t pid;
        int pidfd;
        int control;
        sd_event_source *source;
        LauncherAnswered answered; /* NULL: nothing is asked */
        void *userdata;
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

        if (g_str_equal(message.strings[0], "error") && message.n_strings >= 3) {
                (void) error_set(&error, message.strings[1], "%s", message.strings[2]);
                string_message_done(&message);
                answer(launcher, NULL, &error);
                return 0;
        }
        answer(launcher, &message, NULL);
        string_message_done(&message);
        return 0;
}

int launcher_new(sd_event *event, Launcher **ret)
{
        static const char *const argv[] = {GANGWAY_LAUNCHER, NULL};
        _cleanup_close_ int null = -1;
        int pair[2], r;
        SpawnRequest request = {.path = GANGWAY_LAUNCHER, .argv = argv};
        Launcher *launcher;

        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;

        launcher = g_new0(Launcher, 1);
        launcher->pidfd = -1;
        launcher->control = pair[0];
        request.control = pair[1];
        request.null = null;
        r = spawn(&request, &launcher->pid, &launcher->pidfd);
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

Launcher *launcher_free(Launcher *launcher)
{
        siginfo_t info;

        if (!launcher)
                return NULL;
        sd_event_source_disable_unref(launcher->source);
        safe_close(launcher->control);
        /* One that is in the middle of something has no reason to go on. If it has already ended it is gone now; any
         * other is picked up by the reaper. */
        if (launcher->pidfd >= 0) {
                (void) pidfd_send_signal(launcher->pidfd, SIGTERM, NULL, 0);
                (void) waitid(P_PIDFD, (id_t) launcher->pidfd, &info, WEXITED | WNOHANG);
                safe_close(launcher->pidfd);
        }
        g_free(launcher);
        return NULL;
}

int launcher_end(Launcher *launcher, Reaper *reaper, ReaperEnded ended, void *userdata, ReaperWatch **ret)
{
        pid_t pid = launcher->pid;
        int pidfd = steal_fd(&launcher->pidfd);

        launcher_free(launcher);
        /* Not SIGKILL: for a moment it has a child that it must not leave behind, and blocks this one. */
        (void) pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
        return reaper_watch(reaper, pid, pidfd, ended, userdata, ret);
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
