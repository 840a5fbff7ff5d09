/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /etc/hosts, /etc/hostname and /etc/resolv.conf: what the first two say, that nobody can change them, what they are
 * mounted on and what of that stays.
 */
#include "commit.h"
#include "ctl.h"

#define NONE     "'net-mode': <'none'>"
#define LOOPBACK "::1\tlocalhost ip6-localhost ip6-loopback"

static char *inside(Container *container, const char *script)
{
        char *output = NULL;
        guint code = process_run(container, &output, .method = "Start", .script = script);

        if (code != 0)
                g_error("exit code %u of: %s\n%s", code, script, output);
        return output;
}

/* Text by itself, since a file that nobody wrote has another length. */
static void assert_file(Container *container, const char *path, const char *expected)
{
        g_autofree char *script = g_strdup_printf("cat %s", path), *output = NULL;

        g_assert_cmpuint(process_run(container, &output, .script = script), ==, 0);
        g_assert_cmpstr(output, ==, expected);
}

static void test_defaults(void)
{
        g_autoptr(Container) container = container_new_started(alice, .name = "nf.one", .options = "{" NONE "}");
        g_autofree char *output = NULL;

        assert_file(container, "/etc/hosts", "127.0.0.1\tlocalhost nf.one\n" LOOPBACK);
        assert_file(container, "/etc/hostname", "nf.one");
        g_assert_cmpuint(process_run(container, &output,
                                     .script = "hostname; stat -c '%u:%g:%a:%F' /etc/hosts /etc/hostname "
                                               "/etc/resolv.conf | sort -u; tail -c 1 /etc/hosts | od -An -tx1"),
                         ==, 0);
        g_assert_cmpstr(output, ==, "nf.one\n0:0:644:regular file\n 0a");
}

static void test_extra_hosts(void)
{
        g_autoptr(Container) container = container_new_started(
                alice, .options = "{" NONE ", 'hostname': <'box'>, 'extra-hosts': <[('db', '192.0.2.7'), "
                                  "('db.example.org', '2001:DB8:0::1'), ('db', '::ffff:192.0.2.8')]>}");
        g_autofree char *output = NULL;

        assert_file(container, "/etc/hosts",
                    "127.0.0.1\tlocalhost box\n" LOOPBACK
                    "\n192.0.2.7\tdb\n2001:db8::1\tdb.example.org\n192.0.2.8\tdb");
        assert_file(container, "/etc/hostname", "box");
        g_assert_cmpuint(process_run(container, &output, .script = "ping -c 1 -w 1 db | head -n 1"), ==, 0);
        assert_contains(output, "192.0.2.7");
}

static void test_errors(void)
{
        static const struct {
                const char *options, *part;
        } rows[] = {
                {"{'extra-hosts': <[('db', '192.0.2')]>}", "failed to parse IP 192.0.2"},
                {"{'extra-hosts': <[('ok', '::1'), ('db', '')]>}", "failed to parse IP "},
                {"{'extra-hosts': <[('db', 'fe80::1%eth0')]>}", "failed to parse IP fe80::1%eth0"},
                {"{'extra-hosts': <[('a b', '::1')]>}", "'a b' in the option 'extra-hosts' can't be a host name"},
                {"{'extra-hosts': <[('a\\n192.0.2.1 b', '::1')]>}", "can't be a host name"},
                {"{'extra-hosts': <[('', '::1')]>}", "can't be a host name"},
                {"{'extra-hosts': <[('a#', '::1')]>}", "can't be a host name"},
                {"{'extra-hosts': <{'db': '::1'}>}", "'extra-hosts' is of the type 'a(ss)'"},
                {"{'dns-servers': <['192.0.2.1:53']>}", "failed to parse IP 192.0.2.1:53"},
                {"{'dns-servers': <['::1', '::2', '::3', '::4']>}", "no more than 3"},
                {"{'hostname': <'a b'>}", "'a b'"},
        };
        g_autofree char *before = world_snapshot();

        for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autoptr(Reply) reply = container_new_fails(alice, .options = rows[i].options);

                assert_error(reply, ERROR_INVALID_ARGS, rows[i].part);
        }
        world_assert_same(before);
}

