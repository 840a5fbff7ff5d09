/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A destination is looked up below the container's root, and lands there whatever somebody does to the folders at that
 * moment: openat2(2) lets no part of it lead out, the mount goes to the very file that was found, and what has to be
 * made is made below a folder that was found in the same way.
 */

#include "launcher/mount-points.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "launcher/tree.h"
#include "util/cleanup.h"
#include "util/confined-path.h"

#define STEP(space, ...) ((void) snprintf((space)->step, sizeof((space)->step), __VA_ARGS__))

/* A folder that others see, too: what is made in it stays there. */
static bool is_outside(const MountRequest *request)
{
        return !request->read_only && (request->written || request->cache);
}

int mount_points_note(MountSpace *space, const MountRequest *request, int fd, char **below)
{
        MountTop *top = &space->tops[space->n_tops];
        struct statx st;
        int r;

        if (space->n_tops >= MOUNTS_MAX)
                return -E2BIG;
        if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0)
                return -errno;
        top->outside = -1;
        if (is_outside(request)) {
                top->outside = tree_reopen(fd);
                if (top->outside < 0)
                        return top->outside;
        }
        r = tree_path(fd, &top->path);
        if (r < 0) {
                top->outside = safe_close(top->outside);
                return r;
        }
        top->index = request->index;
        top->id = st.stx_mnt_id;
        top->below = *below;
        *below = NULL;
        space->n_tops++;
        return 0;
}

/* Which of our mounts an fd lies on. *ret_path is its place in this mount namespace, where the mount's top is its
 * beginning. Returns 0 where it lies on none. */
static int find_top(const MountSpace *space, int fd, const MountTop **ret_top, char **ret_path)
{
        _cleanup_free_ char *path = NULL;
        struct statx st;
        int r;

        if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0)
                return -errno;
        r = tree_path(fd, &path);
        if (r < 0)
                return r;
        for (size_t i = 0; i < space->n_tops; i++) {
                const MountTop *top = &space->tops[i];

                if (top->id != st.stx_mnt_id || strncmp(path, top->path, strlen(top->path)) != 0)
                        continue;
                *ret_top = top;
                *ret_path = path;
                path = NULL;
                return 1;
        }
        return 0;
}

/* On which mount the parts lie that were made, and what their place is called there. */
static int note_stubs(const MountSpace *space, int fd, MountResult *result)
{
        _cleanup_free_ char *path = NULL;
        const MountTop *top;
        int r;

        r = find_top(space, fd, &top, &path);
        if (r < 0)
                return r;
        if (r == 0) {
                result->n_stubs = 0;
                return 0;
        }
        if (asprintf(&result->stub_path, "%s%s", strcmp(top->below, "/") == 0 ? "" : top->below,
                     path + strlen(top->path)) < 0) {
                result->stub_path = NULL;
                return -ENOMEM;
        }
        result->stub_index = top->index;
        return 0;
}

int mount_point_open(MountSpace *space, const char *destination, bool is_folder, MountResult *result)
{
        _cleanup_close_ int fd = -1;
        int r;

        STEP(space, "open or make its mount point");
        fd = confined_open_mount_point(space->root, destination, is_folder, space->base, space->base, &result->n_stubs);
        if (fd < 0)
                return fd;
        r = tree_is_folder(fd);
        if (r < 0)
                return r;
        if ((r > 0) != is_folder) {
                STEP(space, is_folder ? "mount a folder on a file" : "mount a file on a folder");
                return is_folder ? -ENOTDIR : -EISDIR;
        }
        if (result->n_stubs > 0) {
                r = note_stubs(space, fd, result);
                if (r < 0)
                        return r;
        }
        return steal_fd(&fd);
}

int mount_point_is_taken(const MountSpace *space, const char *destination)
{
        _cleanup_close_ int fd = -1;
        _cleanup_free_ char *path = NULL;
        const MountTop *top = NULL;
        int r;

        fd = confined_open(space->root, destination, O_PATH);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        r = find_top(space, fd, &top, &path);
        return r < 0 || !top ? r : strcmp(path, top->path) == 0;
}
