/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The layers of an image all lie in one folder of the store, so one idmapped copy of that folder's mount serves all of
 * them whose ids begin at the same number: an import's layers have one base, and each container that committed one has
 * its own.
 */

#include "launcher/inputs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "launcher/overlay.h"
#include "launcher/tree.h"
#include "util/cleanup.h"
#include "util/confined-path.h"

#define STEP(space, ...) ((void) snprintf((space)->step, sizeof((space)->step), __VA_ARGS__))
#define NAME_SIZE        64
#define FOLDER_SIZE      33

/* What lies below an overlay; names are relative to the staging folder. */
typedef struct Lowers {
        char names[OVERLAY_LOWERS_MAX][NAME_SIZE];
        const char *list[OVERLAY_LOWERS_MAX];
        size_t n;
} Lowers;

static int attach_at(int tree, const char *path)
{
        _cleanup_close_ int target = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return target < 0 ? -errno : tree_attach(tree, target);
}

static int stage_layers(MountSpace *space, uint32_t base, size_t number)
{
        const IdMap map = {.kind = base == 0 && space->base == 0 ? ID_MAP_NONE : ID_MAP_LAYERS,
                           .first = base,
                           .base = space->base};
        _cleanup_close_ int folder = -1, tree = -1;
        char path[512];
        int r;

        STEP(space, "map the ids of the store's layers (its file system must be one that can: ext4, xfs, btrfs …)");
        folder = open(space->layers, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
                return -errno;
        tree = tree_clone(folder, 0);
        if (tree < 0)
                return tree;
        r = tree_prepare(tree, &map);
        if (r < 0)
                return r;
        (void) snprintf(path, sizeof(path), "%s/l%zu", space->staging, number);
        if (mkdir(path, 0700) < 0)
                return -errno;
        return attach_at(tree, path);
}

/* Returns the number N of staging/lN, where the layers of this base are. */
static int find_layers(MountSpace *space, uint32_t base)
{
        int r;

        for (size_t i = 0; i < space->n_layer_bases; i++)
                if (space->layer_bases[i] == base)
                        return (int) i;
        if (space->n_layer_bases >= LAYER_BASES_MAX)
                return -E2BIG;
        r = stage_layers(space, base, space->n_layer_bases);
        if (r < 0)
                return r;
        space->layer_bases[space->n_layer_bases] = base;
        return (int) space->n_layer_bases++;
}

static int add_lower(Lowers *lowers, const char *name)
{
        if (lowers->n >= OVERLAY_LOWERS_MAX || strlen(name) >= NAME_SIZE)
                return -E2BIG;
        (void) strcpy(lowers->names[lowers->n], name);
        lowers->list[lowers->n] = lowers->names[lowers->n];
        lowers->n++;
        return 0;
}

/* Takes "FOLDER:BASE" and a comma behind it. Returns what comes next, NULL where it is something else. */
static const char *parse_layer(const char *text, char folder[FOLDER_SIZE], uint32_t *ret_base)
{
        size_t length = strcspn(text, ":,/");
        char *end;

        if (text[length] != ':' || length == 0 || length >= FOLDER_SIZE)
                return NULL;
        memcpy(folder, text, length);
        folder[length] = '\0';
        *ret_base = (uint32_t) strtoul(text + length + 1, &end, 10);
        if (end == text + length + 1 || (*end && *end != ','))
                return NULL;
        return *end ? end + 1 : end;
}

/* text: "FOLDER:BASE,FOLDER:BASE…", top first. */
static int add_layers(MountSpace *space, const char *text, Lowers *lowers)
{
        while (*text) {
                char folder[FOLDER_SIZE], name[NAME_SIZE];
                uint32_t base;
                int number, r;

                text = parse_layer(text, folder, &base);
                if (!text)
                        return -EBADMSG;
                number = find_layers(space, base);
                if (number < 0)
                        return number;
                (void) snprintf(name, sizeof(name), "l%d/%s/root", number, folder);
                r = add_lower(lowers, name);
                if (r < 0)
                        return r;
        }
        return lowers->n == 0 ? -EBADMSG : 0;
}

static int open_host_path(MountSpace *space, const char *path)
{
        _cleanup_close_ int fd = confined_open_literal(path);
        struct statx st;

        STEP(space, "open the host path '%.768s'%s", path,
             fd == -ELOOP ? ", a part of which is a symlink (give the path that it leads to)" : "");
        if (fd < 0)
                return fd;
        if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0)
                return -errno;
        if (!S_ISDIR(st.stx_mode) && !S_ISREG(st.stx_mode)) {
                STEP(space, "mount the host path '%.768s', which is neither a folder nor a regular file", path);
                return -EINVAL;
        }
        return steal_fd(&fd);
}