/* Not even by root inside, and also where the root is read-only. */
static void test_protected(void)
{
        static const char *const roots[] = {NULL, "{'read-only': <true>}"};
        static const char *const changes[] = {
                "echo x > %s",       "echo x >> %s",           "rm %s",           "mv %s /tmp/x",
                "mv /etc/passwd %s", "chmod 666 %s",           "chown 1 %s",      "touch -d @9 %s",
                "umount %s",         "mount -o remount,rw %s", "ln -f /bin/sh %s"};
        static const char *const files[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"};

        for (gsize r = 0; r < G_N_ELEMENTS(roots); r++) {
                g_autoptr(Container) container =
                        container_new_started(alice, .mount = roots[r], .options = "{" NONE "}");

                for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
                        g_autofree char *find =
                                g_strdup_printf("grep ' %s ' /proc/self/mountinfo | cut -d' ' -f6", files[i]);
                        g_autofree char *options = NULL;

                        g_assert_cmpuint(process_run(container, &options, .script = find), ==, 0);
                        g_assert_true(g_str_has_prefix(options, "ro,nosuid,nodev,noexec"));
                        g_assert_null(strchr(options, '\n'));
                        for (gsize c = 0; c < G_N_ELEMENTS(changes); c++) {
                                g_autoptr(GString) change = g_string_new(changes[c]);

                                g_string_replace(change, "%s", files[i], 0);
                                g_test_message("%s", change->str);
                                g_assert_cmpuint(process_run(container, NULL, .script = change->str), !=, 0);
                        }
                }
                g_autofree char *hosts = NULL;
                g_assert_cmpuint(process_run(container, &hosts, .script = "cat /etc/hosts"), ==, 0);
                g_assert_true(g_str_has_prefix(hosts, "127.0.0.1\tlocalhost c"));
        }
}

/* Links lead to where they lead inside; what is missing there is made. */
static void test_symlinks(void)
{
        static const char *const targets[] = {"../run/systemd/resolve/stub-resolv.conf", "/run/resolvconf/resolv.conf",
                                              "../../../../../../../../tmp/gangway-test-escape", "/var/run/x",
                                              "hosts.real"};

        for (gsize i = 0; i < G_N_ELEMENTS(targets); i++) {
                g_autofree char *root = root_copy(alice);
                g_free(shell("ln -s '%s' '%s/etc/resolv.conf'; echo old > '%s/etc/hosts.real'; rm '%s/etc/hosts';"
                             "ln -s hosts.real '%s/etc/hosts'",
                             targets[i], root, root, root, root));
                g_autoptr(Container) container =
                        container_new(alice, .root = root, .options = "{" NONE ", 'dns-servers': <['192.0.2.44']>}");
                g_autofree char *text = inside(container, "readlink /etc/resolv.conf; grep -h 192.0.2.44 "
                                                          "/etc/resolv.conf");
                g_autofree char *expected = g_strdup_printf("%s\nnameserver 192.0.2.44", targets[i]);

                g_assert_cmpstr(text, ==, expected);
                container_release(container);
                g_assert_false(g_file_test("/tmp/gangway-test-escape", G_FILE_TEST_EXISTS));
                g_autofree char *left = shell("cat '%s/etc/hosts.real'; find '%s/run' -mindepth 1", root, root);
                g_assert_cmpstr(left, ==, "old");
        }
}

