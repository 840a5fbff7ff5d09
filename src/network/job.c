/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The daemon has mounts of its own, which end with it. What is pinned here has to outlive it, and plugins keep files
 * and take locks where the whole machine sees them: so this process lives among the machine's mounts, those of PID 1.
 *
 * SIGTERM is blocked and read from a signalfd, so that it takes effect where a change asks for it, and can be undone
 * from there: between two plugins.
 */

#include "network/job.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/string-message.h"

/* How long to wait for a daemon that does not read its answer. */
#define ANSWER_TIMEOUT 10000

static int enter_machine_mounts(void)
{
        _cleanup_close_ int mounts = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
        struct stat machine, own;

        if (mounts < 0 || fstat(mounts, &machine) < 0 || stat("/proc/self/ns/mnt", &own) < 0)
                return -errno;
        if (machine.st_dev == own.st_dev && machine.st_ino == own.st_ino)
                return chdir("/") < 0 ? -errno : 0;
        return setns(mounts, CLONE_NEWNS) < 0 ? -errno : 0;
}

static int open_signals(Job *job)
{
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &mask, NULL);
        job->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        return job->signals < 0 ? -errno : 0;
}

static int open_folder(Job *job)
{
        if (mkdir(job->path, 0700) < 0 && errno != EEXIST)
                return -errno;
        job->folder = open(job->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (job->folder < 0 || fchmod(job->folder, 0700) < 0)
                return -errno;
        return 0;
}

int job_open(Job *job, sd_bus_error *error)
{
        int r = open_signals(job);

        if (r >= 0)
                r = enter_machine_mounts();
        if (r < 0)
                return error_set(error, SD_BUS_ERROR_FAILED, "The machine's mounts can't be entered: %s",
                                 g_strerror(-r));
        r = open_folder(job);
        if (r < 0)
                return error_set(error, SD_BUS_ERROR_IO_ERROR, "The records of networks in %s can't be opened: %s",
                                 job->path, g_strerror(-r));
        return 0;
}

void job_done(Job *job)
{
        job->signals = safe_close(job->signals);
        job->folder = safe_close(job->folder);
}

bool job_wait(Job *job, int fd, int timeout)
{
        bool listen = job->cancellable && !job->cancelled;
        struct pollfd polled[] = {
                {.fd = fd, .events = POLLIN},
                {.fd = listen ? job->control : -1, .events = POLLRDHUP},
                {.fd = listen ? job->signals : -1, .events = POLLIN},
        };
        int r;

        do
                r = poll(polled, G_N_ELEMENTS(polled), timeout);
        while (r < 0 && errno == EINTR);
        if (r <= 0)
                return false;
        if (polled[1].revents != 0 || polled[2].revents != 0)
                job->cancelled = true;
        return polled[0].revents != 0;
}

int job_check(Job *job, sd_bus_error *error)
{
        (void) job_wait(job, -1, 0);
        if (!job->cancelled || !job->cancellable)
                return 0;
        return error_set(error, ERROR_CANCELLED, "The operation was cancelled; the network is as it was before");
}

int job_answer(Job *job, const char *const *strings, const int *fds, size_t n_fds)
{
        struct pollfd polled = {.fd = job->control, .events = POLLOUT};
        int r;

        while ((r = string_message_send(job->control, strings, fds, n_fds)) == -EAGAIN)
                if (poll(&polled, 1, ANSWER_TIMEOUT) <= 0)
                        break;
        return r;
}
