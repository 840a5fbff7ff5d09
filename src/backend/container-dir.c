/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/container-dir.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "model/store-layout.h"
#include "util/cleanup.h"
#include "util/spawn.h"

#define RUN_CONTAINERS GANGWAY_RUN_DIR "/containers"

typedef struct Removal {
        RemovalDone done;
        void *userdata;
} Removal;

/* Folders that the container's own root goes through may be passed, not read. */
static int make_folder(const char *path, mode_t mode)
{
        if (mkdir(path, mode) < 0 || chmod(path, mode) < 0)
                return -errno;
        return 0;
}

static int make_parents(const char *store, const char *scratch)
{
        const char *const parents[] = {GANGWAY_RUN_DIR, RUN_CONTAINERS, store, scratch};

        for (size_t i = 0; i < G_N_ELEMENTS(parents); i++) {
                int r = make_folder(parents[i], 0711);

                if (r < 0 && r != -EEXIST)
                        return r;
        }
        return 0;
}

int container_dir_new(const char *store, const char *id, ContainerDir **ret)
{
        g_autoptr(ContainerDir) dir = g_new0(ContainerDir, 1);
        g_autofree char *scratch = g_build_filename(store, STORE_SCRATCH, NULL);
        int r;

        dir->run = g_strconcat(RUN_CONTAINERS "/", id, NULL);
        dir->rootfs = g_strconcat(dir->run, "/rootfs", NULL);
        dir->runtime = g_strconcat(dir->run, "/runtime", NULL);
        dir->staging = g_strconcat(dir->run, "/staging", NULL);
        dir->scratch = g_build_filename(scratch, id, NULL);

        r = make_parents(store, scratch);
        if (r >= 0)
                r = make_folder(dir->run, 0711);
        if (r >= 0)
                r = make_folder(dir->rootfs, 0755);
        if (r >= 0)
                r = make_folder(dir->runtime, 0700);
        if (r >= 0)
                r = make_folder(dir->staging, 0711);
        if (r >= 0)
                r = make_folder(dir->scratch, 0700);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&dir);
        return 0;
}

ContainerDir *container_dir_free(ContainerDir *dir)
{
        if (!dir)
                return NULL;
        g_free(dir->run);
        g_free(dir->rootfs);
        g_free(dir->runtime);
        g_free(dir->staging);
        g_free(dir->scratch);
        g_free(dir);
        return NULL;
}

int container_dir_write(const ContainerDir *dir, const char *name, const char *text)
{
        g_autofree char *path = g_build_filename(dir->run, name, NULL);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        size_t size = strlen(text);

        if (fd < 0)
                return -errno;
        while (size > 0) {
                ssize_t n = write(fd, text, size);

                if (n < 0)
                        return -errno;
                text += n;
                size -= (size_t) n;
        }
        return 0;
}

static void on_removed(const siginfo_t *info, void *userdata)
{
        Removal removal = *(Removal *) userdata;

        g_free(userdata);
        removal.done(info->si_code == CLD_EXITED && info->si_status == 0 ? 0 : -EIO, removal.userdata);
}

static int remove_folders(const char *run, const char *scratch, Reaper *reaper, RemovalDone done, void *userdata,
                          ReaperWatch **ret)
{
        const char *const argv[] = {GANGWAY_RM, "-rf", "--one-file-system", "--", run, scratch, NULL};
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        SpawnRequest request = {.path = GANGWAY_RM, .argv = argv, .control = -1, .null = null};
        Removal *removal;
        pid_t pid;
        int pidfd, r;

        if (null < 0)
                return -errno;
        r = spawn(&request, &pid, &pidfd);
        if (r < 0)
                return r;

        removal = g_new0(Removal, 1);
        removal->done = done;
        removal->userdata = userdata;
        r = reaper_watch(reaper, pid, pidfd, on_removed, removal, ret);
        if (r < 0)
                g_free(removal);
        return r;
}

int container_dir_remove(const ContainerDir *dir, Reaper *reaper, RemovalDone done, void *userdata, ReaperWatch **ret)
{
        return remove_folders(dir->run, dir->scratch, reaper, done, userdata, ret);
}

int container_dir_sweep(const char *store, Reaper *reaper, RemovalDone done, void *userdata, ReaperWatch **ret)
{
        g_autofree char *scratch = g_build_filename(store, STORE_SCRATCH, NULL);

        return remove_folders(RUN_CONTAINERS, scratch, reaper, done, userdata, ret);
}
