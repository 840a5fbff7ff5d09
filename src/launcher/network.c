/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * pasta is started as a user that nobody else is, and that owns the container's user namespace: that is what lets it
 * enter the network namespace and make its interface there, and it has no right on anything else of this machine. It
 * goes to the background by itself when the interface is there, and its first process ends then.
 */

#include "launcher/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launcher/reply.h"
#include "util/cleanup.h"
#include "util/namespaces.h"

#define START_SECONDS 10

/* The request, which the strings are borrowed from. */
static StringMessage pasta;
static uid_t pasta_user;

static int bind_namespace(int fd, const char *path)
{
        _cleanup_close_ int file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
        char source[64];

        if (file < 0)
                return -errno;
        (void) snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
        return mount(source, path, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

static int bind_both(int network, const char *network_path, int user, const char *user_path)
{
        int r = bind_namespace(network, network_path);

        if (r >= 0 && user >= 0)
                r = bind_namespace(user, user_path);
        return r < 0 ? reply_error(MOUNT_FAILED, "The container's network namespace can't be shown to its runtime: %s",
                                   strerror(-r))
                     : reply_ok();
}

int network_call_join(StringMessage *m)
{
        size_t n_expected = *m->strings[2] ? 2 : 1;

        if (m->n_fds != n_expected)
                return -EBADMSG;
        return bind_both(m->fds[0], m->strings[1], m->n_fds > 1 ? m->fds[1] : -1, m->strings[2]);
}

static uint32_t to_number(const char *text)
{
        return (uint32_t) strtoul(text, NULL, 10);
}

int network_call_isolate(StringMessage *m)
{
        NamespacesRequest request = {
                .own_ids = true,
                .id_base = to_number(m->strings[3]),
                .id_count = to_number(m->strings[4]),
                .owner = to_number(m->strings[5]),
        };
        _cleanup_(namespaces_done) Namespaces namespaces = NAMESPACES_NONE;
        int r;

        if (pasta.bytes)
                return -EBADMSG;
        r = namespaces_new(&request, &namespaces);
        if (r < 0)
                return reply_error(MOUNT_FAILED, "The container's network namespace can't be made: %s", strerror(-r));
        pasta = *m;
        *m = (StringMessage){};
        pasta_user = request.owner;
        return bind_both(namespaces.net, pasta.strings[1], namespaces.user, pasta.strings[2]);
}

static void __attribute__((noreturn)) run_pasta(int out)
{
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        static char *const no_environment[] = {NULL};

        /* lint: allow cloexec: these the program is to inherit */
        if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
                _exit(127);
        if (setgroups(0, NULL) < 0 || setresgid(pasta_user, pasta_user, pasta_user) < 0 ||
            setresuid(pasta_user, pasta_user, pasta_user) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                _exit(127);
        (void) execve(pasta.strings[6], (char *const *) (pasta.strings + 6), no_environment);
        _exit(127);
}

static int milliseconds_until(const struct timespec *end)
{
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return (int) ((end->tv_sec - now.tv_sec) * 1000 + (end->tv_nsec - now.tv_nsec) / 1000000);
}

/* What it says, to the end: it closes its output when it goes to the background. The last part is what counts. */
static int read_output(int in, char message[NETWORK_ERROR_SIZE])
{
        struct timespec end;
        size_t size = 0;

        (void) clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_sec += START_SECONDS;
        for (;;) {
                struct pollfd poll_fd = {.fd = in, .events = POLLIN};
                int left = milliseconds_until(&end);
                ssize_t n;

                if (left <= 0 || (poll(&poll_fd, 1, left) == 0))
                        return -ETIMEDOUT;
                if (size == NETWORK_ERROR_SIZE - 1) {
                        size /= 2;
                        memmove(message, message + NETWORK_ERROR_SIZE - 1 - size, size);
                }
                n = read(in, message + size, NETWORK_ERROR_SIZE - 1 - size);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        break;
                size += n > 0 ? (size_t) n : 0;
        }
        while (size > 0 && message[size - 1] == '\n')
                size--;
        message[size] = '\0';
        for (char *newline; (newline = strchr(message, '\n'));)
                *newline = ';';
        return 0;
}

int network_start(char message[NETWORK_ERROR_SIZE])
{
        _cleanup_close_ int in = -1, out = -1;
        int pipe_fds[2], status = 0, r;
        pid_t pid;

        if (!pasta.bytes)
                return 0;
        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return -errno;
        in = pipe_fds[0];
        out = pipe_fds[1];
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                run_pasta(out);
        safe_close(steal_fd(&out));
        r = read_output(in, message);
        if (r < 0)
                (void) kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (r >= 0 && status != 0)
                r = -EIO;
        return r;
}

static int count_bits(const struct sockaddr *mask)
{
        const uint8_t *bytes = mask->sa_family == AF_INET6
                                       ? ((const struct sockaddr_in6 *) mask)->sin6_addr.s6_addr
                                       : (const uint8_t *) &((const struct sockaddr_in *) mask)->sin_addr;
        size_t size = mask->sa_family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
        int bits = 0;

        for (size_t i = 0; i < size; i++)
                bits += __builtin_popcount(bytes[i]);
        return bits;
}

/* Runs in a child that has gone to the namespace, since this process is to stay where it is. */
static void write_addresses(int out)
{
        struct ifaddrs *list;

        if (getifaddrs(&list) < 0)
                return;
        for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
                char address[INET6_ADDRSTRLEN], line[INET6_ADDRSTRLEN + 16];
                const void *bytes;

                if (!i->ifa_addr || !i->ifa_netmask || (i->ifa_flags & IFF_LOOPBACK) ||
                    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
                        continue;
                bytes = i->ifa_addr->sa_family == AF_INET
                                ? (const void *) &((const struct sockaddr_in *) i->ifa_addr)->sin_addr
                                : (const void *) &((const struct sockaddr_in6 *) i->ifa_addr)->sin6_addr;
                if (i->ifa_addr->sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *) bytes))
                        continue;
                if (!inet_ntop(i->ifa_addr->sa_family, bytes, address, sizeof(address)))
                        continue;
                (void) snprintf(line, sizeof(line), "%s/%d", address, count_bits(i->ifa_netmask));
                if (write(out, line, strlen(line) + 1) < 0)
                        break;
        }
        freeifaddrs(list);
}

static void __attribute__((noreturn)) run_list(int out)
{
        _cleanup_close_ int network = open(pasta.strings[1], O_RDONLY | O_CLOEXEC);

        if (network >= 0 && setns(network, CLONE_NEWNET) >= 0)
                write_addresses(out);
        _exit(0);
}

size_t network_list_addresses(char text[NETWORK_ADDRESSES_SIZE], const char **addresses, size_t n)
{
        _cleanup_close_ int in = -1, out = -1;
        size_t size = 0, count = 0;
        int pipe_fds[2];
        ssize_t got;
        pid_t pid;

        if (!pasta.bytes || pipe2(pipe_fds, O_CLOEXEC) < 0)
                return 0;
        in = pipe_fds[0];
        out = pipe_fds[1];
        pid = fork();
        if (pid < 0)
                return 0;
        if (pid == 0)
                run_list(out);
        safe_close(steal_fd(&out));
        while (size < NETWORK_ADDRESSES_SIZE && (got = read(in, text + size, NETWORK_ADDRESSES_SIZE - size)) > 0)
                size += (size_t) got;
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        for (size_t i = 0; i < size && count < n && memchr(text + i, '\0', size - i); i += strlen(text + i) + 1)
                addresses[count++] = text + i;
        return count;
}
