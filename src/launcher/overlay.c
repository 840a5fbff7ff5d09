/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An overlay can be put together by fsconfig(2), whose strings have at most 256 bytes: enough for one path, not for the
 * list of an image's layers, which is why Linux 6.5 takes them one by one ("lowerdir+"). Before, mount(2) is the way
 * for more than one: its options have a page, and paths that are relative to a folder of ours make sixty and more of
 * them fit in.
 *
 * volatile: what is written is either thrown away, or copied while it is still in memory (Commit), so nothing of it has
 * to reach the disk. redirect_dir and metacopy stay off, whatever the kernel's default is: a committed layer must mean
 * the same wherever it lies in a chain.
 */

#include "launcher/overlay.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "util/cleanup.h"
#include "util/fs-ids.h"

#define STRING_MAX  256
#define OPTIONS_MAX 4096

static int set_string(int context, const char *key, const char *value)
{
        return fsconfig(context, FSCONFIG_SET_STRING, key, value, 0) < 0 ? -errno : 0;
}

static int set_lowers(int context, const OverlayRequest *request)
{
        const char *key = request->n_lowers == 1 ? "lowerdir" : "lowerdir+";

        for (size_t i = 0; i < request->n_lowers; i++) {
                char path[STRING_MAX];
                int r;

                if (snprintf(path, sizeof(path), "%s/%s", request->folder, request->lowers[i]) >= (int) sizeof(path))
                        return -ENAMETOOLONG;
                r = set_string(context, key, path);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int open_singly(const OverlayRequest *request)
{
        _cleanup_close_ int context = fsopen("overlay", FSOPEN_CLOEXEC);
        int r, overlay;

        if (context < 0)
                return -errno;
        r = set_string(context, "source", "gangway");
        if (r >= 0)
                r = set_lowers(context, request);
        if (r >= 0 && request->upper) {
                r = set_string(context, "upperdir", request->upper);
                if (r >= 0)
                        r = set_string(context, "workdir", request->work);
                if (r >= 0)
                        r = set_string(context, "redirect_dir", "off");
                if (r >= 0)
                        r = set_string(context, "metacopy", "off");
                if (r >= 0 && fsconfig(context, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0)
                        r = -errno;
        }
        if (r < 0)
                return r;
        if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        overlay = fsmount(context, FSMOUNT_CLOEXEC, 0);
        return overlay < 0 ? -errno : overlay;
}

static int print_options(const OverlayRequest *request, char *options, size_t size)
{
        size_t used = 0;

        for (size_t i = 0; i < request->n_lowers; i++) {
                used += (size_t) snprintf(options + used, size - used, "%s%s",
                                          i > 0 ? ":" : "lowerdir=", request->lowers[i]);
                if (used >= size)
                        return -E2BIG;
        }
        if (request->upper)
                used += (size_t) snprintf(options + used, size - used,
                                          ",upperdir=%s,workdir=%s,redirect_dir=off,metacopy=off,volatile",
                                          request->upper, request->work);
        return used >= size ? -E2BIG : 0;
}

/* mount(2) has no detached mounts: it is mounted, copied, and unmounted. */
static int open_listed(const OverlayRequest *request)
{
        char options[OPTIONS_MAX];
        int r, overlay;

        r = print_options(request, options, sizeof(options));
        if (r < 0)
                return r;
        if (chdir(request->folder) < 0)
                return -errno;
        r = mount("gangway", request->stage, "overlay", 0, options) < 0 ? -errno : 0;
        if (chdir("/") < 0 || r < 0)
                return r < 0 ? r : -errno;
        overlay = open_tree(AT_FDCWD, request->stage, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        r = overlay < 0 ? -errno : overlay;
        if (umount2(request->stage, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && r >= 0) {
                r = -errno;
                safe_close(overlay);
        }
        return r;
}

/* An older kernel says that it does not know an option when all of them are there. */
static int open_any(const OverlayRequest *request)
{
        int r = -EINVAL;

        if (request->way != OVERLAY_LISTED)
                r = open_singly(request);
        if (request->way == OVERLAY_LISTED || (r == -EINVAL && request->way == OVERLAY_ANY && request->n_lowers > 1))
                r = open_listed(request);
        return r;
}

/* An overlay looks at the layers below as who mounted it: as the container's root, which owns what the container sees
 * of them, it can read what is the owner's, also where a file's group is not mapped. */
int overlay_open(const OverlayRequest *request)
{
        int saved, r;

        if (request->n_lowers > OVERLAY_LOWERS_MAX)
                return -E2BIG;
        r = fs_ids_enter(request->owner, request->owner, &saved);
        if (r < 0)
                return r;
        r = open_any(request);
        fs_ids_leave(saved);
        return r;
}
