/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For test-ssh-proxy.c: the proxy in a process of its own, between real sockets. */

#include "ssh-proxy/proxy.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "unit.h"

#define DEADLINE_SECONDS 20

typedef struct World {
        char *folder;
        int agent; /* the agent's listening socket */
        pid_t proxy;
} World;

static inline void set_deadline(int fd)
{
        const struct timeval timeout = {.tv_sec = DEADLINE_SECONDS};

        g_assert_no_errno(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)));
        g_assert_no_errno(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)));
}

static inline struct sockaddr_un address_of(const World *world, const char *name)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", world->folder, name);
        return address;
}

static inline int new_socket(void)
{
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_assert_no_errno(fd);
        set_deadline(fd);
        return fd;
}

static inline int listen_at(const World *world, const char *name, int backlog)
{
        struct sockaddr_un address = address_of(world, name);
        int fd = new_socket();

        g_assert_no_errno(bind(fd, (struct sockaddr *) &address, sizeof(address)));
        g_assert_no_errno(listen(fd, backlog));
        return fd;
}

static inline void world_new(World *world, int agent_backlog)
{
        world->folder = make_tree();
        world->agent = listen_at(world, "agent", agent_backlog);
        _cleanup_close_ int listener = listen_at(world, "client", 256);
        struct sockaddr_un address = address_of(world, "agent");
        int path = open(address.sun_path, O_PATH | O_CLOEXEC);

        g_assert_no_errno(path);
        /* No path leads to it any more: the fd is enough. */
        g_assert_no_errno(chmod(world->folder, 0700));
        world->proxy = fork();
        g_assert_no_errno(world->proxy);
        if (world->proxy == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) close(world->agent);
                (void) fcntl(listener, F_SETFL, O_NONBLOCK);
                _exit(proxy_run(listener, path) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
        }
        (void) close(path);
}

static inline void world_free(World *world)
{
        /* It never ends by itself. */
        g_assert_cmpint(waitpid(world->proxy, NULL, WNOHANG), ==, 0);
        g_assert_no_errno(kill(world->proxy, SIGKILL));
        g_assert_cmpint(waitpid(world->proxy, NULL, 0), ==, world->proxy);
        (void) safe_close(world->agent);
        remove_tree(&world->folder);
}

static inline int client_new(const World *world)
{
        struct sockaddr_un address = address_of(world, "client");
        int fd = new_socket();

        g_assert_no_errno(connect(fd, (struct sockaddr *) &address, sizeof(address)));
        return fd;
}

static inline int agent_accept(const World *world)
{
        int fd = accept4(world->agent, NULL, NULL, SOCK_CLOEXEC);

        g_assert_no_errno(fd);
        set_deadline(fd);
        return fd;
}

static inline void put(int fd, const void *bytes, size_t size)
{
        g_assert_cmpint(send(fd, bytes, size, MSG_NOSIGNAL), ==, (gssize) size);
}

static inline void assert_gets(int fd, const char *text)
{
        char bytes[64];
        size_t size = strlen(text);

        g_assert_cmpint(recv(fd, bytes, size, MSG_WAITALL), ==, (gssize) size);
        g_assert_cmpmem(bytes, size, text, size);
}

static inline void assert_ended(int fd)
{
        char byte;

        g_assert_cmpint(recv(fd, &byte, 1, 0), <=, 0);
        g_assert_cmpint(errno, !=, EAGAIN);
}

/* Nothing of a busy loop: while nobody has anything to say the proxy uses no time. */
static inline void assert_rests(const World *world)
{
        struct timespec before, after;
        clockid_t clock;

        g_assert_cmpint(clock_getcpuclockid(world->proxy, &clock), ==, 0);
        /* What is under way comes to its end first. */
        (void) poll(NULL, 0, 50);
        g_assert_no_errno(clock_gettime(clock, &before));
        (void) poll(NULL, 0, 200);
        g_assert_no_errno(clock_gettime(clock, &after));
        g_assert_cmpint((after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec, <, 50000000);
}
