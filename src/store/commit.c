/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a container wrote becomes a layer: a copy, since the container goes on with what it has, and no reflink that
 * must be there, since the file system may know none. The ids stay those of the container, which the layer's id_base
 * tells.
 */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "model/store-layout.h"
#include "store/database.h"
#include "store/images.h"
#include "store/placement.h"
#include "store/tree.h"
#include "store/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/platform.h"

typedef struct Commit {
        Job *job;
        int64_t owner;
        const char *name;
        uint64_t parent;
        uint32_t id_base;
        const char *platform; /* normalised, or "" */
        const ImageSettings *settings;
        const char *const *stubs; /* NULL at the end */
        char *folder;
        TreeCopy copy;
        uint64_t size; /* of the image */
} Commit;

static int compare_length(gconstpointer a, gconstpointer b)
{
        size_t first = strlen(*(const char *const *) a), second = strlen(*(const char *const *) b);

        return first > second ? -1 : first < second;
}

/* The folder that path lies in, without a symlink on the way; name is the last part. */
static int open_parent(int root, char *path, const char **ret_name)
{
        struct open_how how = {
                .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
        };
        char *slash = strrchr(path, '/');

        *ret_name = slash ? slash + 1 : path;
        if (slash)
                *slash = '\0';
        return (int) syscall(SYS_openat2, root, slash ? path : ".", &how, sizeof(how));
}

/* A path that is not there any more, or not empty, or now leads elsewhere, is none of the mount points that were made.
 */
