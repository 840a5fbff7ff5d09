/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Packets of strings and fds: what is sent arrives, and what is no such packet is refused and leaves nothing open. */

#include <errno.h>
#include <sys/socket.h>

#include "unit.h"
#include "util/string-message.h"

typedef struct Fixture {
        int here, there;
        unsigned fds; /* how many are open besides */
} Fixture;

static void fixture_set_up(Fixture *f, gconstpointer data)
{
        int pair[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
        f->here = pair[0];
        f->there = pair[1];
        f->fds = count_fds();
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
        f->here = safe_close(f->here);
        f->there = safe_close(f->there);
}

/* What arrives is refused, the result is untouched, and no fd stays. */
static void assert_receive(Fixture *f, int expected)
{
        StringMessage message = {.n_strings = 4711};

        g_assert_cmpint(string_message_receive(f->there, MSG_DONTWAIT, &message), ==, expected);
        g_assert_cmpuint(message.n_strings, ==, 4711);
        g_assert_null(message.bytes);
        g_assert_cmpuint(count_fds(), ==, f->fds);
}

static void send_raw(Fixture *f, const void *bytes, size_t size, const int *fds, size_t n_fds)
{
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int) * 253)];
        } control = {};
        struct iovec iov = {.iov_base = (void *) bytes, .iov_len = size};
        struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

        if (n_fds > 0) {
                message.msg_control = control.bytes;
                message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                control.header.cmsg_level = SOL_SOCKET;
                control.header.cmsg_type = SCM_RIGHTS;
                control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
        }
        g_assert_cmpint(sendmsg(f->here, &message, MSG_DONTWAIT), ==, size);
}

static void test_strings(Fixture *f, gconstpointer data)
{
        static const char *const strings[] = {"run", "", "two words\n", "\xc3\xa9\xff", "", NULL};
        StringMessage message;

        g_assert_cmpint(string_message_send(f->here, strings, NULL, 0), ==, 0);
        g_assert_cmpint(string_message_receive(f->there, 0, &message), ==, 1);
        g_assert_cmpuint(message.n_strings, ==, 5);
        g_assert_cmpuint(message.n_fds, ==, 0);
        g_assert_cmpstrv(message.strings, strings);
        string_message_done(&message);
        /* Done is done. */
        string_message_done(&message);
        assert_receive(f, -EAGAIN);
}

static void test_order(Fixture *f, gconstpointer data)
{
        StringMessage message;

        g_assert_cmpint(string_message_send(f->here, (const char *const[]){"1", NULL}, NULL, 0), ==, 0);
        g_assert_cmpint(string_message_send(f->here, (const char *const[]){"2", NULL}, NULL, 0), ==, 0);
        f->here = safe_close(f->here);
        for (const char *expected = "12"; *expected; expected++) {
                g_assert_cmpint(string_message_receive(f->there, 0, &message), ==, 1);
                g_assert_cmpint(message.strings[0][0], ==, *expected);
                string_message_done(&message);
        }
        g_assert_cmpint(string_message_receive(f->there, 0, &message), ==, 0);
}

static void test_fds(Fixture *f, gconstpointer data)
{
        int pipe_fds[2], stolen, mine[2];
        StringMessage message;
        char byte = 0;

        g_assert_cmpint(pipe2(pipe_fds, O_CLOEXEC), ==, 0);
        /* The flag is not the sender's: these have none. */
        mine[0] = fcntl(pipe_fds[0], F_DUPFD, 3);
        mine[1] = fcntl(pipe_fds[1], F_DUPFD, 3);
        g_assert_cmpint(string_message_send(f->here, (const char *const[]){"x", NULL}, mine, 2), ==, 0);
        /* The sender keeps its own. */
        g_assert_cmpint(fcntl(mine[0], F_GETFD), ==, 0);
        safe_close(mine[0]);
        safe_close(mine[1]);

        g_assert_cmpint(string_message_receive(f->there, 0, &message), ==, 1);
        g_assert_cmpuint(message.n_fds, ==, 2);
        assert_cloexec(message.fds[0]);
        assert_cloexec(message.fds[1]);
        g_assert_cmpint(write(message.fds[1], "!", 1), ==, 1);
        g_assert_cmpint(read(pipe_fds[0], &byte, 1), ==, 1);
        g_assert_cmpint(byte, ==, '!');

        stolen = steal_fd(&message.fds[0]);
        string_message_done(&message);
        assert_cloexec(stolen);
        safe_close(stolen);
        safe_close(pipe_fds[0]);
        safe_close(pipe_fds[1]);
        g_assert_cmpuint(count_fds(), ==, f->fds);
}

