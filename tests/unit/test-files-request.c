/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The requests as the daemon sends them, and their answers. */

#include <sys/socket.h>

#include "files-tree.h"
#include "launcher/files-request.h"

static void check_next(const char *name, unsigned *n)
{
        g_autofree char *expected = g_strdup_printf("%0200u", (*n)++);

        g_assert_cmpstr(name, ==, expected);
}

/* Sends a request as the daemon does, and lets a child answer it. */
static pid_t ask(Fixture *f, const char *const *strings, int *ret_socket)
{
        StringMessage m;
        /* Room for a few packets, so that who sends many has to wait for us. */
        const int size = 40000;
        int pair[2];
        pid_t pid;

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
        g_assert_cmpint(setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), ==, 0);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                safe_close(pair[0]);
                _exit(string_message_receive(pair[1], 0, &m) > 0 && files_request(pair[1], &m) >= 0 ? 0 : 1);
        }
        safe_close(pair[1]);
        g_assert_cmpint(string_message_send(pair[0], strings, &f->view.top, 1), ==, 0);
        *ret_socket = pair[0];
        return pid;
}

static void assert_answered(pid_t pid, int status)
{
        int found;

        g_assert_cmpint(waitpid(pid, &found, 0), ==, pid);
        g_assert_cmpint(found, ==, status << 8);
}

static void test_request_list(Fixture *f, gconstpointer data)
{
        _cleanup_close_ int fd = -1;
        unsigned n = 0, packets = 0;
        pid_t pid;

        make_many(f, FILES_ENTRIES_MAX);
        pid = ask(f, (const char *const[]){"read-directory", "many", "0", "4294967295", "0", "", NULL}, &fd);
        for (;;) {
                StringMessage m;

                g_assert_cmpint(string_message_receive(fd, 0, &m), ==, 1);
                if (g_str_equal(m.strings[0], "ok")) {
                        string_message_done(&m);
                        break;
                }
                g_assert_cmpstr(m.strings[0], ==, "more");
                g_assert_cmpuint(m.n_strings % 3, ==, 1);
                for (size_t i = 1; i < m.n_strings; i += 3) {
                        check_next(m.strings[i], &n);
                        g_assert_true(g_str_has_prefix(m.strings[i + 1], "file 0 420 0 0 "));
                        g_assert_cmpstr(m.strings[i + 2], ==, "");
                }
                packets++;
                string_message_done(&m);
        }
        g_assert_cmpuint(n, ==, FILES_ENTRIES_MAX);
        g_assert_cmpuint(packets, >, 50);
        assert_answered(pid, 0);
}

static void test_request_longest(Fixture *f, gconstpointer data)
{
        g_autofree char *target = g_strnfill(4095, 't');
        _cleanup_close_ int fd = -1;
        unsigned n = 0;
        bool done = false;
        pid_t pid;

        make_folder(f->root, "long");
        for (unsigned i = 0; i < 60; i++) {
                g_autofree char *name = g_strdup_printf("long/%0255u", i);

                make_link(f, name, target);
        }
        pid = ask(f, (const char *const[]){"read-directory", "long", "0", "65536", "50", "", NULL}, &fd);
        while (!done) {
                StringMessage m;

                g_assert_cmpint(string_message_receive(fd, 0, &m), ==, 1);
                done = g_str_equal(m.strings[0], "ok");
                for (size_t i = 1; i < m.n_strings; i += 3, n++)
                        g_assert_cmpstr(m.strings[i + 2], ==, target);
                string_message_done(&m);
        }
        g_assert_cmpuint(n, ==, 50);
        assert_answered(pid, 0);
}

static void test_request_others(Fixture *f, gconstpointer data)
{
        StringMessage m;
        int fd;
        pid_t pid;

        pid = ask(f, (const char *const[]){"stat", "etc/passwd", "0", "65536", "", NULL}, &fd);
        g_assert_cmpint(string_message_receive(fd, 0, &m), ==, 1);
        g_assert_cmpuint(m.n_strings, ==, 4);
        g_assert_true(g_str_has_prefix(m.strings[2], "file 6 420 0 0 "));
        string_message_done(&m);
        assert_answered(pid, 0);
        safe_close(fd);

        pid = ask(f, (const char *const[]){"open-file", "etc/passwd", "0", "65536", NULL}, &fd);
        g_assert_cmpint(string_message_receive(fd, 0, &m), ==, 1);
        g_assert_cmpstr(m.strings[0], ==, "ok");
        g_assert_cmpuint(m.n_fds, ==, 1);
        string_message_done(&m);
        assert_answered(pid, 0);
        safe_close(fd);

        pid = ask(f, (const char *const[]){"open-file", "etc/\xff", "0", "65536", NULL}, &fd);
        g_assert_cmpint(string_message_receive(fd, 0, &m), ==, 1);
        g_assert_cmpstr(m.strings[0], ==, "error");
        g_assert_cmpstr(m.strings[1], ==, NO_SUCH_FILE);
        string_message_done(&m);
        assert_answered(pid, 0);
        safe_close(fd);

        pid = ask(f, (const char *const[]){"read-directory", "etc", "0", "65536", "4097", "", NULL}, &fd);
        g_assert_cmpint(string_message_receive(fd, 0, &m), ==, 1);
        g_assert_cmpstr(m.strings[1], ==, INVALID_ARGS);
        string_message_done(&m);
        assert_answered(pid, 0);
        safe_close(fd);

        pid = ask(f, (const char *const[]){"read-directory", "etc", "0", "65536", NULL}, &fd);
        assert_answered(pid, 1);
        safe_close(fd);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        if (!can_mount())
                return 0;
        add("/files-request/list", test_request_list);
        add("/files-request/longest", test_request_longest);
        add("/files-request/others", test_request_others);
        return g_test_run();
}
