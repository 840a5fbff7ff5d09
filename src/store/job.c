/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * SIGTERM is blocked and read from a signalfd, so that it takes effect where an operation asks for it, and can be
 * undone from there: between two messages, files or pieces of a file.
 */

#include "store/job.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "model/store-layout.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/string-message.h"

#define PROGRESS_INTERVAL (100 * G_TIME_SPAN_MILLISECOND)
/* How long to wait for a daemon that does not read its answer. */
#define ANSWER_TIMEOUT 10000

static int make_folders(int store)
{
        static const char *const folders[] = {STORE_LAYERS, STORE_CACHES, STORE_INCOMING};

        for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
                if (mkdirat(store, folders[i], 0700) < 0 && errno != EEXIST)
                        return -errno;
        return 0;
}

int job_open(Job *job, sd_bus_error *error)
{
        sigset_t mask;
        int r = 0;

        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &mask, NULL);
        job->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (job->signals < 0)
                return job_fail(job, -errno, "No signal can be received", error);

        if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &job->boot_id, NULL, NULL))
                return job_fail(job, -EIO, "The id of the machine's run can't be read", error);
        g_strstrip(job->boot_id);

        /* A container's root goes through it: passed, not read. */
        if (mkdir(job->path, 0711) < 0)
                r = errno == EEXIST ? 0 : -errno;
        else if (chmod(job->path, 0711) < 0)
                r = -errno;
        if (r >= 0)
                job->store = open(job->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (r >= 0)
                r = job->store < 0 ? -errno : make_folders(job->store);
        return r < 0 ? job_fail(job, r, "The folders of the store can't be made", error) : 0;
}

void job_done(Job *job)
{
        (void) sqlite3_close_v2(job->database);
        g_clear_pointer(&job->boot_id, g_free);
        job->signals = safe_close(job->signals);
        job->store = safe_close(job->store);
}

static int cancelled(sd_bus_error *error)
{
        return error_set(error, ERROR_CANCELLED, "The operation was cancelled; the store is as it was before");
}

int job_wait(Job *job, int fd, int timeout, sd_bus_error *error)
{
        struct pollfd polled[] = {
                {.fd = fd, .events = POLLIN},
                {.fd = job->committed ? -1 : job->control, .events = POLLRDHUP},
                {.fd = job->committed ? -1 : job->signals, .events = POLLIN},
        };
        int r;

        do
                r = poll(polled, G_N_ELEMENTS(polled), timeout);
        while (r < 0 && errno == EINTR);
        if (r < 0)
                return job_fail(job, -errno, "The operation can't be followed", error);
        if (polled[1].revents != 0 || polled[2].revents != 0)
                return cancelled(error);
        return r > 0;
}

int job_check(Job *job, sd_bus_error *error)
{
        return job_wait(job, -1, 0, error);
}

void job_progress(Job *job, uint64_t done, uint64_t total)
{
        int64_t now = g_get_monotonic_time();
        char texts[2][32];

        if (now - job->progress_time < PROGRESS_INTERVAL)
                return;
        job->progress_time = now;
        (void) g_snprintf(texts[0], sizeof(texts[0]), "%" G_GUINT64_FORMAT, done);
        (void) g_snprintf(texts[1], sizeof(texts[1]), "%" G_GUINT64_FORMAT, total);
        (void) string_message_send(job->control, (const char *const[]){"progress", texts[0], texts[1], NULL}, NULL, 0);
}

void job_answer(Job *job, const char *const *strings)
{
        struct pollfd polled = {.fd = job->control, .events = POLLOUT};

        while (string_message_send(job->control, strings, NULL, 0) == -EAGAIN)
                if (poll(&polled, 1, ANSWER_TIMEOUT) <= 0)
                        break;
}

int job_fail(Job *job, int r, const char *what, sd_bus_error *error)
{
        switch (-r) {
        case ENOSPC:
        case EDQUOT:
                return error_set(error, ERROR_STORE_FULL,
                                 "There is no room left in the store %s: %s; make room on its file system, or remove "
                                 "images and prune caches, and try again",
                                 job->path, g_strerror(-r));
        case EROFS:
                return error_set(error, ERROR_STORE_READ_ONLY,
                                 "The store %s lies on a file system that is read-only; mount it writable, and try "
                                 "again",
                                 job->path);
        default:
                return error_set(error, SD_BUS_ERROR_IO_ERROR, "%s in the store %s: %s", what, job->path,
                                 g_strerror(-r));
        }
}
