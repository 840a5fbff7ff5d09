/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The root folder: never written without `output`, written as the caller with it, and of its files only the caller's
 * own are within reach. Inside, everything is tried as the container's root.
 */
#include "common.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

/* Every file with its mode, owner, size, time and target. */
static char *tree(const char *root)
{
        return shell("find '%s' -printf '%%P %%y %%m %%U:%%G %%s %%T@ %%l\\n' | sort", root);
}

static const char havoc[] = "set -e; echo x > /new; chown 5:6 /new; rm /etc/group; chmod 700 /etc; mkdir /dir;"
                            "mv /bin/ls /bin/ls2; ln -s /etc /link; echo x >> /etc/passwd; cat /new";

static void test_never_written(void)
{
        Client *callers[] = {client, alice};

        for (size_t i = 0; i < G_N_ELEMENTS(callers); i++) {
                g_autofree char *root = root_copy(callers[i]), *before = tree(root), *output = NULL;
                g_autoptr(Container) container = container_new(callers[i], .root = root);
                g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"));
                g_assert_cmpuint(process_run(container, &output, .script = havoc), ==, 0);
                g_assert_cmpstr(output, ==, "x");
                g_assert_cmpuint(process_run(container, NULL, .script = "test -d /dir && test ! -e /etc/group"), ==, 0);
                container_release(container);

                g_autofree char *after = tree(root);
                g_assert_cmpstr(before, ==, after);
        }
}

/* Two containers of one folder don't see each other's writes. */
static void test_writes_are_apart(void)
{
        g_autoptr(Container) one = container_new_started(client), two = container_new_started(client);

        g_assert_cmpuint(process_run(one, NULL, .script = "echo x > /of-one"), ==, 0);
        g_assert_cmpuint(process_run(two, NULL, .script = "test ! -e /of-one"), ==, 0);
}

static void test_output(void)
{
        Client *callers[] = {client, alice};

        for (size_t i = 0; i < G_N_ELEMENTS(callers); i++) {
                g_autofree char *root = root_copy(callers[i]);
                g_autoptr(Container) container =
                        container_new_started(callers[i], .root = root, .mount = "{'output': <true>}");
                g_autofree char *output = NULL;
                guint code = process_run(container, &output,
                                         .script = "mkdir /made && echo text > /made/file && stat -c %u /made/file");
                g_assert_cmpuint(code, ==, 0);
                g_assert_cmpstr(output, ==, "0");
                container_release(container);

                g_autofree char *owner = shell("stat -c %%u:%%g '%s/made' '%s/made/file' | sort -u", root, root);
                g_autofree char *expected = g_strdup_printf("%u:%u", client_uid(callers[i]), client_gid(callers[i]));
                g_autofree char *text = file_text("%s/made/file", root);
                g_assert_cmpstr(owner, ==, expected);
                g_assert_cmpstr(text, ==, "text");
        }
}

/* What the runtime needs as mount points must not stay in a folder that the caller asked to have written. */
static void test_output_has_nothing_else(void)
{
        g_autofree char *root = root_copy(NULL), *before = shell("find '%s' | sort", root);
        g_autoptr(Container) container = container_new_started(client, .root = root, .mount = "{'output': <true>}");

        g_assert_cmpuint(process_run(container, NULL, .script = "true"), ==, 0);
        container_release(container);
        g_autofree char *after = shell("find '%s' | sort", root);
        g_assert_cmpstr(before, ==, after);
}

static void test_read_only(void)
{
        static const char *const mounts[] = {"{'read-only': <true>}", "{'read-only': <true>, 'output': <true>}"};

        for (size_t i = 0; i < G_N_ELEMENTS(mounts); i++) {
                g_autofree char *root = root_copy(alice), *before = tree(root), *output = NULL;
                g_autoptr(Container) container = container_new_started(alice, .root = root, .mount = mounts[i]);

                g_assert_cmpuint(process_run(container, &output, .script = "echo x > /new"), !=, 0);
                assert_contains(output, "Read-only file system");
                g_assert_cmpuint(process_run(container, NULL, .script = "mount -o remount,rw / && echo x > /new"), !=,
                                 0);
                container_release(container);
                g_autofree char *after = tree(root);
                g_assert_cmpstr(before, ==, after);
        }
}

