/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each mount is made as a detached tree, with all its attributes, and only then attached: nobody can ever see or write
 * to a half-made one. What overlayfs wants by path (lower folders) is mounted in a folder of ours meanwhile.
 */

#include "launcher/mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "launcher/agents.h"
#include "launcher/files.h"
#include "launcher/inputs.h"
#include "launcher/mount-points.h"
#include "launcher/tree.h"
#include "util/cleanup.h"

#define STEP(space, ...) ((void) snprintf((space)->step, sizeof((space)->step), __VA_ARGS__))

static int make_staging(const MountSpace *space, const char *name)
{
        char path[512];

        if (snprintf(path, sizeof(path), "%s/%s", space->staging, name) >= (int) sizeof(path))
                return -ENAMETOOLONG;
        return mkdir(path, 0700) < 0 ? -errno : 0;
}

int mounts_prepare(MountSpace *space)
{
        static const char *const folders[] = {"lower", "overlay", "whole", "empty", "secrets"};

        space->root = space->secrets.top = -1;
        /* What is mounted here is seen by nobody else. What others unmount is unmounted here, too: a launcher may wait
         * for its Start for days, and must not keep a disk busy. */
        STEP(space, "leave the mounts of others");
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return -errno;
        STEP(space, "make the folders to prepare mounts in");
        for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
                int r = make_staging(space, folders[i]);

                if (r < 0)
                        return r;
        }
        if (asprintf(&space->secrets_folder, "%s/secrets", space->staging) < 0)
                return -ENOMEM;
        space->secrets.folder = space->secrets_folder;
        return 0;
}

static int open_tmpfs(MountSpace *space, const MountRequest *request)
{
        _cleanup_close_ int context = -1;
        char size[32], owner[16];
        int tree;

        STEP(space, "mount memory");
        (void) snprintf(size, sizeof(size), "%llu", (unsigned long long) request->size);
        (void) snprintf(owner, sizeof(owner), "%u", space->base);
        context = fsopen("tmpfs", FSOPEN_CLOEXEC);
        if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "source", "tmpfs", 0) < 0 ||
            fsconfig(context, FSCONFIG_SET_STRING, "mode", "1777", 0) < 0 ||
            fsconfig(context, FSCONFIG_SET_STRING, "uid", owner, 0) < 0 ||
            fsconfig(context, FSCONFIG_SET_STRING, "gid", owner, 0) < 0 ||
            (request->size > 0 && fsconfig(context, FSCONFIG_SET_STRING, "size", size, 0) < 0) ||
            fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        tree = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
        return tree < 0 ? -errno : tree;
}

static int open_secret(MountSpace *space, const MountRequest *request)
{
        STEP(space, "make a file of the secret");
        return secrets_open_tree(&space->secrets, request->source, request->uid, request->gid, request->mode);
}

static int open_ssh(MountSpace *space, const MountRequest *request)
{
        char staging[512];
        const AgentSocket agent = {
                .agent = request->source,
                .caller = request->caller,
                .uid = request->uid,
                .gid = request->gid,
                .mode = request->mode,
                .staging = staging,
        };

        (void) snprintf(staging, sizeof(staging), "%s/whole", space->staging);
        STEP(space, "make a socket for the agent");
        return agents_add(&agent);
}

static int open_what(MountSpace *space, const MountRequest *request)
{
        switch (request->what) {
        case MOUNT_WHAT_INPUT:
                return input_open(space, request);
        case MOUNT_WHAT_CHILD:
                return child_open(space, request);
        case MOUNT_WHAT_TMPFS:
                return open_tmpfs(space, request);
        case MOUNT_WHAT_SECRET:
                return open_secret(space, request);
        case MOUNT_WHAT_SSH:
                return open_ssh(space, request);
        }
        return -EINVAL;
}

/* The mount as a detached tree that is all it should be, and what its top is called in the whole. */
static int open_tree_of(MountSpace *space, const MountRequest *request, char **ret_below)
{
        _cleanup_close_ int whole = -1, part = -1;
        _cleanup_free_ char *below = NULL;
        char stage[512];
        int r;

        whole = open_what(space, request);
        if (whole < 0)
                return whole;
        if (request->selector) {
                STEP(space, "find what the selector '%.512s' names", request->selector);
                (void) snprintf(stage, sizeof(stage), "%s/whole", space->staging);
                part = tree_select(whole, request->selector, stage, &below);
        } else {
                below = strdup("/");
                part = below ? steal_fd(&whole) : -ENOMEM;
        }
        if (part < 0)
                return part;
        STEP(space, "set its attributes");
        r = tree_set_flags(part,
                           (request->devices ? 0 : MOUNT_ATTR_NODEV) | (request->read_only ? MOUNT_ATTR_RDONLY : 0));
        if (r < 0)
                return r;
        *ret_below = below;
        below = NULL;
        return steal_fd(&part);
}

/* Below /dev the runtime mounts a folder of its own over whatever the root has there. */
static int open_staged_point(MountSpace *space, const MountRequest *request, bool is_folder)
{
        char path[512];
        int fd;

        STEP(space, "make the place where the runtime finds it");
        (void) snprintf(path, sizeof(path), "%s/dev-%u", space->staging, request->index);
        if ((is_folder ? mkdir(path, 0755) : mknod(path, S_IFREG | 0644, 0)) < 0)
                return -errno;
        fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
        return fd < 0 ? -errno : fd;
}

static int open_target(MountSpace *space, const MountRequest *request, bool is_folder, MountResult *result)
{
        int fd;

        if (request->by_runtime)
                return open_staged_point(space, request, is_folder);
        if (space->root >= 0)
                return mount_point_open(space, request->destination, is_folder, result);
        if (strcmp(request->destination, "/") != 0 || !is_folder) {
                STEP(space, "make it the root: it is %s", is_folder ? "not the first mount" : "no folder");
                return -ENOTDIR;
        }
        STEP(space, "open the folder for the root");
        fd = open(space->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int add(MountSpace *space, const MountRequest *request, MountResult *result)
{
        _cleanup_close_ int tree = -1, target = -1;
        _cleanup_free_ char *below = NULL;
        int r;

        tree = open_tree_of(space, request, &below);
        if (tree < 0)
                return tree;
        r = tree_is_folder(tree);
        if (r < 0)
                return r;
        if (r == 0 && request->what == MOUNT_WHAT_INPUT && !request->read_only && !request->written) {
                STEP(space, "lay a throw-away layer over a single file; make it read-only, or an output");
                space->refused = true;
                return -EINVAL;
        }
        target = open_target(space, request, r > 0, result);
        if (target < 0)
                return target;

        STEP(space, "mount it there");
        r = tree_attach(tree, target);
        if (r < 0)
                return r;
        result->top = files_open_view(tree);
        if (result->top < 0)
                return result->top;
        if (space->root < 0) {
                space->root = tree_reopen(tree);
                if (space->root < 0)
                        return space->root;
        }
        return mount_points_note(space, request, tree, &below);
}

int mounts_add(MountSpace *space, const MountRequest *request, MountResult *ret)
{
        MountResult result = {.top = -1};
        int r = add(space, request, &result);

        if (r < 0)
                mounts_result_done(&result);
        else
                *ret = result;
        return r;
}

void mounts_result_done(MountResult *result)
{
        result->top = safe_close(result->top);
        free(result->stub_path);
        result->stub_path = NULL;
}

void mounts_seal(MountSpace *space)
{
        secrets_hide(&space->secrets);
        inputs_hide(space);
}
