/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The proxy in a process of its own, between real sockets: an agent made of threads here, and clients. */

#include "ssh-proxy-world.h"

#define BIG (16U * 1024U * 1024U)

static void test_question_and_answer(void)
{
        _cleanup_(world_free) World world;
        world_new(&world, 8);
        _cleanup_close_ int client = client_new(&world), agent = agent_accept(&world);

        for (int i = 0; i < 3; i++) {
                put(client, "question", 8);
                assert_gets(agent, "question");
                put(agent, "answer", 6);
                assert_gets(client, "answer");
        }
        assert_rests(&world);
}

/* The end of what one side sends is no end of what the other does, in either direction. */
static void test_half_close(void)
{
        _cleanup_(world_free) World world;
        world_new(&world, 8);

        for (int i = 0; i < 2; i++) {
                _cleanup_close_ int client = client_new(&world), agent = agent_accept(&world);
                int first = i == 0 ? client : agent, second = i == 0 ? agent : client;

                errno = 0;
                put(first, "last", 4);
                g_assert_no_errno(shutdown(first, SHUT_WR));
                assert_gets(second, "last");
                assert_ended(second);
                assert_rests(&world);
                put(second, "reply", 5);
                assert_gets(first, "reply");
                put(second, "more", 4);
                g_assert_no_errno(shutdown(second, SHUT_WR));
                assert_gets(first, "more");
                assert_ended(first);
        }
}

/* Who closes is told to the other side at once, and what it said before is not lost. */
static void test_close(void)
{
        _cleanup_(world_free) World world;
        world_new(&world, 8);

        for (int i = 0; i < 2; i++) {
                _cleanup_close_ int client = client_new(&world), agent = agent_accept(&world);
                int *first = i == 0 ? &client : &agent, second = i == 0 ? agent : client;

                errno = 0;
                put(*first, "last", 4);
                *first = safe_close(*first);
                assert_gets(second, "last");
                assert_ended(second);
        }
        assert_rests(&world);
}

typedef struct Transfer {
        int fd;
        guint8 seed;
} Transfer;

static gpointer send_big(gpointer data)
{
        const Transfer *transfer = data;
        g_autofree guint8 *bytes = g_malloc(BIG);
        size_t sent = 0;

        for (size_t i = 0; i < BIG; i++)
                bytes[i] = (guint8) (i * 7 + (i >> 13) + transfer->seed);
        while (sent < BIG) {
                ssize_t n = send(transfer->fd, bytes + sent, BIG - sent, MSG_NOSIGNAL);

                g_assert_no_errno((int) n);
                sent += (size_t) n;
        }
        g_assert_no_errno(shutdown(transfer->fd, SHUT_WR));
        return NULL;
}

static void receive_big(int fd, guint8 seed)
{
        g_autofree guint8 *bytes = g_malloc(65536);
        size_t got = 0;
        ssize_t n;

        while ((n = recv(fd, bytes, 65536, 0)) > 0)
                for (ssize_t i = 0; i < n; i++, got++)
                        if (bytes[i] != (guint8) (got * 7 + (got >> 13) + seed))
                                g_error("a wrong byte at %zu", got);
        g_assert_no_errno((int) n);
        g_assert_cmpuint(got, ==, BIG);
}

static gpointer receive_at_agent(gpointer data)
{
        const Transfer *transfer = data;

        receive_big(transfer->fd, transfer->seed);
        return NULL;
}

static void test_big_both_ways(void)
{
        _cleanup_(world_free) World world;
        world_new(&world, 8);
        _cleanup_close_ int client = client_new(&world), agent = agent_accept(&world);
        Transfer out = {client, 1}, back = {agent, 2}, in = {agent, 1};
        GThread *threads[] = {g_thread_new("out", send_big, &out), g_thread_new("back", send_big, &back),
                              g_thread_new("in", receive_at_agent, &in)};

        receive_big(client, 2);
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                g_thread_join(threads[i]);
}

/* Sends until nobody takes any more. Returns how much that was. */
static size_t fill(int fd)
{
        g_autofree char *bytes = g_malloc0(65536);
        struct pollfd writable = {.fd = fd, .events = POLLOUT};
        size_t sent = 0;

        while (sent < BIG && poll(&writable, 1, 200) > 0) {
                ssize_t n = send(fd, bytes, 65536, MSG_DONTWAIT | MSG_NOSIGNAL);

                g_assert_no_errno((int) n);
                sent += (size_t) n;
        }
        g_assert_cmpuint(sent, <, BIG / 4);
        return sent;
}

static void assert_gets_all(int fd, size_t size)
{
        g_autofree char *bytes = g_malloc(65536);
        size_t got = 0;
        ssize_t n;

        while ((n = recv(fd, bytes, 65536, 0)) > 0)
                got += (size_t) n;
        g_assert_no_errno((int) n);
        g_assert_cmpuint(got, ==, size);
}

/* Back-pressure: who writes to somebody that doesn't read is held up, and nobody else is. */
static void test_slow_reader(void)
{
        _cleanup_(world_free) World world;
        world_new(&world, 8);
        _cleanup_close_ int slow = client_new(&world), slow_agent = agent_accept(&world);
        size_t sent = fill(slow_agent);

        assert_rests(&world);
        _cleanup_close_ int client = client_new(&world), agent = agent_accept(&world);
        put(client, "question", 8);
        assert_gets(agent, "question");
        put(agent, "answer", 6);
        assert_gets(client, "answer");

        g_assert_no_errno(shutdown(slow_agent, SHUT_WR));
        assert_gets_all(slow, sent);
}