static void remove_stub(int root, const char *stub)
{
        g_autofree char *path = g_strdup(stub + strspn(stub, "/"));
        _cleanup_close_ int parent = -1;
        struct stat before, st;
        const char *name;

        while (g_str_has_suffix(path, "/"))
                path[strlen(path) - 1] = '\0';
        if (!*path)
                return;
        parent = open_parent(root, path, &name);
        if (parent < 0 || fstat(parent, &before) < 0 || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        if ((S_ISDIR(st.st_mode) && unlinkat(parent, name, AT_REMOVEDIR) == 0) ||
            (S_ISREG(st.st_mode) && st.st_size == 0 && unlinkat(parent, name, 0) == 0))
                (void) futimens(parent, (const struct timespec[]){before.st_atim, before.st_mtim});
}

static void remove_stubs(int root, const char *const *stubs)
{
        g_autoptr(GPtrArray) sorted = g_ptr_array_new();

        for (; *stubs; stubs++)
                g_ptr_array_add(sorted, (gpointer) *stubs);
        /* What lies deeper goes first. */
        g_ptr_array_sort(sorted, compare_length);
        for (unsigned i = 0; i < sorted->len; i++)
                remove_stub(root, g_ptr_array_index(sorted, i));
}

static int copy_upper(Commit *commit, const Incoming *incoming, int upper, sd_bus_error *error)
{
        g_autofree char *root = g_build_filename(commit->folder, STORE_ROOT, NULL);
        _cleanup_close_ int target = -1;
        int r;

        if (mkdirat(incoming->fd, commit->folder, 0700) < 0 || mkdirat(incoming->fd, root, 0700) < 0)
                return job_fail(commit->job, -errno, "The folder of the layer can't be made", error);
        target = openat(incoming->fd, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (target < 0)
                return job_fail(commit->job, -errno, "The folder of the layer can't be made", error);

        r = tree_measure(commit->job, upper, &commit->copy.total, error);
        if (r >= 0)
                r = tree_copy(commit->job, upper, target, &commit->copy, error);
        if (r < 0)
                return r;
        remove_stubs(target, commit->stubs);
        return 0;
}

static int insert(Commit *commit, sd_bus_error *error)
{
        Job *job = commit->job;
        ImageRow row = {.owner = commit->owner, .name = commit->name, .digest = "", .platform = commit->platform};
        uint64_t below = 0;
        int64_t image = 0;
        int r = 1;

        if (commit->parent > 0)
                r = layer_get_size(job, (int64_t) commit->parent, &below, error);
        if (r == 0)
                return error_set(error, ERROR_NOT_COMMITTABLE,
                                 "The layer that the image '%s' would lie on is not there any more", commit->name);
        if (r < 0)
                return r;
        r = database_run(job, error,
                         "INSERT INTO layers (parent, folder, id_base, size, digest, boot_id)"
                         " VALUES (nullif(?, 0), ?, ?, ?, '', ?)",
                         "itiit", (int64_t) commit->parent, commit->folder, (int64_t) commit->id_base,
                         (int64_t) commit->copy.bytes, job->boot_id);
        if (r < 0)
                return r;
        row.layer = sqlite3_last_insert_rowid(job->database);
        row.size = commit->size = below + commit->copy.bytes;
        r = image_replace(job, &row, &image, error);
        return r < 0 ? r : image_set_settings(job, image, commit->settings, error);
}

static int make_image(Commit *commit, int upper, sd_bus_error *error)
{
        _cleanup_(incoming_done) Incoming incoming = INCOMING_NONE;
        Placement placement;
        int r;

        r = incoming_new(commit->job, &incoming, error);
        if (r >= 0)
                r = copy_upper(commit, &incoming, upper, error);
        if (r >= 0)
                r = placement_begin(&placement, commit->job, &incoming, STORE_LAYERS, error);
        if (r < 0)
                return r;
        r = insert(commit, error);
        if (r >= 0)
                r = placement_add(&placement, commit->folder, error);
        return placement_end(&placement, r, error);
}

static int read_settings(int fd, ImageSettings *settings, sd_bus_error *error)
{
        g_autoptr(GError) failure = NULL;
        g_autoptr(GMappedFile) file = g_mapped_file_new_from_fd(fd, FALSE, &failure);
        const char *at, *end;

        if (!file)
                return error_invalid(error, "The settings of the image can't be read: %s", failure->message);
        at = g_mapped_file_get_contents(file);
        end = at + g_mapped_file_get_length(file);
        if (at < end && end[-1] != '\0')
                return error_invalid(error, "The settings of the image have no end");
        while (at < end) {
                const char *kind = at, *value = kind + strlen(kind) + 1;

                if (value >= end || !image_setting_is_known(kind))
                        return error_invalid(error, "'%s' is no setting of an image, or has no value", kind);
                image_settings_add(settings, kind, value);
                at = value + strlen(value) + 1;
        }
        return 0;
}

int verb_commit(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error)
{
        g_autofree char *folder = folder_name_new();
        g_autoptr(ImageSettings) settings = image_settings_new();
        Commit commit = {.job = job,
                         .name = request->strings[2],
                         .settings = settings,
                         .platform = request->strings[5],
                         .stubs = request->strings + 6,
                         .folder = folder};
        Platform platform;
        struct stat st;
        int r;

        r = argument_to_owner(request->strings[1], &commit.owner, error);
        if (r >= 0)
                r = argument_check_name(commit.name, error);
        if (r >= 0)
                r = argument_to_number(request->strings[3], 0, INT64_MAX, &commit.parent, error);
        if (r >= 0)
                r = argument_to_id_base(request->strings[4], &commit.id_base, error);
        if (r >= 0 && *commit.platform)
                r = platform_parse(commit.platform, &platform, error);
        if (r >= 0 && (fstat(request->fds[0], &st) < 0 || !S_ISDIR(st.st_mode)))
                r = error_invalid(error, "What is to be committed is no folder");
        if (r >= 0 && request->n_fds > 1)
                r = read_settings(request->fds[1], settings, error);
        if (r >= 0)
                r = make_image(&commit, request->fds[0], error);
        if (r < 0)
                return r;
        answer_add_text(answer, "image", commit.name);
        answer_add_number(answer, "size", commit.size);
        answer_add_number(answer, "skipped-devices", commit.copy.skipped_devices);
        return 0;
}