/* A file of the caller's own at its place wins, however that is named. */
static void test_own_files(void)
{
        g_autofree char *root = root_copy(alice), *folder = root_copy(alice), *output = NULL;
        g_free(shell("ln -s ../srv/resolv '%s/etc/resolv.conf'", root));
        root_write(folder, "mine", "of the caller\n");
        g_free(shell("chown alice: '%s/mine'", folder));
        g_autofree char *path = g_build_filename(folder, "mine", NULL);
        int file = client_open(alice, path, O_PATH);
        g_autoptr(Container) container = container_new(
                alice, .root = root, .handles = HANDLES(file), .options = "{" NONE "}",
                .more = "[{'destination': <'/etc/hosts'>, 'source': <handle 1>, 'output': <true>},"
                        " {'destination': <'/srv/resolv'>, 'source': <handle 1>, 'read-only': <true>},"
                        " {'destination': <'/etc/hostname'>, 'type': <'secret'>, 'id': <'none'>, 'optional': <true>}]");
        output = inside(container, "cat /etc/hosts /etc/resolv.conf; echo new > /etc/hosts; wc -l < /etc/hostname;"
                                   "grep -c /etc/ /proc/self/mountinfo");
        g_assert_cmpstr(output, ==, "of the caller\nof the caller\n1\n2");
        g_autofree char *text = file_text("%s", path);
        g_assert_cmpstr(text, ==, "new");
        close_fd(&file);
}

/* A folder of the caller's at /etc gets nothing new; what it has is covered, and what is thrown away anyway may get it.
 */
static void test_own_folders(void)
{
        static const struct {
                const char *keys, *visible;
        } rows[] = {
                {"'output': <true>", "hosts"},
                {"'read-only': <true>", "hosts"},
                {"'output': <true>, 'read-only': <true>", "hosts"},
                {"'output': <false>", "hostname hosts resolv.conf"},
        };

        for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *folder = root_copy(alice), *etc = g_build_filename(folder, "etc", NULL);
                g_free(shell("rm '%s/hostname'; echo own > '%s/hosts'; chown alice: '%s/hosts'", etc, etc, etc));
                int fd = client_open(alice, etc, O_PATH);
                g_autofree char *more =
                        g_strdup_printf("[{'destination': <'/etc'>, 'source': <handle 1>, %s}]", rows[i].keys);
                g_autoptr(Container) container =
                        container_new(alice, .handles = HANDLES(fd), .more = more, .options = "{" NONE "}");
                g_autofree char *output =
                        inside(container, "cd /etc; ls hostname hosts resolv.conf 2>/dev/null | xargs;"
                                          "grep -c localhost hosts; touch new 2>/dev/null; true");
                g_autofree char *expected = g_strdup_printf("%s\n2", rows[i].visible);

                g_assert_cmpstr(output, ==, expected);
                container_release(container);
                g_autofree char *left = shell("cd '%s'; cat hosts; ls | grep -E '^(hostname|resolv.conf)$'; true", etc);
                g_assert_cmpstr(left, ==, "own");
                g_assert_true(g_file_test(etc, G_FILE_TEST_IS_DIR));
                g_assert_cmpint(shell_status("test -e '%s/new'", etc), ==, i == 0 ? 0 : 1);
                close_fd(&fd);
        }
}

/* A root that is written gets no files that it lacks; one that lacks even /etc has it made, unless it is such a one. */
static void test_roots(void)
{
        static const char *const keys[] = {"{'output': <true>}", "{'output': <true>, 'read-only': <true>}", "{}",
                                           "{'read-only': <true>}"};

        for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
                g_autofree char *root = root_copy(alice);
                g_free(shell("rm -r '%s/etc'", root));
                g_autofree char *before = shell("find '%s' -printf '%%P %%T@\n' | sort", root);
                g_autoptr(Container) container =
                        container_new(alice, .root = root, .mount = keys[i], .options = "{" NONE "}");
                g_autofree char *output = inside(container, "ls /etc 2>/dev/null | xargs");

                g_assert_cmpstr(output, ==, i < 2 ? "" : "hostname hosts resolv.conf");
                container_release(container);
                g_autofree char *after = shell("find '%s' -printf '%%P %%T@\n' | sort", root);
                g_assert_cmpstr(before, ==, after);
        }
}

