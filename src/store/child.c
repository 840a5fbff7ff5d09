/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The process is a subreaper, so what a killed child leaves behind becomes a child of its own, and can be killed too:
 * when child_done() returns, nobody writes to an unpacked tree any more. No other child runs meanwhile.
 */

#include "store/child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "util/cleanup.h"
#include "util/spawn.h"

int child_start(const char *const *argv, int control, Child *ret)
{
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        SpawnRequest request = {
                .path = argv[0], .argv = argv, .control = control, .null = null, .death_signal = SIGKILL};

        int r;

        if (null < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
                return -errno;
        r = spawn(&request, &ret->pid, &ret->pidfd);
        ret->started = r >= 0;
        return r;
}

void child_wait(Child *child, int timeout, siginfo_t *ret)
{
        struct pollfd polled = {.fd = child->pidfd, .events = POLLIN};
        int r;

        *ret = (siginfo_t){};
        do
                r = poll(&polled, 1, timeout);
        while (r < 0 && errno == EINTR);
        if (r <= 0)
                (void) kill(child->pid, SIGKILL);
        (void) waitid(P_PID, (id_t) child->pid, ret, WEXITED);
        child->pid = 0;
        child->pidfd = safe_close(child->pidfd);
}

/* Returns whether there was one. */
static bool kill_orphans(void)
{
        g_autofree char *text = NULL;
        g_auto(GStrv) pids = NULL;
        bool found = false;

        if (!g_file_get_contents("/proc/thread-self/children", &text, NULL, NULL))
                return false;
        pids = g_strsplit(text, " ", -1);
        for (char **pid = pids; *pid; pid++)
                if (**pid && kill((pid_t) g_ascii_strtoll(*pid, NULL, 10), SIGKILL) == 0)
                        found = true;
        return found;
}

void child_done(Child *child)
{
        siginfo_t info;

        if (!child->started)
                return;
        if (child->pid > 0) {
                (void) kill(child->pid, SIGKILL);
                child_wait(child, -1, &info);
        }
        /* A child's child becomes ours when the child ends. */
        while (kill_orphans() && waitid(P_ALL, 0, &info, WEXITED) == 0)
                ;
        child->started = false;
}
