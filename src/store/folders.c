/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is made grows below incoming/, and what is removed goes there first: both are one rename, and what a crash
 * leaves there is known to be rubbish, since nobody holds its lock.
 */

#include "store/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "config.h"
#include "model/store-layout.h"
#include "store/child.h"
#include "util/cleanup.h"
#include "util/log.h"

#define TRIES 10

typedef struct Removal {
        const char *kind;
        char *folder;
        int lock;
} Removal;

struct Removals {
        Job *job;
        GPtrArray *list;
};

char *folder_name_new(void)
{
        guint64 number;

        if (getrandom(&number, sizeof(number), 0) != sizeof(number))
                abort();
        return g_strdup_printf("%016" G_GINT64_MODIFIER "x", number);
}

static int open_folder(const Job *job, const char *path)
{
        return openat(job->store, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Returns 0 where a sweep was faster: it takes a new folder that is not locked yet for one that is left over. */
static int make_incoming(Job *job, const char *path, int *ret_fd)
{
        _cleanup_close_ int fd = -1;
        struct stat ours, there;

        if (mkdirat(job->store, path, 0700) < 0)
                return -errno;
        fd = open_folder(job, path);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? 0 : -errno;
        if (fstat(fd, &ours) < 0 || fstatat(job->store, path, &there, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)
                return 0;
        *ret_fd = steal_fd(&fd);
        return 1;
}

int incoming_new(Job *job, Incoming *ret, sd_bus_error *error)
{
        for (int i = 0; i < TRIES; i++) {
                g_autofree char *name = folder_name_new();
                g_autofree char *path = g_build_filename(STORE_INCOMING, name, NULL);
                int fd, r;

                r = make_incoming(job, path, &fd);
                if (r < 0)
                        return job_fail(job, r, "No folder can be made", error);
                if (r > 0) {
                        *ret = (Incoming){.job = job, .path = g_steal_pointer(&path), .fd = fd};
                        return 0;
                }
        }
        return job_fail(job, -EBUSY, "No folder can be made", error);
}

void incoming_done(Incoming *incoming)
{
        if (!incoming->path)
                return;
        if (!folder_remove(incoming->job, incoming->path))
                log_warning("The folder %s/%s can't be removed", incoming->job->path, incoming->path);
        safe_close(incoming->fd);
        g_free(incoming->path);
        *incoming = INCOMING_NONE;
}

bool folder_remove(const Job *job, const char *path)
{
        g_autofree char *absolute = g_build_filename(job->path, path, NULL);
        const char *const argv[] = {GANGWAY_RM, "-rf", "--one-file-system", "--", absolute, NULL};
        struct stat st;

        /* A child of a helper that was killed may still be writing there, in its last moment. */
        for (int i = 0; i < TRIES; i++) {
                Child child = CHILD_NONE;
                siginfo_t info;

                if (fstatat(job->store, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
                        return true;
                if (child_start(argv, -1, &child) < 0)
                        return false;
                child_wait(&child, -1, &info);
        }
        return fstatat(job->store, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

int folder_lock(const Job *job, const char *kind, const char *folder, int operation, int *ret_fd)
{
        g_autofree char *path = g_build_filename(kind, folder, NULL);
        _cleanup_close_ int fd = open_folder(job, path);

        if (fd < 0 || flock(fd, operation | LOCK_NB) < 0)
                return -errno;
        *ret_fd = steal_fd(&fd);
        return 0;
}

static void free_removal(gpointer data)
{
        Removal *removal = data;

        safe_close(removal->lock);
        g_free(removal->folder);
        g_free(removal);
}

Removals *removals_new(Job *job)
{
        Removals *removals = g_new0(Removals, 1);

        removals->job = job;
        removals->list = g_ptr_array_new_with_free_func(free_removal);
        return removals;
}

Removals *removals_free(Removals *removals)
{
        if (!removals)
                return NULL;
        g_ptr_array_unref(removals->list);
        g_free(removals);
        return NULL;
}

void removals_add(Removals *removals, const char *kind, const char *folder, int lock)
{
        Removal *removal = g_new0(Removal, 1);

        removal->kind = kind;
        removal->folder = g_strdup(folder);
        removal->lock = lock;
        g_ptr_array_add(removals->list, removal);
}

void removals_apply(Removals *removals)
{
        _cleanup_(incoming_done) Incoming trash = INCOMING_NONE;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (removals->list->len == 0)
                return;
        /* On a full disk there may be no room for a folder: then they are removed where they are. */
        if (incoming_new(removals->job, &trash, &error) < 0)
                trash = INCOMING_NONE;
        for (unsigned i = 0; i < removals->list->len; i++) {
                const Removal *removal = g_ptr_array_index(removals->list, i);
                g_autofree char *path = g_build_filename(removal->kind, removal->folder, NULL);

                if (trash.fd >= 0 && renameat(removals->job->store, path, trash.fd, removal->folder) == 0)
                        continue;
                if (!folder_remove(removals->job, path))
                        log_warning("The folder %s/%s can't be removed", removals->job->path, path);
        }
}

int folder_list(Job *job, const char *kind, FolderFound found, void *userdata, sd_bus_error *error)
{
        int fd = open_folder(job, kind);
        const struct dirent *entry;
        int r = 0;
        DIR *dir;

        dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir) {
                r = -errno;
                safe_close(fd);
                return job_fail(job, r, "A folder can't be read", error);
        }
        while (r >= 0 && (errno = 0, entry = readdir(dir)))
                if (entry->d_name[0] != '.')
                        r = found(entry->d_name, userdata, error);
        if (r >= 0 && errno != 0)
                r = job_fail(job, -errno, "A folder can't be read", error);
        closedir(dir);
        return r;
}