/* A folder of alice's with files of hers, of bob's and of root's, and a locked one of bob's. */
static char *mixed_root(void)
{
        char *root = root_copy(alice);
        g_autofree char *output = shell("cd '%s' && for who in alice bob root; do echo of $who > of-$who;"
                                        "chown $who of-$who; chmod 600 of-$who; done; mkdir locked; chown bob locked;"
                                        "chmod 700 locked; cp /bin/true setuid; chmod 4755 setuid",
                                        root);
        return root;
}

static void test_files_of_others(void)
{
        g_autofree char *root = mixed_root(), *before = tree(root), *output = NULL;
        static const char *const refused[] = {
                "cat /of-bob",     "cat /of-root",      "ls /locked",           "chmod 777 /of-bob",
                "chown 0 /of-bob", "echo x > /of-root", "echo x > /locked/new",
        };
        static const char *const mounts[] = {"{}", "{'output': <true>}"};

        for (size_t i = 0; i < G_N_ELEMENTS(mounts); i++) {
                g_autoptr(Container) container = container_new_started(alice, .root = root, .mount = mounts[i]);
                g_clear_pointer(&output, g_free);
                guint code = process_run(container, &output, .script = "stat -c %u /of-*; cat /of-alice");
                g_test_message("%s", output);
                g_assert_cmpuint(code, ==, 0);
                g_assert_cmpstr(output, ==, "0\n65534\n65534\nof alice");
                for (size_t k = 0; k < G_N_ELEMENTS(refused); k++) {
                        g_test_message("mount %s: %s", mounts[i], refused[k]);
                        g_assert_cmpuint(process_run(container, NULL, .script = refused[k]), !=, 0);
                }
        }
        g_autofree char *after = tree(root);
        g_assert_cmpstr(before, ==, after);
}

static const char *host_path_mounts(const char *path)
{
        static char *text = NULL;

        g_free(text);
        text = g_strdup_printf("[{'type': <'bind'>, 'destination': <'/'>, 'host-path': <'%s'>}]", path);
        return text;
}

/* root's folder keeps its ids, up to 65535; what is beyond is nobody's. */
static void test_ids_of_root(void)
{
        g_autofree char *root = root_copy(NULL), *owners = NULL;
        g_autofree char *output = shell("cd '%s' && for id in 0 1000 65534 65535 65536 4000000000; do echo x > of-$id; "
                                        "chown $id:$id of-$id; done",
                                        root);
        const Create creates[] = {{.root = root}, {.mounts = host_path_mounts(root)}};

        for (size_t i = 0; i < G_N_ELEMENTS(creates); i++) {
                g_autoptr(Container) container = container_create_started(client, &creates[i]);
                g_clear_pointer(&owners, g_free);
                guint code = process_run(
                        container, &owners,
                        .script = "for id in 0 1000 65534 65535 65536 4000000000; do stat -c %u:%g /of-$id; done");
                g_assert_cmpuint(code, ==, 0);
                g_assert_cmpstr(owners, ==, "0:0\n1000:1000\n65534:65534\n65535:65535\n65534:65534\n65534:65534");
        }
}

