/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The registry is a file system of the kernel's, of which each user namespace has one, or else uses that of the
 * namespace above. /proc/sys/fs/binfmt_misc is where it is usually mounted; often there is an automount of systemd's
 * instead, which would make whoever looks wait, and handlers come by way of other mounts, too (those of containers that
 * install some). So in the machine's own user namespace the daemon makes a mount for itself, which has no place in any
 * tree: it is there at once and stays, whatever is mounted where. In another namespace that would hide the handlers of
 * the one above from all of the namespace's processes, so there only what is mounted already is used.
 *
 * The kernel tells who watches the folder of writes to the files in it, and only by writing is anything registered,
 * turned off or removed.
 */

#include "backend/binfmt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "model/binfmt-entry.h"
#include "util/cleanup.h"
#include "util/log.h"

#define FOLDER "/proc/sys/fs/binfmt_misc"
/* A file of the registry is a page at most. */
#define TEXT_MAX 4096
/* The inode of the first user namespace, PROC_USER_INIT_INO of the kernel's linux/proc_ns.h. */
#define FIRST_USER_NAMESPACE 0xEFFFFFFDU

struct Binfmt {
        int folder; /* -1: there is none */
        GArray *platforms;
        sd_event_source *watch;
        sd_event_source *reading; /* once after any number of changes */
        BinfmtChanged changed;
        void *userdata;
};

static bool is_first_user_namespace(void)
{
        struct stat st;

        return stat("/proc/self/ns/user", &st) == 0 && st.st_ino == FIRST_USER_NAMESPACE;
}

/* This loads the module where there is one that is not loaded: it has no handlers then, but nothing would tell of the
 * first. Returns the folder, or a negative errno. */
static int mount_registry(void)
{
        _cleanup_close_ int context = fsopen("binfmt_misc", FSOPEN_CLOEXEC);
        int folder;

        if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        folder = fsmount(context, FSMOUNT_CLOEXEC,
                         MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        return folder < 0 ? -errno : folder;
}

/* Without O_DIRECTORY, an automount is looked at, and not through. */
static int open_mounted(void)
{
        _cleanup_close_ int folder = open(FOLDER, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct statfs st;

        if (folder < 0 || fstatfs(folder, &st) < 0)
                return -errno;
        return st.f_type == BINFMTFS_MAGIC ? steal_fd(&folder) : -ENOENT;
}

static int read_file(int folder, const char *name, char text[static TEXT_MAX + 1])
{
        _cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, TEXT_MAX);

        if (n < 0)
                return -errno;
        text[n] = '\0';
        return 0;
}

static void read_entry(Binfmt *binfmt, const char *name)
{
        char text[TEXT_MAX + 1];
        Platform platform;
        int r;

        /* One that has just been removed is none. */
        if (read_file(binfmt->folder, name, text) < 0)
                return;
        r = binfmt_entry_parse(text, &platform);
        if (r < 0)
                log_warning("The handler '%s' of binfmt_misc is left out: what the kernel says of it is not understood",
                            name);
        else if (r > 0)
                g_array_append_val(binfmt->platforms, platform);
}

static void closedir_at_exit(DIR **folder)
{
        if (*folder)
                (void) closedir(*folder);
}

static void read_registry(Binfmt *binfmt)
{
        _cleanup_(closedir_at_exit) DIR *folder = NULL;
        char status[TEXT_MAX + 1];
        const struct dirent *entry;
        int fd;

        g_array_set_size(binfmt->platforms, 0);
        if (read_file(binfmt->folder, "status", status) < 0 || !binfmt_status_is_enabled(status))
                return;
        fd = openat(binfmt->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        folder = fd < 0 ? NULL : fdopendir(fd);
        if (!folder) {
                safe_close(fd);
                return;
        }
        while ((entry = readdir(folder)))
                if (*entry->d_name != '.' && strcmp(entry->d_name, "status") != 0 &&
                    strcmp(entry->d_name, "register") != 0)
                        read_entry(binfmt, entry->d_name);
}

static int on_reading(sd_event_source *source, void *userdata)
{
        Binfmt *binfmt = userdata;

        read_registry(binfmt);
        binfmt->changed(binfmt->userdata);
        return 0;
}

static int on_written(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
        return sd_event_source_set_enabled(((Binfmt *) userdata)->reading, SD_EVENT_ONESHOT);
}

static int watch(Binfmt *binfmt, sd_event *event)
{
        int r;

        r = sd_event_add_defer(event, &binfmt->reading, on_reading, binfmt);
        if (r >= 0)
                r = sd_event_source_set_enabled(binfmt->reading, SD_EVENT_OFF);
        /* Who registers many handlers has written all by then, or most. */
        if (r >= 0)
                r = sd_event_source_set_priority(binfmt->reading, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_add_inotify_fd(event, &binfmt->watch, binfmt->folder, IN_MODIFY | IN_DELETE, on_written,
                                            binfmt);
        return r;
}

int binfmt_new(sd_event *event, BinfmtChanged changed, void *userdata, Binfmt **ret)
{
        Binfmt *binfmt = g_new0(Binfmt, 1);
        int r = 0;

        binfmt->changed = changed;
        binfmt->userdata = userdata;
        binfmt->platforms = g_array_new(FALSE, FALSE, sizeof(Platform));
        binfmt->folder = is_first_user_namespace() ? mount_registry() : open_mounted();
        if (binfmt->folder >= 0) {
                /* What is written in between is read here or told later. */
                r = watch(binfmt, event);
                if (r >= 0)
                        read_registry(binfmt);
        }
        if (r < 0) {
                binfmt_free(binfmt);
                return r;
        }
        *ret = binfmt;
        return 0;
}

Binfmt *binfmt_free(Binfmt *binfmt)
{
        if (!binfmt)
                return NULL;
        sd_event_source_disable_unref(binfmt->watch);
        sd_event_source_disable_unref(binfmt->reading);
        safe_close(binfmt->folder);
        g_array_unref(binfmt->platforms);
        g_free(binfmt);
        return NULL;
}

const GArray *binfmt_get(const Binfmt *binfmt)
{
        return binfmt->platforms;
}
