/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/process.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "util/cleanup.h"

#define HANG_UP_TERM_USEC (2 * UINT64_C(1000000))
#define HANG_UP_KILL_USEC (5 * UINT64_C(1000000))
#define EXIT_CODE_SIGNAL  128U

typedef struct Waiter {
        ProcessWaited waited;
        void *userdata;
} Waiter;

struct Process {
        char *id;
        pid_t pid; /* not reaped before its end is seen here, so it can't be another's */
        int slave_path;
        bool has_ended;
        ProcessEnd end;
        ReaperWatch *watch;
        sd_event_source *hang_up;
        int hang_up_signal;
        GQueue waiters;
        ProcessEnded ended;
        void *userdata;
};

static void on_ended(const siginfo_t *info, void *userdata)
{
        Process *process = userdata;

        process->watch = reaper_watch_free(process->watch);
        process->has_ended = true;
        if (info->si_code == CLD_EXITED) {
                process->end.exit_code = (uint32_t) info->si_status & 0xffU;
                process->end.wait_status = process->end.exit_code << 8;
        } else {
                process->end.term_signal = info->si_status;
                process->end.exit_code = EXIT_CODE_SIGNAL + (uint32_t) info->si_status;
                process->end.wait_status = (uint32_t) info->si_status | (info->si_code == CLD_DUMPED ? 0x80U : 0U);
        }
        process->pid = 0;
        process->slave_path = safe_close(process->slave_path);
        process->hang_up = sd_event_source_disable_unref(process->hang_up);
        process->ended(process, process->userdata);
}

int process_new(Reaper *reaper, const char *id, pid_t pid, int slave_path, ProcessEnded ended, void *userdata,
                Process **ret)
{
        _cleanup_close_ int slave = slave_path;
        Process *process;
        int pidfd, r;

        pidfd = pidfd_open(pid, 0);
        if (pidfd < 0)
                return -errno;

        process = g_new0(Process, 1);
        process->id = g_strdup(id);
        process->pid = pid;
        process->slave_path = -1;
        process->ended = ended;
        process->userdata = userdata;
        g_queue_init(&process->waiters);
        r = reaper_watch(reaper, pid, pidfd, on_ended, process, &process->watch);
        if (r < 0) {
                process_free(process);
                return r;
        }
        process->slave_path = steal_fd(&slave);
        *ret = process;
        return 0;
}

Process *process_free(Process *process)
{
        if (!process)
                return NULL;
        reaper_watch_free(process->watch);
        sd_event_source_disable_unref(process->hang_up);
        safe_close(process->slave_path);
        g_queue_clear_full(&process->waiters, g_free);
        g_free(process->id);
        g_free(process);
        return NULL;
}

const char *process_get_id(const Process *process)
{
        return process->id;
}

pid_t process_get_pid(const Process *process)
{
        return process->pid;
}

const ProcessEnd *process_get_end(const Process *process)
{
        return process->has_ended ? &process->end : NULL;
}

void process_mark_released(Process *process)
{
        process->end.released = true;
}

void process_mark_oom(Process *process)
{
        process->end.oom = true;
}

void process_wait(Process *process, ProcessWaited waited, void *userdata)
{
        Waiter *waiter;

        if (process->has_ended) {
                waited(process, userdata);
                return;
        }
        waiter = g_new0(Waiter, 1);
        waiter->waited = waited;
        waiter->userdata = userdata;
        g_queue_push_tail(&process->waiters, waiter);
}

void process_tell_waiters(Process *process)
{
        Waiter *waiter;

        while ((waiter = g_queue_pop_head(&process->waiters))) {
                waiter->waited(process, waiter->userdata);
                g_free(waiter);
        }
}

int process_signal(Process *process, int signal, bool group)
{
        pid_t target = process->pid;

        if (process->has_ended)
                return 0;
        if (group) {
                pid_t leader = getpgid(process->pid);

                /* Never our own group, whatever the runtime did. */
                if (leader > 1 && leader != getpgrp())
                        target = -leader;
        }
        if (kill(target, signal) < 0 && errno != ESRCH)
                return -errno;
        return 0;
}

int process_resize(Process *process, uint16_t rows, uint16_t columns)
{
        struct winsize size = {.ws_row = rows, .ws_col = columns};
        _cleanup_close_ int slave = -1;
        char path[64];

        if (process->has_ended)
                return 0;
        if (process->slave_path < 0)
                return -ENOTTY;

        /* It is open for this moment only: see console_slave_path(). A terminal that has hung up can't be opened. */
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", process->slave_path);
        slave = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        if (slave < 0)
                return errno == EIO || errno == ENXIO ? 0 : -errno;
        if (ioctl(slave, TIOCSWINSZ, &size) < 0)
                return errno == EIO ? 0 : -errno;
        return 0;
}

static int on_hang_up(sd_event_source *source, uint64_t usec, void *userdata)
{
        Process *process = userdata;

        (void) process_signal(process, process->hang_up_signal, false);
        if (process->hang_up_signal == SIGKILL)
                return 0;
        process->hang_up_signal = SIGKILL;
        (void) sd_event_source_set_time_relative(source, HANG_UP_KILL_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int process_hang_up(Process *process, sd_event *event)
{
        if (process->has_ended || process->hang_up)
                return 0;
        (void) process_signal(process, SIGHUP, false);
        process->hang_up_signal = SIGTERM;
        return sd_event_add_time_relative(event, &process->hang_up, CLOCK_MONOTONIC, HANG_UP_TERM_USEC, 0, on_hang_up,
                                          process);
}
