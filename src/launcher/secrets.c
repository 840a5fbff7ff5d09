/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "launcher/secrets.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "launcher/tree.h"
#include "util/cleanup.h"

/* What is on its way is not to be swapped either. */
static char buffer[65536];

static int open_top(Secrets *secrets)
{
        _cleanup_close_ int context = -1, tree = -1, target = -1;
        int r;

        if (secrets->top >= 0)
                return 0;
        if (mlock(buffer, sizeof(buffer)) < 0)
                return -errno;
        context = fsopen("ramfs", FSOPEN_CLOEXEC);
        if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "mode", "0700", 0) < 0 ||
            fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        tree = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
        target = open(secrets->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (tree < 0 || target < 0)
                return -errno;
        r = tree_attach(tree, target);
        if (r < 0)
                return r;
        secrets->top = steal_fd(&tree);
        return 0;
}

/* A new file, for writing; *ret_name is its name. */
static int make_file(Secrets *secrets, char name[16])
{
        int r = open_top(secrets), fd;

        if (r < 0)
                return r;
        (void) snprintf(name, 16, "%u", secrets->last++);
        fd = openat(secrets->top, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
        return fd < 0 ? -errno : fd;
}

static int write_all(int fd, size_t size)
{
        for (size_t done = 0; done < size;) {
                ssize_t n = write(fd, buffer + done, size - done);

                if (n < 0)
                        return -errno;
                done += (size_t) n;
        }
        return 0;
}

/* Returns the number of bytes. */
static int copy(Secrets *secrets, int from, int to)
{
        size_t size = 0;

        for (;;) {
                ssize_t n = read(from, buffer, sizeof(buffer));
                int r;

                if (n < 0)
                        return errno == EINTR ? -ETIMEDOUT : -errno;
                if (n == 0)
                        return (int) size;
                size += (size_t) n;
                secrets->total += (size_t) n;
                if (size > SECRET_SIZE_MAX)
                        return -E2BIG;
                if (secrets->total > SECRETS_TOTAL_MAX)
                        return -ENOSPC;
                r = write_all(to, (size_t) n);
                if (r < 0)
                        return r;
        }
}

static void on_alarm(int signal)
{
        (void) signal;
}

/* A read that waits is interrupted, and says so. A file server that does not even let go then is cut off by the second
 * alarm, which ends this process. */
static int copy_in_time(Secrets *secrets, int from, int to)
{
        struct sigaction action = {.sa_handler = on_alarm, .sa_flags = (int) SA_RESETHAND};
        struct itimerval timer = {.it_value.tv_sec = SECRET_SECONDS, .it_interval.tv_sec = 1}, off = {};
        int r;

        if (sigaction(SIGALRM, &action, NULL) < 0 || setitimer(ITIMER_REAL, &timer, NULL) < 0)
                return -errno;
        r = copy(secrets, from, to);
        (void) setitimer(ITIMER_REAL, &off, NULL);
        explicit_bzero(buffer, sizeof(buffer));
        return r;
}

int secrets_take(Secrets *secrets, int fd, size_t *ret_size)
{
        _cleanup_close_ int file = -1;
        char name[16];
        int r, content;

        file = make_file(secrets, name);
        if (file < 0)
                return file;
        r = copy_in_time(secrets, fd, file);
        if (r < 0)
                return r;
        content = openat(secrets->top, name, O_RDONLY | O_CLOEXEC);
        if (content < 0)
                return -errno;
        *ret_size = (size_t) r;
        return content;
}

int secrets_open_tree(Secrets *secrets, int content, uint32_t uid, uint32_t gid, uint32_t mode)
{
        _cleanup_close_ int file = -1;
        char name[16];
        int r, tree;

        file = make_file(secrets, name);
        if (file < 0)
                return file;
        if (lseek(content, 0, SEEK_SET) < 0)
                return -errno;
        r = copy_in_time(secrets, content, file);
        if (r < 0)
                return r;
        if (fchown(file, uid, gid) < 0 || fchmod(file, mode) < 0)
                return -errno;
        tree = open_tree(secrets->top, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (tree < 0)
                return -errno;
        r = tree_set_flags(tree, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | (mode & 0111 ? 0 : MOUNT_ATTR_NOEXEC));
        if (r < 0) {
                safe_close(tree);
                return r;
        }
        return tree;
}

void secrets_hide(Secrets *secrets)
{
        if (secrets->top < 0)
                return;
        (void) umount2(secrets->folder, MNT_DETACH | UMOUNT_NOFOLLOW);
        secrets->top = safe_close(secrets->top);
}