/* Who has closed and left much behind: it still arrives, nothing spins until then, and who writes to it is told. */
static void test_close_with_much_left(void)
{
        _cleanup_(world_free) World world;
        world_new(&world, 8);

        for (int i = 0; i < 2; i++) {
                _cleanup_close_ int client = client_new(&world), agent = agent_accept(&world);
                int *first = i == 0 ? &client : &agent, second = i == 0 ? agent : client;
                size_t sent = fill(*first);

                *first = safe_close(*first);
                assert_rests(&world);
                g_assert_cmpint(send(second, "x", 1, MSG_NOSIGNAL), <, 0);
                g_assert_cmpint(errno, ==, EPIPE);
                assert_gets_all(second, sent);
        }
}

static void close_all(int *fds, size_t count)
{
        for (size_t i = 0; i < count; i++)
                fds[i] = safe_close(fds[i]);
}

/* More than the proxy serves at a time: those who are over wait for their turn. */
static void test_many_connections(void)
{
        enum { MANY = PROXY_CONNECTIONS_MAX + 40 };
        _cleanup_(world_free) World world;
        world_new(&world, 256);
        int clients[MANY], agents[MANY];
        struct pollfd waiting = {.fd = world.agent, .events = POLLIN};

        for (size_t i = 0; i < MANY; i++) {
                clients[i] = client_new(&world);
                put(clients[i], "question", 8);
        }
        for (size_t i = 0; i < PROXY_CONNECTIONS_MAX; i++) {
                agents[i] = agent_accept(&world);
                assert_gets(agents[i], "question");
        }
        assert_rests(&world);
        g_assert_cmpint(poll(&waiting, 1, 0), ==, 0);
        for (size_t i = 0; i < PROXY_CONNECTIONS_MAX; i++)
                put(agents[i], "answer", 6);
        for (size_t i = 0; i < PROXY_CONNECTIONS_MAX; i++)
                assert_gets(clients[i], "answer");
        close_all(clients, PROXY_CONNECTIONS_MAX);

        for (size_t i = PROXY_CONNECTIONS_MAX; i < MANY; i++) {
                agents[i] = agent_accept(&world);
                assert_gets(agents[i], "question");
                put(agents[i], "answer", 6);
                assert_gets(clients[i], "answer");
        }
        close_all(clients + PROXY_CONNECTIONS_MAX, MANY - PROXY_CONNECTIONS_MAX);
        close_all(agents, MANY);
}

static void test_agent_that_is_gone(void)
{
        _cleanup_(world_free) World world;
        world_new(&world, 8);
        _cleanup_close_ int before = client_new(&world), agent = agent_accept(&world);

        world.agent = safe_close(world.agent);
        for (int i = 0; i < 2 * (int) PROXY_CONNECTIONS_MAX; i++) {
                _cleanup_close_ int client = client_new(&world);

                errno = 0;
                assert_ended(client);
        }
        put(before, "question", 8);
        assert_gets(agent, "question");
}

/* An agent that accepts nobody, with a queue that is soon full: connections wait, those that were made go on, clients
 * who don't want to wait may leave, and all the others are served when it wakes up. */
static void test_agent_that_hangs(void)
{
        _cleanup_(world_free) World world;
        world_new(&world, 1);
        _cleanup_close_ int before = client_new(&world), agent = agent_accept(&world);
        int clients[20];

        for (size_t i = 0; i < G_N_ELEMENTS(clients); i++) {
                clients[i] = client_new(&world);
                put(clients[i], "question", 8);
        }
        put(before, "question", 8);
        assert_gets(agent, "question");
        put(agent, "answer", 6);
        assert_gets(before, "answer");
        assert_rests(&world);

        close_all(clients + 10, 10);
        (void) poll(NULL, 0, 100);
        for (size_t i = 0; i < 10; i++) {
                _cleanup_close_ int late = agent_accept(&world);

                assert_gets(late, "question");
                put(late, "answer", 6);
        }
        for (size_t i = 0; i < 10; i++)
                assert_gets(clients[i], "answer");
        close_all(clients, 10);
}

/* Clients that end while an agent ponders take no connection away from others. */
static void test_clients_that_leave(void)
{
        _cleanup_(world_free) World world;
        world_new(&world, 256);
        int agents[2 * PROXY_CONNECTIONS_MAX];

        for (size_t i = 0; i < G_N_ELEMENTS(agents); i++) {
                int client = client_new(&world);

                put(client, "question", 8);
                agents[i] = agent_accept(&world);
                (void) safe_close(client);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(agents); i++)
                assert_gets(agents[i], "question");
        close_all(agents, G_N_ELEMENTS(agents));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ssh-proxy/question-and-answer", test_question_and_answer);
        g_test_add_func("/ssh-proxy/half-close", test_half_close);
        g_test_add_func("/ssh-proxy/close", test_close);
        g_test_add_func("/ssh-proxy/big-both-ways", test_big_both_ways);
        g_test_add_func("/ssh-proxy/slow-reader", test_slow_reader);
        g_test_add_func("/ssh-proxy/close-with-much-left", test_close_with_much_left);
        g_test_add_func("/ssh-proxy/many-connections", test_many_connections);
        g_test_add_func("/ssh-proxy/agent-that-is-gone", test_agent_that_is_gone);
        g_test_add_func("/ssh-proxy/agent-that-hangs", test_agent_that_hangs);
        g_test_add_func("/ssh-proxy/clients-that-leave", test_clients_that_leave);
        return g_test_run();
}