static void test_host_path(void)
{
        g_autofree char *root = root_copy(alice);

        g_autoptr(Reply) refused = container_new_fails(alice, .mounts = host_path_mounts(root));
        assert_error(refused, ERROR_INTERACTIVE, NULL);
        polkit_rules(POLKIT_USUAL "if (action.id == 'org.gangway1.bind-host-path') return polkit.Result.NO;");
        g_autoptr(Reply) no = container_new_fails(alice, .mounts = host_path_mounts(root));
        assert_error(no, ERROR_ACCESS_DENIED, NULL);

        polkit_rules(POLKIT_USUAL "if (action.id == 'org.gangway1.bind-host-path') return polkit.Result.YES;");
        g_autofree char *owner = NULL, *expected = g_strdup_printf("%u", client_uid(alice));
        {
                g_autoptr(Container) container = container_new_started(alice, .mounts = host_path_mounts(root));
                g_assert_cmpuint(process_run(container, &owner, .script = "stat -c %u /etc"), ==, 0);
        }
        g_assert_cmpstr(owner, ==, expected);
        g_autoptr(Reply) missing = container_new_fails(alice, .mounts = host_path_mounts("/no/such/folder"));
        assert_error(missing, ERROR_GANGWAY("MountFailed"), "/no/such/folder");
        polkit_rules(POLKIT_USUAL);
}

/* The folder itself was handed in, not its name: moving another there changes nothing, nor does removing the name. */
static void test_no_path_is_looked_up_again(void)
{
        g_autofree char *root = root_copy(alice), *moved = g_strconcat(root, ".moved", NULL), *output = NULL;
        g_autoptr(Container) container = container_new(alice, .root = root);

        g_assert_no_errno(g_rename(root, moved));
        g_assert_no_errno(symlink("/", root));
        guint code = process_run(container, &output, .method = "Start",
                                 .script = "cat /etc/nsswitch.conf; ls /etc/polkit-1");
        g_assert_cmpuint(code, !=, 0);
        g_assert_true(g_str_has_prefix(output, "hosts: files\n"));
        container_release(container);
        g_assert_no_errno(unlink(root));
        g_assert_no_errno(g_rename(moved, root));
}

/* Nothing under the folder comes along: a mount that the caller could not make itself. */
static void test_mounts_below(void)
{
        g_autofree char *root = root_copy(client), *output = NULL;
        g_autofree char *mounted = shell("mount -t tmpfs tmpfs '%s/mnt' && echo x > '%s/mnt/inside'", root, root);
        {
                g_autoptr(Container) container = container_new(client, .root = root);
                g_assert_cmpuint(process_run(container, &output, .method = "Start", .script = "ls /mnt"), ==, 0);
                g_assert_cmpstr(output, ==, "");
        }
        g_autofree char *unmounted = shell("umount '%s/mnt'", root);
}

/* A container that waits for its Start has the machine's mounts in its launcher's namespace, and must not hold on to
 * one that somebody unmounts: its disk would stay busy. */
static void test_unmounts_are_followed(void)
{
        g_autofree char *disk = root_copy(client);
        g_autofree char *mounted = shell("mount -t tmpfs busydisk '%s/mnt'", disk);
        g_autoptr(Container) waiting = container_new(client);
        g_autofree char *seen = shell("grep -ls busydisk /proc/[0-9]*/mountinfo | wc -l");
        g_autofree char *unmounted = shell("umount '%s/mnt'", disk);
        g_autofree char *left = shell("grep -hs busydisk /proc/[0-9]*/mountinfo || true");

        g_assert_cmpint(g_ascii_strtoll(seen, NULL, 10), >, 1);
        g_assert_cmpstr(left, ==, "");
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/root/never-written", test_never_written},
                {"/root/writes-are-apart", test_writes_are_apart},
                {"/root/output", test_output},
                {"/root/output-has-nothing-else", test_output_has_nothing_else},
                {"/root/read-only", test_read_only},
                {"/root/files-of-others", test_files_of_others},
                {"/root/ids-of-root", test_ids_of_root},
                {"/root/host-path", test_host_path},
                {"/root/no-path-is-looked-up-again", test_no_path_is_looked_up_again},
                {"/root/mounts-below", test_mounts_below},
                {"/root/unmounts-are-followed", test_unmounts_are_followed},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
