/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process finds around it: its folder, its environment, and who it is. The last is read from files of the
 * container, which its owner may have made to hurt: links that lead out, pipes that nobody writes, files without end.
 */
#include "common.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static char *run(Container *container, const char *method, const char *script, const char *options)
{
        char *output = NULL;
        guint code = process_run(container, &output, .method = method, .script = script, .options = options);

        if (code != 0)
                g_error("%s with %s exited with %u: %s", script, options ?: "no options", code, output);
        return output;
}

static void test_cwd(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autofree char *made =
                run(container, "Start", "pwd; ls -ldn . ..", "{'cwd': <'/made/here'>, 'user': <'1000:1001'>}");
        g_auto(GStrv) lines = g_strsplit(made, "\n", -1);

        g_assert_cmpstr(lines[0], ==, "/made/here");
        for (int i = 1; i <= 2; i++) {
                assert_contains(lines[i], "drwxr-xr-x");
                assert_contains(lines[i], "1000");
                assert_contains(lines[i], "1001");
        }
}

static void test_cwd_of_exec(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *none = run(container, "Exec", "pwd", NULL);
        g_autofree char *empty = run(container, "Exec", "pwd", "{'cwd': <''>}");
        g_autofree char *etc = run(container, "Exec", "pwd", "{'cwd': <'/etc'>}");
        g_autoptr(Reply) missing = process_fails(container, .script = "true", .options = "{'cwd': <'/not/there'>}");

        g_assert_cmpstr(none, ==, "/");
        g_assert_cmpstr(empty, ==, "/");
        g_assert_cmpstr(etc, ==, "/etc");
        assert_contains(missing->message, "/not/there");
        g_assert_cmpint(process_run(container, NULL, .script = "test ! -e /not"), ==, 0);
}

/* A link in the folder's path is followed inside the root; nothing is made outside. */
static void test_cwd_by_a_link(void)
{
        g_autofree char *root = root_copy(NULL), *link = g_build_filename(root, "way-out", NULL);

        g_assert_no_errno(symlink("/gangway-way-out", link));
        g_autoptr(Container) container = container_new(client, .root = root);
        g_autoptr(Reply) reply = client_receive(client, process_send(container, .method = "Start", .argv = ARGV("true"),
                                                                     .options = "{'cwd': <'/way-out/made'>}"));
        g_assert_false(g_file_test("/gangway-way-out", G_FILE_TEST_EXISTS));
}

static void test_path_and_term(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *plain = NULL, *own = NULL;

        process_run(container, &plain, .argv = ARGV("env"));
        assert_contains(plain, DEFAULT_PATH);
        g_assert_null(strstr(plain, "TERM="));
        process_run(container, &own, .argv = ARGV("env"),
                    .env = "{'PATH': '/bin:/usr/bin', 'TERM': 'dumb', 'A': 'b c'}");
        assert_contains(own, "PATH=/bin:/usr/bin");
        assert_contains(own, "TERM=dumb");
        assert_contains(own, "A=b c");

        const char *env[] = {"{}", "{'TERM': 'vt100'}"}, *term[] = {"TERM=xterm\r\n", "TERM=vt100\r\n"};
        for (int i = 0; i < 2; i++) {
                g_autoptr(Process) process =
                        process_new(container, .argv = ARGV("env"), .env = env[i], .options = "{'tty': <true>}");
                g_autofree char *output = read_text(process->pty, NULL);
                assert_contains(output, term[i]);
                assert_contains(output, DEFAULT_PATH);
        }
}

/* The program itself is looked for in the PATH that the caller gave. */
static void test_program_by_path(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Reply) reply = process_fails(container, .argv = ARGV("sleep", "0"), .env = "{'PATH': '/etc'}");
        assert_error(reply, ERROR_GANGWAY("NoSuchProgram"), "sleep");
}

static void test_nothing_is_inherited(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"),
                                              .env = "{'OF_PID_1': 'x', 'PATH': '/bin:/usr/bin:/sbin'}");
        g_autofree char *output = NULL;

        process_run(container, &output, .argv = ARGV("env"));
        g_assert_null(strstr(output, "OF_PID_1"));
        assert_contains(output, DEFAULT_PATH);
        g_assert_null(strstr(output, "NOTIFY_SOCKET"));
        g_assert_null(strstr(output, "INVOCATION_ID"));
}

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
                             "tester:x:1234:1235:T:/home/tester:/bin/sh\n";
static const char group[] = "root:x:0:\nteam:x:77:tester\nother:x:78:\n";

static void test_user_forms(void)
{
        g_autofree char *root = root_copy(NULL);
        const struct {
                const char *user, *ids;
        } cases[] = {
                {"", "0:0"},
                {"root", "0:0"},
                {"5:6", "5:6"},
                {"1234:6", "1234:6"},
                {"tester", "1234:1235"},
                {"1234", "1234:1235"},
                {"tester:team", "1234:77"},
                {"tester:9", "1234:9"},
                {"5:team", "5:77"},
        };

        root_write(root, "etc/passwd", passwd);
        root_write(root, "etc/group", group);
        g_autoptr(Container) container = container_new_started(client, .root = root);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *options = g_strdup_printf("{'user': <'%s'>}", cases[i].user);
                g_autofree char *ids = run(container, "Exec", "echo $(id -u):$(id -g)", options);
                g_test_message("user '%s'", cases[i].user);
                g_assert_cmpstr(ids, ==, cases[i].ids);
        }
        g_autoptr(Container) first = container_new(client, .root = root);
        g_autofree char *ids = run(first, "Start", "echo $(id -u):$(id -g)", "{'user': <'tester:team'>}");
        g_assert_cmpstr(ids, ==, "1234:77");
}

