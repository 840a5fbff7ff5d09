/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

/* The control group of a scope, cgroup v2: the kernel's Documentation/admin-guide/cgroup-v2.rst. */

/* The path of the process's group as of /proc/PID/cgroup, such as "/gangway.slice/…". The caller frees it. */
int cgroup_of_process(pid_t pid, char **ret_path);

/* Opens the group's folder. Returns the fd. */
int cgroup_open(const char *path);

/* Kills every process of the group and of those below it, frozen ones too. */
int cgroup_kill(int cgroup);

typedef struct OomWatch OomWatch;

/* Watches memory.events of the group: a kill for want of memory is noted when it happens, since after the last
 * process's end the group is gone. Where there is no memory controller nothing is ever noted. */
int oom_watch_new(sd_event *event, int cgroup, OomWatch **ret);
OomWatch *oom_watch_free(OomWatch *watch);

/* Whether there was such a kill since the last call that said so. */
bool oom_watch_take(OomWatch *watch);