static void test_limits(Fixture *f, gconstpointer data)
{
        const char *strings[STRING_MESSAGE_STRINGS_MAX + 2];
        g_autofree char *longest = g_strnfill(STRING_MESSAGE_BYTES_MAX, 'x');
        int fds[STRING_MESSAGE_FDS_MAX + 1];
        StringMessage message;

        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
                strings[i] = "s";
        for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
                fds[i] = f->here;
        strings[STRING_MESSAGE_STRINGS_MAX + 1] = NULL;
        g_assert_cmpint(string_message_send(f->here, strings, NULL, 0), ==, -E2BIG);
        strings[STRING_MESSAGE_STRINGS_MAX] = NULL;
        g_assert_cmpint(string_message_send(f->here, strings, fds, G_N_ELEMENTS(fds)), ==, -E2BIG);
        assert_receive(f, -EAGAIN);

        g_assert_cmpint(string_message_send(f->here, strings, fds, STRING_MESSAGE_FDS_MAX), ==, 0);
        g_assert_cmpint(string_message_receive(f->there, 0, &message), ==, 1);
        g_assert_cmpuint(message.n_strings, ==, STRING_MESSAGE_STRINGS_MAX);
        g_assert_null(message.strings[STRING_MESSAGE_STRINGS_MAX]);
        g_assert_cmpuint(message.n_fds, ==, STRING_MESSAGE_FDS_MAX);
        string_message_done(&message);
        g_assert_cmpuint(count_fds(), ==, f->fds);

        g_assert_cmpint(string_message_send(f->here, (const char *const[]){longest, NULL}, NULL, 0), ==, -E2BIG);
        longest[STRING_MESSAGE_BYTES_MAX - 1] = '\0';
        g_assert_cmpint(string_message_send(f->here, (const char *const[]){longest, "", NULL}, NULL, 0), ==, -E2BIG);
        g_assert_cmpint(string_message_send(f->here, (const char *const[]){longest, NULL}, NULL, 0), ==, 0);
        g_assert_cmpint(string_message_receive(f->there, 0, &message), ==, 1);
        g_assert_cmpstr(message.strings[0], ==, longest);
        string_message_done(&message);
}

static void test_garbage(Fixture *f, gconstpointer data)
{
        static const char many[STRING_MESSAGE_STRINGS_MAX + 1] = {0};
        g_autofree char *large = g_malloc0(STRING_MESSAGE_BYTES_MAX + 1);
        int fds[200];

        for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
                fds[i] = f->here;

        send_raw(f, "no end", 6, NULL, 0);
        assert_receive(f, -EBADMSG);
        send_raw(f, "one\0two", 7, fds, 2);
        assert_receive(f, -EBADMSG);
        send_raw(f, many, sizeof(many), fds, 3);
        assert_receive(f, -EBADMSG);
        memset(large, 'x', STRING_MESSAGE_BYTES_MAX - 1);
        send_raw(f, large, STRING_MESSAGE_BYTES_MAX + 1, fds, 1);
        assert_receive(f, -EBADMSG);
        /* More fds than there is room for. */
        send_raw(f, "x", 2, fds, G_N_ELEMENTS(fds));
        assert_receive(f, -EBADMSG);

        /* The next packet is none the worse for it. */
        send_raw(f, "fine", 5, NULL, 0);
        {
                StringMessage message;

                g_assert_cmpint(string_message_receive(f->there, 0, &message), ==, 1);
                g_assert_cmpstr(message.strings[0], ==, "fine");
                string_message_done(&message);
        }
}

static void test_peer_is_gone(Fixture *f, gconstpointer data)
{
        f->here = safe_close(f->here);
        f->fds--;
        assert_receive(f, 0);
        /* No SIGPIPE either. */
        g_assert_cmpint(string_message_send(f->there, (const char *const[]){"x", NULL}, NULL, 0), ==, -EPIPE);
}

static void test_peer_does_not_read(Fixture *f, gconstpointer data)
{
        int r = 0, n = 0;

        while (r == 0 && n++ < 100000)
                r = string_message_send(f->here, (const char *const[]){"x", NULL}, NULL, 0);
        g_assert_cmpint(r, ==, -EAGAIN);
        g_assert_cmpint(n, >, 1);
}

static void add(const char *name, void (*function)(Fixture *, gconstpointer))
{
        g_test_add(name, Fixture, NULL, fixture_set_up, function, fixture_tear_down);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add("/string-message/strings", test_strings);
        add("/string-message/order", test_order);
        add("/string-message/fds", test_fds);
        add("/string-message/limits", test_limits);
        add("/string-message/garbage", test_garbage);
        add("/string-message/peer-is-gone", test_peer_is_gone);
        add("/string-message/peer-does-not-read", test_peer_does_not_read);
        return g_test_run();
}
