/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A process makes the namespaces by being in them, and ends when they are held from outside. The user namespace gets
 * its ids first: the files below /proc/sys/net and /sys/class/net belong to the ids that its root has when the network
 * namespace is made.
 */

#include "util/namespaces.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"

void namespaces_done(Namespaces *namespaces)
{
        namespaces->net = safe_close(namespaces->net);
        namespaces->user = safe_close(namespaces->user);
}

static int set_loopback_up(void)
{
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = {.ifr_name = "lo"};

        if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
                return -errno;
        request.ifr_flags |= IFF_UP;
        return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

/* The owner is the effective user; the capabilities stay, since not every machine lets others make user namespaces. */
static int become(uid_t owner)
{
        if (owner == 0)
                return 0;
        if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0 || setresuid(owner, owner, owner) < 0)
                return -errno;
        return 0;
}

/* Each side says when it is done, with a negative errno or 0. The end of the stream is the other one's end. */
static int await(int socket)
{
        int r;

        return read(socket, &r, sizeof(r)) == (ssize_t) sizeof(r) ? r : -ECHILD;
}

static void tell(int socket, int r)
{
        (void) send(socket, &r, sizeof(r), MSG_NOSIGNAL);
}

static int enter_user_namespace(const NamespacesRequest *request, int socket)
{
        int r = become(request->owner);

        if (r >= 0 && unshare(CLONE_NEWUSER) < 0)
                r = -errno;
        tell(socket, r);
        r = await(socket);
        if (r >= 0 && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
                r = -errno;
        return r;
}

static void __attribute__((noreturn)) run_child(const NamespacesRequest *request, int socket)
{
        int r = request->own_ids ? enter_user_namespace(request, socket) : 0;

        if (r >= 0 && unshare(CLONE_NEWNET) < 0)
                r = -errno;
        if (r >= 0)
                r = set_loopback_up();
        tell(socket, r);
        /* Until it is killed, or who asked has ended. */
        (void) await(socket);
        _exit(0);
}

static int write_map(pid_t pid, const char *name, const NamespacesRequest *request)
{
        char path[64], map[64];
        _cleanup_close_ int fd = -1;
        int size = snprintf(map, sizeof(map), "0 %u %u", request->id_base, request->id_count);

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, name);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, map, (size_t) size) != size)
                return -errno;
        return 0;
}

static int open_namespace(pid_t pid, const char *name)
{
        char path[64];
        int fd;

        (void) snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int) pid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int map_ids(pid_t pid, int socket, const NamespacesRequest *request)
{
        int r = await(socket);

        if (r >= 0)
                r = write_map(pid, "uid_map", request);
        if (r >= 0)
                r = write_map(pid, "gid_map", request);
        tell(socket, r);
        return r;
}

static int take(pid_t pid, int socket, const NamespacesRequest *request, Namespaces *ret)
{
        _cleanup_close_ int user = -1, network = -1;
        int r = request->own_ids ? map_ids(pid, socket, request) : 0;

        if (r >= 0)
                r = await(socket);
        if (r >= 0 && request->own_ids)
                r = user = open_namespace(pid, "user");
        if (r >= 0)
                r = network = open_namespace(pid, "net");
        if (r < 0)
                return r;
        ret->user = steal_fd(&user);
        ret->net = steal_fd(&network);
        return 0;
}

int namespaces_new(const NamespacesRequest *request, Namespaces *ret)
{
        _cleanup_close_ int ours = -1, theirs = -1;
        int pair[2], r;
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        ours = pair[0];
        theirs = pair[1];
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                (void) close(ours);
                run_child(request, theirs);
        }
        safe_close(steal_fd(&theirs));
        r = take(pid, ours, request, ret);
        (void) kill(pid, SIGKILL);
        /* lint: allow blocking-call: it was killed, and this is for the helpers, not for the daemon */
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return r;
}
