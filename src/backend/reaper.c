/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Watched children are waited for by their pidfds. The rest is what a killed launcher or runtime left behind: zombies
 * that nobody asks for, to be swept when SIGCHLD comes.
 *
 * A container's process is the launcher's child first, and becomes ours when that one ends, an instant after it has
 * told the pid. Two things follow. A process that ends within that instant is not yet ours to wait for: it is waited
 * for again at the SIGCHLD that the kernel sends with it when it changes its parent. And one that ended so fast that
 * the message with its pid still lies in the socket looks like one that nobody asks for: so a zombie is swept only if
 * it is still unknown after the event loop has looked at all sockets once more, which it serves first.
 */

#include "backend/reaper.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "util/cleanup.h"

struct Reaper {
        sd_event *event;
        sd_event_source *signal;
        sd_event_source *again;
        GHashTable *watched; /* ReaperWatch by pid */
        GHashTable *unknown; /* pids of zombies of the last sweep */
};

struct ReaperWatch {
        Reaper *reaper;
        pid_t pid;
        int pidfd;
        bool has_ended; /* and is not our child yet */
        sd_event_source *source;
        ReaperEnded ended;
        void *userdata;
};

static bool is_zombie(pid_t pid)
{
        siginfo_t info = {};

        return waitid(P_PID, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

static void sweep_child(Reaper *reaper, pid_t pid, GHashTable *unknown)
{
        siginfo_t info;

        if (g_hash_table_contains(reaper->watched, GINT_TO_POINTER(pid)) || !is_zombie(pid))
                return;
        if (g_hash_table_contains(reaper->unknown, GINT_TO_POINTER(pid)))
                (void) waitid(P_PID, (id_t) pid, &info, WEXITED | WNOHANG);
        else
                g_hash_table_add(unknown, GINT_TO_POINTER(pid));
}

static int sweep(Reaper *reaper)
{
        GHashTable *unknown = g_hash_table_new(NULL, NULL);
        g_autofree char *text = NULL;
        g_auto(GStrv) children = NULL;

        if (g_file_get_contents("/proc/thread-self/children", &text, NULL, NULL))
                children = g_strsplit(text, " ", -1);
        for (char **child = children; child && *child; child++)
                if (**child)
                        sweep_child(reaper, (pid_t) g_ascii_strtoll(*child, NULL, 10), unknown);

        g_hash_table_unref(reaper->unknown);
        reaper->unknown = unknown;
        return sd_event_source_set_enabled(reaper->again,
                                           g_hash_table_size(unknown) > 0 ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

/* Returns whether the process was ours to wait for. */
static bool reap(ReaperWatch *watch)
{
        siginfo_t info = {};

        if (waitid(P_PIDFD, (id_t) watch->pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
                return false;
        (void) g_hash_table_remove(watch->reaper->watched, GINT_TO_POINTER(watch->pid));
        watch->source = sd_event_source_disable_unref(watch->source);
        watch->pidfd = safe_close(watch->pidfd);
        watch->ended(&info, watch->userdata);
        return true;
}

static int on_pidfd(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        ReaperWatch *watch = userdata;

        if (reap(watch))
                return 0;
        watch->has_ended = true;
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static ReaperWatch *find_adopted(const Reaper *reaper)
{
        GHashTableIter iterator;
        ReaperWatch *watch;

        g_hash_table_iter_init(&iterator, reaper->watched);
        while (g_hash_table_iter_next(&iterator, NULL, (gpointer *) &watch))
                if (watch->has_ended && is_zombie(watch->pid))
                        return watch;
        return NULL;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Reaper *reaper = userdata;
        ReaperWatch *watch;

        /* One at a time: what is told of an end may change the table. */
        while ((watch = find_adopted(reaper)) && reap(watch))
                ;
        return sd_event_source_set_enabled(reaper->again, SD_EVENT_ONESHOT);
}

static int on_again(sd_event_source *source, void *userdata)
{
        return sweep(userdata);
}

int reaper_new(sd_event *event, Reaper **ret)
{
        Reaper *reaper;
        int r;

        if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
                return -errno;
        reaper = g_new0(Reaper, 1);
        reaper->event = sd_event_ref(event);
        reaper->watched = g_hash_table_new(NULL, NULL);
        reaper->unknown = g_hash_table_new(NULL, NULL);

        r = sd_event_add_signal(event, &reaper->signal, SIGCHLD, on_signal, reaper);
        if (r >= 0)
                r = sd_event_add_defer(event, &reaper->again, on_again, reaper);
        if (r >= 0)
                r = sd_event_source_set_enabled(reaper->again, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_source_set_priority(reaper->again, SD_EVENT_PRIORITY_IDLE);
        if (r < 0) {
                reaper_free(reaper);
                return r;
        }
        *ret = reaper;
        return 0;
}

Reaper *reaper_free(Reaper *reaper)
{
        if (!reaper)
                return NULL;
        sd_event_source_disable_unref(reaper->signal);
        sd_event_source_disable_unref(reaper->again);
        g_hash_table_unref(reaper->watched);
        g_hash_table_unref(reaper->unknown);
        sd_event_unref(reaper->event);
        g_free(reaper);
        return NULL;
}

int reaper_watch(Reaper *reaper, pid_t pid, int pidfd, ReaperEnded ended, void *userdata, ReaperWatch **ret)
{
        ReaperWatch *watch = g_new0(ReaperWatch, 1);
        int r;

        watch->reaper = reaper;
        watch->pid = pid;
        watch->pidfd = pidfd;
        watch->ended = ended;
        watch->userdata = userdata;
        g_hash_table_insert(reaper->watched, GINT_TO_POINTER(pid), watch);
        r = sd_event_add_io(reaper->event, &watch->source, pidfd, EPOLLIN, on_pidfd, watch);
        if (r < 0) {
                reaper_watch_free(watch);
                return r;
        }
        *ret = watch;
        return 0;
}

ReaperWatch *reaper_watch_free(ReaperWatch *watch)
{
        if (!watch)
                return NULL;
        /* After its end the pid may be another's. */
        if (watch->pidfd >= 0)
                (void) g_hash_table_remove(watch->reaper->watched, GINT_TO_POINTER(watch->pid));
        sd_event_source_disable_unref(watch->source);
        safe_close(watch->pidfd);
        g_free(watch);
        return NULL;
}