/* A folder or file from outside, as a detached mount with its ids mapped. */
static int open_outside(MountSpace *space, const MountRequest *request)
{
        _cleanup_close_ int path = -1, tree = -1;
        int r;

        if (request->cache) {
                STEP(space, "open the cache's folder");
                path = open(request->cache, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (path < 0)
                        return -errno;
        } else if (request->host_path) {
                path = open_host_path(space, request->host_path);
                if (path < 0)
                        return path;
        }
        STEP(space, "open the %s%s%s as a mount",
             request->cache       ? "cache's folder"
             : request->host_path ? "host path '"
                                  : "folder that the caller opened",
             request->host_path ? request->host_path : "", request->host_path ? "'" : "");
        tree = path >= 0 ? tree_clone(path, 0) : tree_clone(request->source, space->caller);
        if (tree < 0)
                return tree;
        STEP(space, "map the ids of the folder (its file system must be one that can: ext4, xfs, btrfs, tmpfs …)");
        r = tree_prepare(tree, &request->map);
        return r < 0 ? r : steal_fd(&tree);
}

static int open_overlay(MountSpace *space, const Lowers *lowers, const char *upper, const char *work)
{
        char stage[512];
        const OverlayRequest overlay = {
                .folder = space->staging,
                .lowers = lowers->list,
                .n_lowers = lowers->n,
                .upper = upper,
                .work = work,
                .stage = stage,
                .owner = space->base,
        };

        (void) snprintf(stage, sizeof(stage), "%s/overlay", space->staging);
        STEP(space, "mount %s as an overlay", upper ? "the writable layer over what is below" : "the layers");
        return overlay_open(&overlay);
}

static int open_layers(MountSpace *space, const MountRequest *request)
{
        Lowers lowers = {};
        int r = add_layers(space, request->layers, &lowers);

        /* An overlay of lower folders only has two of them at least. */
        if (r >= 0 && lowers.n == 1)
                r = add_lower(&lowers, "empty");
        return r < 0 ? r : open_overlay(space, &lowers, NULL, NULL);
}

int input_open(MountSpace *space, const MountRequest *request)
{
        return request->layers ? open_layers(space, request) : open_outside(space, request);
}

/* The top of an overlay looks as that of its upper folder does, which so takes mode,
 * owner and times of the lower one. */
static int copy_attributes(const char *lower, const char *upper)
{
        struct stat st;

        if (stat(lower, &st) < 0 || lchown(upper, st.st_uid, st.st_gid) < 0 || chmod(upper, st.st_mode & 07777) < 0 ||
            utimensat(AT_FDCWD, upper, (const struct timespec[]){st.st_atim, st.st_mtim}, 0) < 0)
                return -errno;
        return 0;
}

static int make_child_folders(const MountSpace *space, unsigned index, char upper[256], char work[256], bool with_work)
{
        char folder[256];

        if (snprintf(folder, 256, "%s/%u", space->scratch, index) >= 256 ||
            snprintf(upper, 256, "%s/%u/upper", space->scratch, index) >= 256 ||
            snprintf(work, 256, "%s/%u/work", space->scratch, index) >= 256)
                return -ENAMETOOLONG;
        if (mkdir(folder, 0700) < 0 || mkdir(upper, 0755) < 0 || lchown(upper, space->base, space->base) < 0 ||
            chmod(upper, 0755) < 0 || (with_work && mkdir(work, 0700) < 0))
                return -errno;
        return 0;
}

/* A folder of the container's own. */
static int open_empty(MountSpace *space, const char *upper)
{
        _cleanup_close_ int folder = open(upper, O_PATH | O_DIRECTORY | O_CLOEXEC), tree = -1;
        const IdMap none = {.kind = ID_MAP_NONE};
        int r;

        STEP(space, "mount an empty folder");
        if (folder < 0)
                return -errno;
        tree = tree_clone(folder, 0);
        if (tree < 0)
                return tree;
        r = tree_prepare(tree, &none);
        return r < 0 ? r : steal_fd(&tree);
}

/* The folder from outside is mounted where overlayfs finds it, for as long as it takes: the overlay has a hold of its
 * own on it. */
static int open_child_of_outside(MountSpace *space, const MountRequest *request, const char *upper, const char *work)
{
        _cleanup_close_ int tree = -1;
        Lowers lowers = {};
        char lower[512];
        int r, overlay;

        tree = open_outside(space, request);
        if (tree < 0)
                return tree;
        r = tree_is_folder(tree);
        if (r <= 0) {
                STEP(space, "lay a throw-away layer over a single file; make it read-only, or an output");
                space->refused = r == 0;
                return r < 0 ? r : -EINVAL;
        }
        STEP(space, "mount the folder");
        (void) snprintf(lower, sizeof(lower), "%s/lower", space->staging);
        r = attach_at(tree, lower);
        if (r < 0)
                return r;
        STEP(space, "prepare the writable layer");
        r = copy_attributes(lower, upper);
        if (r >= 0)
                r = add_lower(&lowers, "lower");
        overlay = r < 0 ? r : open_overlay(space, &lowers, upper, work);
        if (umount2(lower, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && overlay >= 0) {
                r = -errno;
                safe_close(overlay);
                return r;
        }
        return overlay;
}

static int open_child_of_layers(MountSpace *space, const MountRequest *request, const char *upper, const char *work)
{
        Lowers lowers = {};
        char top[512];
        int r;

        r = add_layers(space, request->layers, &lowers);
        if (r < 0)
                return r;
        STEP(space, "prepare the writable layer");
        (void) snprintf(top, sizeof(top), "%s/%s", space->staging, lowers.names[0]);
        r = copy_attributes(top, upper);
        return r < 0 ? r : open_overlay(space, &lowers, upper, work);
}

int child_open(MountSpace *space, const MountRequest *request)
{
        bool has_input = request->layers || request->host_path || request->source >= 0;
        char upper[256], work[256];
        int r;

        STEP(space, "make the folders of the writable layer");
        r = make_child_folders(space, request->index, upper, work, has_input);
        if (r < 0)
                return r;
        if (!has_input)
                return open_empty(space, upper);
        return request->layers ? open_child_of_layers(space, request, upper, work)
                               : open_child_of_outside(space, request, upper, work);
}

void inputs_hide(MountSpace *space)
{
        for (size_t i = 0; i < space->n_layer_bases; i++) {
                char path[512];

                (void) snprintf(path, sizeof(path), "%s/l%zu", space->staging, i);
                (void) umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
        }
        space->n_layer_bases = 0;
}