/* It is the container's own file at the time of the call, not the folder's at its start. */
static void test_user_made_inside(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *none = run(container, "Exec", "echo late:x:4321:4322::/:/bin/sh >> /etc/passwd", NULL);
        g_autofree char *ids = run(container, "Exec", "echo $(id -u):$(id -g)", "{'user': <'late'>}");
        g_assert_cmpstr(ids, ==, "4321:4322");
}

static void test_no_passwd(void)
{
        g_autofree char *root = root_copy(NULL);
        g_autofree char *output = shell("rm -f '%s/etc/passwd' '%s/etc/group'", root, root);
        g_autoptr(Container) container = container_new(client, .root = root);
        g_autoptr(Reply) unknown =
                process_fails(container, .method = "Start", .script = "true", .options = "{'user': <'tester'>}");
        g_autofree char *ids = run(container, "Start", "echo $(id -u):$(id -g)", NULL);

        assert_error(unknown, ERROR_INVALID_ARGS, "tester");
        g_assert_cmpstr(ids, ==, "0:0");
}

/* Where the passwd file is not one to be read, a name is an error at once, for the first process and for an exec. A
 * runtime that reads the file by itself has to be kept from it: without a name too, every call is answered. */
static void assert_user_refused(const char *root, const char *user)
{
        g_autoptr(Container) container = container_new(client, .root = root);
        g_autofree char *options = g_strdup_printf("{'user': <'%s'>}", user);
        gint64 begin = g_get_monotonic_time();

        g_autoptr(Reply) start = process_fails(container, .method = "Start", .script = "true", .options = options);
        assert_error(start, ERROR_INVALID_ARGS, NULL);
        guint32 serial = process_send(container, .method = "Start", .argv = ARGV("sleep", "1000"));
        g_autoptr(Reply) nameless = client_receive(client, serial);
        g_test_message("without a name: %s", nameless->message ?: "done");
        if (!nameless->error) {
                g_autoptr(Reply) exec = process_fails(container, .script = "true", .options = options);
                assert_error(exec, ERROR_INVALID_ARGS, NULL);
        }
        g_assert_cmpint(g_get_monotonic_time() - begin, <, 10 * G_TIME_SPAN_SECOND);
}

static void test_passwd_link_that_leads_out(void)
{
        g_autofree char *root = root_copy(NULL);
        static const char *const targets[] = {"/var/tmp/gangway-outside",
                                              "../../../../../../../../var/tmp/gangway-outside",
                                              "/proc/1/root/var/tmp/gangway-outside"};

        g_assert_true(g_file_set_contents("/var/tmp/gangway-outside", "outside:x:5:5::/:/bin/sh\n", -1, NULL));
        for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
                g_autofree char *output = shell("ln -sfn '%s' '%s/etc/passwd'", targets[i], root);
                assert_user_refused(root, "outside");
        }
        g_assert_no_errno(g_unlink("/var/tmp/gangway-outside"));
}

static void test_passwd_link_within(void)
{
        g_autofree char *root = root_copy(NULL);
        g_autofree char *output = shell("mkdir -p '%s/usr/lib' && ln -sfn /usr/lib/passwd '%s/etc/passwd'", root, root);

        root_write(root, "usr/lib/passwd", passwd);
        g_autoptr(Container) container = container_new_started(client, .root = root);
        g_autofree char *ids = run(container, "Exec", "id -u", "{'user': <'tester'>}");
        g_assert_cmpstr(ids, ==, "1234");
}

static void test_passwd_is_a_fifo(void)
{
        g_autofree char *root = root_copy(NULL);
        g_autofree char *output = shell("rm '%s/etc/passwd' && mkfifo '%s/etc/passwd'", root, root);
        assert_user_refused(root, "tester");
}

static void test_passwd_is_too_large(void)
{
        g_autofree char *root = root_copy(NULL);

        root_write(root, "etc/passwd", passwd);
        g_autofree char *output = shell("truncate -s 10485761 '%s/etc/passwd'", root);
        assert_user_refused(root, "tester");
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/environment/cwd", test_cwd},
                {"/environment/cwd-of-exec", test_cwd_of_exec},
                {"/environment/cwd-by-a-link", test_cwd_by_a_link},
                {"/environment/path-and-term", test_path_and_term},
                {"/environment/program-by-path", test_program_by_path},
                {"/environment/nothing-is-inherited", test_nothing_is_inherited},
                {"/environment/user-forms", test_user_forms},
                {"/environment/user-made-inside", test_user_made_inside},
                {"/environment/no-passwd", test_no_passwd},
                {"/environment/passwd-link-that-leads-out", test_passwd_link_that_leads_out},
                {"/environment/passwd-link-within", test_passwd_link_within},
                {"/environment/passwd-is-a-fifo", test_passwd_is_a_fifo},
                {"/environment/passwd-is-too-large", test_passwd_is_too_large},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
