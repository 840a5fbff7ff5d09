/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-event.h>

/*
 * The ends of the daemon's children. The daemon is a subreaper, so that the processes which the runtime leaves behind
 * become its children, and it reads their exit status as a parent does: exactly, once, on every kernel.
 */

typedef struct Reaper Reaper;
typedef struct ReaperWatch ReaperWatch;

typedef void (*ReaperEnded)(const siginfo_t *info, void *userdata);

/* Makes the process a subreaper, and takes SIGCHLD, which must be blocked. There is one in a process. */
int reaper_new(sd_event *event, Reaper **ret);
Reaper *reaper_free(Reaper *reaper);

/* Watches a process that is, or is about to become, a child: ended is called once, when it has been reaped. The watch
 * takes the pidfd over, also on failure. */
int reaper_watch(Reaper *reaper, pid_t pid, int pidfd, ReaperEnded ended, void *userdata, ReaperWatch **ret);
ReaperWatch *reaper_watch_free(ReaperWatch *watch);