static void test_no_place(void)
{
        static const char *const makes[] = {"rm etc/hosts; mkdir etc/hosts", "mv etc x; echo > etc",
                                            "ln -sf hosts etc/hosts"};
        g_autofree char *before = world_snapshot();

        for (gsize i = 0; i < G_N_ELEMENTS(makes); i++) {
                g_autofree char *root = root_copy(alice);
                g_free(shell("cd '%s'; %s", root, makes[i]));
                g_autoptr(Reply) reply = container_new_fails(alice, .root = root, .options = "{" NONE "}");

                assert_error(reply, ERROR_GANGWAY("MountFailed"), "hosts, hostname and resolv.conf can't be mounted");
        }
        world_assert_same(before);
}

/* Where there was none, none is committed, and what there was is as it was, times and all. */
static void test_commit(void)
{
        static const char show[] = "cd /img; ls -A etc | xargs; cat etc/hosts; stat -c '%n %Y %a' etc etc/hosts; ls -A "
                                   "run srv";
        g_autofree char *shown[2] = {NULL, NULL};

        root_image_new(alice, "base",
                       "rm etc/hostname && ln -s ../srv/new/resolv.conf etc/resolv.conf && touch -d @1000 etc");
        g_autoptr(Container) container = container_of_image(alice, "base");
        g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"));
        g_assert_cmpuint(process_run(container, NULL, .script = "test -s /etc/resolv.conf && echo x > /written"), ==,
                         0);
        commit(container, 0, "result");
        container_release(container);
        for (gsize i = 0; i < 2; i++) {
                g_autofree char *more = g_strdup_printf("[{'destination': <'/img'>, 'image': <'%s'>, 'read-only': "
                                                        "<true>}]",
                                                        i == 0 ? "base" : "result");
                g_autoptr(Container) looks = container_new(alice, .more = more, .options = "{" NONE "}");

                shown[i] = inside(looks, show);
        }
        assert_contains(shown[0], "etc 1000 755");
        assert_contains(shown[0], "127.0.0.1\tlocalhost\n");
        g_assert_cmpstr(shown[0], ==, shown[1]);
        g_free(shown[0]);
        g_free(g_steal_pointer(&shown[1]));
        shown[0] = NULL;
        images_clear();
}

static void test_ctl(void)
{
        g_autofree char *output = NULL, *errors = NULL, *form = NULL;

        g_assert_cmpint(ctl_run(&output, NULL,
                                CTL("run", "--net", "none", "--rootfs", root_shared(), "--hostname", "box",
                                    "--add-host", "db:192.0.2.1", "--add-host", "six:[2001:db8::1]", "--add-host",
                                    "seven:::7", "--dns", "192.0.2.2", "--dns", "2001:db8::2", "--", "sh", "-c",
                                    "cat /etc/hostname /etc/hosts; grep nameserver /etc/resolv.conf")),
                        ==, 0);
        g_assert_cmpstr(output, ==,
                        "box\n127.0.0.1\tlocalhost box\n" LOOPBACK "\n192.0.2.1\tdb\n2001:db8::1\tsix\n::7\tseven\n"
                        "nameserver 192.0.2.2\nnameserver 2001:db8::2\n");
        g_assert_cmpint(
                ctl_run(NULL, &errors, CTL("run", "--rootfs", root_shared(), "--add-host", "db:x", "--", "true")), ==,
                125);
        assert_contains(errors, "failed to parse IP x");
        g_assert_cmpint(ctl_run(NULL, &form, CTL("create", "--add-host", "db", "--rootfs", root_shared())), !=, 0);
        assert_contains(form, "'db' is not of the form NAME:ADDRESS");
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/name-files/defaults", test_defaults},
                {"/name-files/extra-hosts", test_extra_hosts},
                {"/name-files/errors", test_errors},
                {"/name-files/protected", test_protected},
                {"/name-files/symlinks", test_symlinks},
                {"/name-files/own-files", test_own_files},
                {"/name-files/own-folders", test_own_folders},
                {"/name-files/roots", test_roots},
                {"/name-files/no-place", test_no_place},
                {"/name-files/commit", test_commit},
                {"/name-files/ctl", test_ctl},
        };

        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
