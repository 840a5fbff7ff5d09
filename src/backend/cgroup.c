/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/cgroup.h"

#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

struct OomWatch {
        int events;
        int slice_events; /* of the group above, which stays, and counts what happens below it, too */
        uint64_t slice_seen;
        sd_event_source *source;
        uint64_t seen;
        uint64_t taken;
};

int cgroup_of_process(pid_t pid, char **ret_path)
{
        g_autofree char *file = g_strdup_printf("/proc/%d/cgroup", (int) pid);
        g_autofree char *text = NULL;
        g_auto(GStrv) lines = NULL;

        if (!g_file_get_contents(file, &text, NULL, NULL))
                return -ESRCH;
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                if (g_str_has_prefix(*line, "0::")) {
                        *ret_path = g_strdup(*line + strlen("0::"));
                        return 0;
                }
        return -ENODATA;
}

int cgroup_open(const char *path)
{
        g_autofree char *folder = g_strconcat(CGROUP_ROOT, path, NULL);
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int cgroup_kill(int cgroup)
{
        _cleanup_close_ int fd = openat(cgroup, "cgroup.kill", O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, "1", 1) < 0)
                return -errno;
        return 0;
}

/* Errors: -ENODEV once the group is gone. */
static int read_kills(int events, uint64_t *ret_kills)
{
        char text[512];
        const char *line;
        ssize_t n = pread(events, text, sizeof(text) - 1, 0);

        if (n < 0)
                return -errno;
        text[n] = '\0';
        line = strstr(text, "oom_kill ");
        if (line)
                *ret_kills = g_ascii_strtoull(line + strlen("oom_kill "), NULL, 10);
        return 0;
}

static int on_events(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        /* Of a group that is gone the kernel says for ever that there is news, and no other source would get its turn.
         */
        return read_kills(fd, &((OomWatch *) userdata)->seen) < 0 ? sd_event_source_set_enabled(source, SD_EVENT_OFF)
                                                                  : 0;
}

int oom_watch_new(sd_event *event, int cgroup, OomWatch **ret)
{
        OomWatch *watch = g_new0(OomWatch, 1);
        int r = 0;

        watch->events = openat(cgroup, "memory.events", O_RDONLY | O_CLOEXEC);
        if (watch->events < 0 && errno != ENOENT)
                r = -errno;
        watch->slice_events = openat(cgroup, "../memory.events", O_RDONLY | O_CLOEXEC);
        if (watch->slice_events >= 0)
                (void) read_kills(watch->slice_events, &watch->slice_seen);
        if (watch->events >= 0)
                r = sd_event_add_io(event, &watch->source, watch->events, EPOLLPRI, on_events, watch);
        if (r >= 0 && watch->source)
                r = sd_event_source_set_priority(watch->source, SD_EVENT_PRIORITY_IMPORTANT);
        if (r < 0) {
                oom_watch_free(watch);
                return r;
        }
        *ret = watch;
        return 0;
}

OomWatch *oom_watch_free(OomWatch *watch)
{
        if (!watch)
                return NULL;
        sd_event_source_disable_unref(watch->source);
        safe_close(watch->events);
        safe_close(watch->slice_events);
        g_free(watch);
        return NULL;
}

bool oom_watch_take(OomWatch *watch)
{
        uint64_t kills = 0;

        if (!watch || watch->events < 0)
                return false;
        /* systemd may have removed the group of a last process before we came to read; then the group above has the
         * word. */
        if (read_kills(watch->events, &watch->seen) < 0 && watch->seen == watch->taken && watch->slice_events >= 0)
                return read_kills(watch->slice_events, &kills) >= 0 && kills > watch->slice_seen;
        if (watch->seen == watch->taken)
                return false;
        watch->taken = watch->seen;
        return true;
}
