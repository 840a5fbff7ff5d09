/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Nothing here waits for one connection: sockets are only touched when poll(2) says so, or in a way that fails at once.
 * What can't be polled for is room in the queue of an agent that does not accept: that is tried again by a timer.
 *
 * A side is gone when poll(2) tells of a hang-up, which is more than the end of what it sends: nobody reads there any
 * more. What it had sent before still goes to the other side; an agent that doesn't take it is given up after a while,
 * so that clients which ended can't use up all connections.
 */

#include "ssh-proxy/proxy.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "ssh-proxy/stream.h"
#include "util/cleanup.h"

#define CONNECT_AGAIN_MS 20
#define ACCEPT_AGAIN_MS  100
#define LINGER_MS        30000
#define GONE_EVENTS      (POLLHUP | POLLERR | POLLNVAL)

typedef struct Connection {
        int client; /* -1: this one is free */
        int agent;
        bool connected; /* to the agent */
        bool client_gone;
        bool agent_gone;
        Stream to_agent;
        Stream to_client;
        int64_t last_ms; /* when anything moved last */
} Connection;

typedef struct Proxy {
        int listener;
        struct sockaddr_un address;
        int64_t now_ms;
        bool accept_later;
        size_t n_connections;
        Connection connections[PROXY_CONNECTIONS_MAX];
        struct pollfd fds[1 + 2 * PROXY_CONNECTIONS_MAX];
} Proxy;

static int64_t get_time_ms(void)
{
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void close_connection(Proxy *proxy, Connection *connection)
{
        safe_close(connection->client);
        safe_close(connection->agent);
        stream_free(&connection->to_agent);
        stream_free(&connection->to_client);
        *connection = (Connection){.client = -1, .agent = -1};
        proxy->n_connections--;
}

/* The path is that of the O_PATH fd: no folder on the way to the socket has to be passed, only the socket's own mode
 * counts. */
static void connect_agent(Proxy *proxy, Connection *connection)
{
        if (connect(connection->agent, (struct sockaddr *) &proxy->address, sizeof(proxy->address)) >= 0)
                connection->connected = true;
        else if (errno != EAGAIN && errno != EINTR)
                close_connection(proxy, connection);
}

static void accept_one(Proxy *proxy)
{
        Connection *connection = proxy->connections;

        while (connection->client >= 0)
                connection++;
        connection->client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (connection->client < 0) {
                /* For want of fds or memory the listener stays readable. */
                proxy->accept_later = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
                return;
        }
        proxy->n_connections++;
        connection->agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (connection->agent < 0)
                close_connection(proxy, connection);
        else
                connect_agent(proxy, connection);
}

static void set_poll(struct pollfd *fd, int socket, bool gone, const Stream *from, const Stream *to)
{
        fd->events = (short) ((stream_wants_input(from) ? POLLIN : 0) | (stream_wants_output(to) ? POLLOUT : 0));
        /* A hang-up is told whether it is asked for or not, and once is enough. */
        fd->fd = gone && fd->events == 0 ? -1 : socket;
}

static int min_timeout(int timeout, int64_t other)
{
        if (other < 0)
                other = 0;
        return timeout < 0 || other < timeout ? (int) other : timeout;
}

/* Fills fds; returns the timeout. */
static int prepare_poll(Proxy *proxy)
{
        int timeout = -1;

        proxy->fds[0] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
        if (proxy->accept_later || proxy->n_connections == PROXY_CONNECTIONS_MAX)
                proxy->fds[0].fd = -1;
        if (proxy->accept_later)
                timeout = ACCEPT_AGAIN_MS;

        for (size_t i = 0; i < PROXY_CONNECTIONS_MAX; i++) {
                const Connection *connection = &proxy->connections[i];
                struct pollfd *client = &proxy->fds[1 + 2 * i], *agent = client + 1;

                *client = *agent = (struct pollfd){.fd = -1};
                if (connection->client < 0)
                        continue;
                if (!connection->connected) {
                        client->fd = connection->client;
                        timeout = min_timeout(timeout, CONNECT_AGAIN_MS);
                        continue;
                }
                set_poll(client, connection->client, connection->client_gone, &connection->to_agent,
                         &connection->to_client);
                set_poll(agent, connection->agent, connection->agent_gone, &connection->to_client,
                         &connection->to_agent);
                if (connection->client_gone)
                        timeout = min_timeout(timeout, connection->last_ms + LINGER_MS - proxy->now_ms);
        }
        return timeout;
}

static void note_gone(const Proxy *proxy, Connection *connection, short client, short agent)
{
        if (client & GONE_EVENTS && !connection->client_gone) {
                connection->client_gone = true;
                connection->last_ms = proxy->now_ms;
                stream_give_up(&connection->to_client, connection->agent);
        }
        if (agent & GONE_EVENTS && !connection->agent_gone) {
                connection->agent_gone = true;
                stream_give_up(&connection->to_agent, connection->client);
        }
}

static void serve(Proxy *proxy, Connection *connection, short client, short agent)
{
        bool moved;

        if (!connection->connected) {
                if (client & GONE_EVENTS)
                        close_connection(proxy, connection);
                else
                        connect_agent(proxy, connection);
                return;
        }
        if (!client && !agent) {
                if (connection->client_gone && proxy->now_ms - connection->last_ms >= LINGER_MS)
                        close_connection(proxy, connection);
                return;
        }
        note_gone(proxy, connection, client, agent);
        moved = stream_pump(&connection->to_agent, connection->client, connection->agent);
        moved |= stream_pump(&connection->to_client, connection->agent, connection->client);
        if (moved)
                connection->last_ms = proxy->now_ms;
        if (connection->to_agent.done && connection->to_client.done)
                close_connection(proxy, connection);
}

int proxy_run(int listener, int agent)
{
        static Proxy proxy; /* not on the stack for its size; there is one in a process */

        proxy = (Proxy){.listener = listener, .address = {.sun_family = AF_UNIX}};
        (void) snprintf(proxy.address.sun_path, sizeof(proxy.address.sun_path), "/proc/self/fd/%d", agent);
        for (size_t i = 0; i < PROXY_CONNECTIONS_MAX; i++)
                proxy.connections[i].client = proxy.connections[i].agent = -1;

        proxy.now_ms = get_time_ms();
        for (;;) {
                int n = poll(proxy.fds, 1 + 2 * PROXY_CONNECTIONS_MAX, prepare_poll(&proxy));

                if (n < 0 && errno != EINTR)
                        return -errno;
                proxy.now_ms = get_time_ms();
                proxy.accept_later = false;
                if (n < 0)
                        continue;
                for (size_t i = 0; i < PROXY_CONNECTIONS_MAX; i++)
                        if (proxy.connections[i].client >= 0)
                                serve(&proxy, &proxy.connections[i], proxy.fds[1 + 2 * i].revents,
                                      proxy.fds[2 + 2 * i].revents);
                if (proxy.fds[0].fd >= 0 && proxy.fds[0].revents)
                        accept_one(&proxy);
        }
}
