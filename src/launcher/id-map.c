/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "launcher/id-map.h"

#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "util/cleanup.h"

/* An id that no container has, and no user. */
#define ROOT_SHOWN_AS (UINT32_MAX - 1)

typedef struct Kept {
        struct Kept *next;
        IdMap map;
        int fd;
} Kept;

static Kept *all_kept;

static int write_text(pid_t pid, const char *name, const char *text)
{
        _cleanup_close_ int fd = -1;
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, name);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                return -errno;
        return 0;
}

int id_map_find_group(uint32_t uid, uint32_t *ret_gid)
{
        const struct passwd *user;

        errno = 0;
        user = getpwuid(uid);
        if (!user)
                return errno > 0 ? -errno : -ESRCH;
        *ret_gid = user->pw_gid;
        return 0;
}

/* An owner that is not mapped is nobody whose folder even root could pass. */
static int write_map(pid_t pid, const char *name, const IdMap *map, uint32_t first)
{
        char text[128], root[64] = "";

        if (map->kind == ID_MAP_LAYERS && first > 0)
                (void) snprintf(root, sizeof(root), "0 %u 1\n", ROOT_SHOWN_AS);
        (void) snprintf(text, sizeof(text), "%u %u %u\n%s", first, map->base,
                        map->kind == ID_MAP_CALLER ? 1U : IDS_PER_CONTAINER, root);
        return write_text(pid, name, text);
}

static int write_maps(pid_t pid, const IdMap *map, uint32_t gid)
{
        int r = write_map(pid, "uid_map", map, map->first);

        return r < 0 ? r : write_map(pid, "gid_map", map, gid);
}

/* Opens the user namespace of a process that is there for it only. */
static int open_map_of_child(const IdMap *map, uint32_t gid)
{
        char path[64];
        pid_t pid;
        int r, fd = -1;

        pid = (pid_t) syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid < 0)
                return -errno;
        if (pid == 0)
                for (;;)
                        (void) pause();

        r = write_maps(pid, map, gid);
        if (r >= 0) {
                (void) snprintf(path, sizeof(path), "/proc/%d/ns/user", (int) pid);
                fd = open(path, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        r = -errno;
        }

        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        return r < 0 ? r : fd;
}

static int make(const IdMap *map)
{
        sigset_t term, saved;
        uint32_t gid = map->first;
        int r;

        if (map->kind == ID_MAP_CALLER) {
                r = id_map_find_group(map->first, &gid);
                if (r < 0)
                        return r;
        }
        /* The daemon ends us by SIGTERM; the child must not outlive us. */
        sigemptyset(&term);
        sigaddset(&term, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &term, &saved);
        r = open_map_of_child(map, gid);
        (void) sigprocmask(SIG_SETMASK, &saved, NULL);
        return r;
}

int id_map_open(const IdMap *map)
{
        Kept *kept;
        int fd;

        for (kept = all_kept; kept; kept = kept->next)
                if (kept->map.kind == map->kind && kept->map.first == map->first && kept->map.base == map->base)
                        return kept->fd;

        kept = malloc(sizeof(Kept));
        if (!kept)
                return -ENOMEM;
        fd = make(map);
        if (fd < 0) {
                free(kept);
                return fd;
        }
        *kept = (Kept){.next = all_kept, .map = *map, .fd = fd};
        all_kept = kept;
        return fd;
}
