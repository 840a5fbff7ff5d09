/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A child makes them, since a process can't leave a user namespace again, and says so through a pipe; who asked opens
 * them by the child's pid and ends it.
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

/* Of both: no process of a user namespace needs a mapping of its own to configure what belongs to it. */
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

static void __attribute__((noreturn)) run_child(const NamespacesRequest *request, int out)
{
        int r = prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : 0;

        if (r >= 0 && request->own_ids)
                r = become(request->owner);
        if (r >= 0 && unshare((request->own_ids ? CLONE_NEWUSER : 0) | CLONE_NEWNET) < 0)
                r = -errno;
        if (r >= 0)
                r = set_loopback_up();
        if (write(out, &r, sizeof(r)) < 0)
                _exit(1);
        for (;;)
                (void) pause();
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

static int take(pid_t pid, int in, const NamespacesRequest *request, int *ret_user, int *ret_network)
{
        _cleanup_close_ int user = -1, network = -1;
        int r;

        if (read(in, &r, sizeof(r)) != (ssize_t) sizeof(r))
                return -ECHILD;
        if (r < 0)
                return r;
        if (request->own_ids) {
                r = write_map(pid, "uid_map", request);
                if (r >= 0)
                        r = write_map(pid, "gid_map", request);
                if (r >= 0)
                        r = user = open_namespace(pid, "user");
                if (r < 0)
                        return r;
        }
        network = open_namespace(pid, "net");
        if (network < 0)
                return network;
        *ret_user = steal_fd(&user);
        *ret_network = steal_fd(&network);
        return 0;
}

int namespaces_new(const NamespacesRequest *request, int *ret_user, int *ret_network)
{
        _cleanup_close_ int in = -1, out = -1;
        int pipe_fds[2], r;
        pid_t pid;

        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return -errno;
        in = pipe_fds[0];
        out = pipe_fds[1];
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                run_child(request, out);
        out = safe_close(out);
        r = take(pid, in, request, ret_user, ret_network);
        (void) kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return r;
}
