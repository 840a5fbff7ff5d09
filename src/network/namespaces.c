/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A process makes the namespaces by being in them, and ends when they are held from outside. The user namespace gets
 * its ids first: the files below /proc/sys/net and /sys/class/net belong to the ids that its root has when the network
 * namespace is made.
 */

#include "network/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "model/id-ranges.h"
#include "util/cleanup.h"

void namespaces_done(Namespaces *namespaces)
{
        namespaces->net = safe_close(namespaces->net);
        namespaces->user = safe_close(namespaces->user);
}

static int raise_loopback(void)
{
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = {.ifr_name = "lo"};

        if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
                return -errno;
        request.ifr_flags |= IFF_UP;
        return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

/* Each side says when it is done, with a negative errno or 0. The end of the stream is the other one's end. */
static int await(int socket)
{
        int r;

        return TEMP_FAILURE_RETRY(read(socket, &r, sizeof(r))) == sizeof(r) ? r : -ECHILD;
}

static void tell(int socket, int r)
{
        (void) send(socket, &r, sizeof(r), MSG_NOSIGNAL);
}

static void __attribute__((noreturn)) run_child(int socket)
{
        int r;

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        r = await(socket);
        if (r >= 0 && unshare(CLONE_NEWNET) < 0)
                r = -errno;
        if (r >= 0)
                r = raise_loopback();
        tell(socket, r);
        /* Until the namespaces are held. */
        (void) await(socket);
        _exit(0);
}

static int write_map(pid_t pid, const char *name, uint32_t base)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, name);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || dprintf(fd, "0 %" PRIu32 " %u\n", base, ID_RANGE_SIZE) < 0)
                return -errno;
        return 0;
}

static int open_namespace(pid_t pid, const char *name, int *ret)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/ns/%s", pid, name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        *ret = fd;
        return 0;
}

static int follow(pid_t pid, int socket, bool own_user, uint32_t base, Namespaces *namespaces)
{
        int r = 0;

        if (own_user)
                r = write_map(pid, "uid_map", base);
        if (r >= 0 && own_user)
                r = write_map(pid, "gid_map", base);
        tell(socket, r);
        if (r >= 0)
                r = await(socket);
        if (r >= 0)
                r = open_namespace(pid, "net", &namespaces->net);
        if (r >= 0 && own_user)
                r = open_namespace(pid, "user", &namespaces->user);
        return r;
}

int namespaces_make(bool own_user, uint32_t base, Namespaces *ret)
{
        _cleanup_(namespaces_done) Namespaces namespaces = NAMESPACES_NONE;
        struct clone_args arguments = {.flags = own_user ? CLONE_NEWUSER : 0, .exit_signal = SIGCHLD};
        int pair[2], r;
        long pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
        if (pid == 0) {
                safe_close(pair[0]);
                run_child(pair[1]);
        }
        r = pid < 0 ? -errno : 0;
        safe_close(pair[1]);
        if (r >= 0)
                r = follow((pid_t) pid, pair[0], own_user, base, &namespaces);
        safe_close(pair[0]);
        if (pid > 0) {
                (void) kill((pid_t) pid, SIGKILL);
                (void) waitpid((pid_t) pid, NULL, 0);
        }
        if (r < 0)
                return r;
        *ret = namespaces;
        namespaces = NAMESPACES_NONE;
        return 0;
}
