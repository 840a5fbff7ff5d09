/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Folders and files below the root: what comes from the caller or by a host path, what is written and by whom, what is
 * thrown away, and that read-only is so for the container's root, too.
 */
#include "common.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#define _fd_ __attribute__((cleanup(close_at_end))) int

static void close_at_end(int *fd)
{
        if (*fd >= 0)
                close_fd(fd);
}

/* A folder of the owner's with a file, a folder and a file of bob's. */
static char *folder_new(Client *owner)
{
        char *folder = root_copy(owner);

        g_free(shell(
                "cd '%s' && rm -rf * && echo old > file && mkdir sub && echo below > sub/file && echo hers > of-bob"
                " && chown -R --reference=. . && chown bob of-bob && chmod 600 of-bob",
                folder));
        return folder;
}

static char *tree(const char *root)
{
        return shell("find '%s' -printf '%%P %%y %%m %%U:%%G %%s %%T@ %%l\n' | sort", root);
}

static const char change[] = "echo new > file && mkdir made && echo x > made/x && rm sub/file && cat file";

/* Without output what is written is thrown away, and two containers don't see each other's. */
static void test_thrown_away(void)
{
        Client *callers[] = {client, alice};

        for (size_t i = 0; i < G_N_ELEMENTS(callers); i++) {
                g_autofree char *folder = folder_new(callers[i]), *before = tree(folder), *output = NULL;
                _fd_ fd = client_open(callers[i], folder, O_PATH);
                const char more[] = "[{'destination': <'/data'>, 'source': <handle 1>}]";
                g_autoptr(Container) one = container_new_started(callers[i], .more = more, .handles = HANDLES(fd));
                g_autoptr(Container) other = container_new_started(callers[i], .more = more, .handles = HANDLES(fd));

                g_assert_cmpuint(process_run(one, &output, .script = change, .options = "{'cwd': <'/data'>}"), ==, 0);
                g_assert_cmpstr(output, ==, "new");
                g_assert_cmpuint(process_run(one, NULL, .script = "test -d /data/made && test ! -e /data/sub/file"), ==,
                                 0);
                g_assert_cmpuint(process_run(other, NULL, .script = "test ! -e /data/made && grep old /data/file"), ==,
                                 0);
                container_release(one);
                g_autofree char *after = tree(folder);
                g_assert_cmpstr(before, ==, after);
        }
}

/* With output the folder itself is written, by the caller as all others see it; others' files are nobody's. */
static void test_written(void)
{
        g_autofree char *folder = folder_new(alice), *output = NULL;
        _fd_ fd = client_open(alice, folder, O_PATH);
        g_autoptr(Container) container = container_new_started(
                alice, .more = "[{'destination': <'/data'>, 'source': <handle 1>, 'output': <true>}]",
                .handles = HANDLES(fd));

        g_assert_cmpuint(process_run(container, &output, .script = change, .options = "{'cwd': <'/data'>}"), ==, 0);
        g_clear_pointer(&output, g_free);
        g_assert_cmpuint(process_run(container, &output, .script = "stat -c %u /data/file /data/of-bob"), ==, 0);
        g_assert_cmpstr(output, ==, "0\n65534");
        g_assert_cmpuint(process_run(container, NULL, .script = "cat /data/of-bob"), !=, 0);
        g_assert_cmpuint(process_run(container, NULL, .script = "chown 5:5 /data/file"), !=, 0);

        g_autofree char *owners =
                shell("stat -c %%U:%%G '%s/made' '%s/made/x' '%s/file' | sort -u", folder, folder, folder);
        g_autofree char *text = file_text("%s/file", folder);
        g_assert_cmpstr(owners, ==, "alice:alice");
        g_assert_cmpstr(text, ==, "new");
        g_assert_cmpint(shell_status("test -e '%s/sub/file'", folder), ==, 1);
}

static const char *const attempts[] = {
        "echo x > /data/new",
        "echo x > /data/file",
        "rm /data/file",
        "mkdir /data/made",
        "chmod 777 /data",
        "touch /data/sub/file",
        "mount -o remount,rw /data && echo x > /data/new",
        "mount -o remount,bind,rw /data && echo x > /data/new",
        "umount /data && test ! -e /data/file",
};

static void assert_read_only(Container *container)
{
        for (size_t i = 0; i < G_N_ELEMENTS(attempts); i++) {
                g_test_message("%s", attempts[i]);
                g_assert_cmpuint(process_run(container, NULL, .script = attempts[i]), !=, 0);
        }
        g_assert_cmpuint(process_run(container, NULL, .script = "grep ' /data ' /proc/self/mounts | grep -q ' ro,'"),
                         ==, 0);
}

/* Root inside can't write, and can't make it writable; with output neither. */
static void test_read_only(void)
{
        static const char *const mounts[] = {
                "[{'destination': <'/data'>, 'source': <handle 1>, 'read-only': <true>}]",
                "[{'destination': <'/data'>, 'source': <handle 1>, 'read-only': <true>, 'output': <true>}]",
                "[{'destination': <'/data'>, 'read-only': <true>}]",
        };
        g_autofree char *folder = folder_new(alice), *before = tree(folder);

        for (size_t i = 0; i < G_N_ELEMENTS(mounts); i++) {
                _fd_ fd = client_open(alice, folder, O_PATH);
                g_autoptr(Container) container =
                        container_new_started(alice, .more = mounts[i], .handles = HANDLES(fd));

                g_test_message("%s", mounts[i]);
                assert_read_only(container);
        }
        g_autofree char *after = tree(folder);
        g_assert_cmpstr(before, ==, after);
}

/* Each mount is what it was asked to be, whatever those above and below it are. */
static void test_nested_read_only(void)
{
        g_autofree char *folder = folder_new(alice), *other = folder_new(alice);
        _fd_ fd = client_open(alice, folder, O_PATH);
        _fd_ other_fd = client_open(alice, other, O_PATH);
        static const char *const refused[] = {"echo x > /new", "echo x > /data/new", "echo x > /data/sub/deep/new",
                                              "mount -o remount,bind,rw / && echo x > /new",
                                              "mount -o remount,bind,rw /data && echo x > /data/new"};
        static const char *const allowed[] = {"echo x > /data/sub/new", "echo x > /mnt/new"};
        g_autofree char *made = shell("mkdir '%s/deep'", other);
        g_autoptr(Container) container = container_new_started(
                alice, .mount = "{'read-only': <true>}",
                .more = "[{'destination': <'/data/sub/deep'>, 'source': <handle 2>, 'read-only': <true>},"
                        " {'destination': <'/data/sub'>, 'source': <handle 2>},"
                        " {'destination': <'/data'>, 'source': <handle 1>, 'read-only': <true>},"
                        " {'destination': <'/mnt'>}]",
                .handles = HANDLES(fd, other_fd));

        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
                g_test_message("%s", refused[i]);
                g_assert_cmpuint(process_run(container, NULL, .script = refused[i]), !=, 0);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++)
                g_assert_cmpuint(process_run(container, NULL, .script = allowed[i]), ==, 0);
}

static void test_single_file(void)
{
        g_autofree char *folder = folder_new(alice), *file = g_build_filename(folder, "file", NULL), *output = NULL;
        _fd_ fd = client_open(alice, file, O_PATH);

        {
                g_autoptr(Container) container = container_new_started(
                        alice,
                        .more = "[{'destination': <'/etc/one'>, 'source': <handle 1>, 'read-only': <true>},"
                                " {'destination': <'/etc/hostname'>, 'source': <handle 1>, 'output': <true>}]",
                        .handles = HANDLES(fd));
                g_assert_cmpuint(process_run(container, &output, .script = "cat /etc/one; stat -c %u:%F /etc/one"), ==,
                                 0);
                g_assert_cmpstr(output, ==, "old\n0:regular file");
                g_assert_cmpuint(process_run(container, NULL, .script = "echo x > /etc/one"), !=, 0);
                g_assert_cmpuint(process_run(container, NULL, .script = "echo written > /etc/hostname"), ==, 0);
        }
        g_autofree char *text = file_text("%s", file);
        g_assert_cmpstr(text, ==, "written");

        g_autoptr(Reply) reply = container_new_fails(
                alice, .more = "[{'destination': <'/etc/one'>, 'source': <handle 1>}]", .handles = HANDLES(fd));
        assert_error(reply, ERROR_INVALID_ARGS, "single file");
        _fd_ socket = client_open(client, "/dev/null", O_PATH);
        g_autoptr(Reply) device = container_new_fails(client, .more = "[{'destination': <'/n'>, 'source': <handle 1>}]",
                                                      .handles = HANDLES(socket));
        assert_error(device, ERROR_INVALID_ARGS, "neither a folder nor a regular file");
}

/* An empty folder of the container's own, which belongs to its root. */
static void test_empty(void)
{
        g_autofree char *output = NULL;
        g_autoptr(Container) container = container_new_started(
                alice, .more = "[{'destination': <'empty/one'>}, {'destination': <'/empty/two'>}]");

        g_assert_cmpuint(
                process_run(container, &output,
                            .script = "ls -A /empty/one; stat -c %a:%u:%g /empty /empty/one; echo x > /empty/one/x"
                                      " && ls /empty/one /empty/two"),
                ==, 0);
        g_assert_cmpstr(output, ==, "755:0:0\n755:0:0\n/empty/one:\nx\n\n/empty/two:");
}

static void test_host_path(void)
{
        g_autofree char *folder = folder_new(alice), *output = NULL;
        g_autofree char *more =
                g_strdup_printf("[{'destination': <'/data'>, 'host-path': <'%s'>, 'output': <true>},"
                                " {'destination': <'/f'>, 'host-path': <'%s/file'>, 'read-only': <true>}]",
                                folder, folder);
        g_autofree char *writable = g_strdup_printf("[{'destination': <'/f'>, 'host-path': <'%s/file'>}]", folder);
        g_autofree char *link = g_strdup_printf("[{'destination': <'/f'>, 'host-path': <'%s/link/file'>}]", folder);

        g_autoptr(Reply) refused = container_new_fails(alice, .more = more);
        assert_error(refused, ERROR_INTERACTIVE, NULL);
        polkit_rules(POLKIT_USUAL "if (action.id == 'org.gangway1.bind-host-path' && "
                                  "action.lookup('host_paths').indexOf('(written), ') > 0 && "
                                  "action.lookup('mounts').indexOf('/f: host path') > 0) return polkit.Result.YES;");
        {
                g_autoptr(Container) container = container_new_started(alice, .more = more);
                g_assert_cmpuint(process_run(container, &output,
                                             .script = "stat -c %u /data/of-bob /f; cat /f; echo x > /data/new"),
                                 ==, 0);
                g_assert_cmpstr(output, ==, "5002\n5001\nold");
        }
        g_autofree char *owner = shell("stat -c %%u '%s/new'", folder);
        g_assert_cmpstr(owner, ==, "0");
        polkit_rules(POLKIT_USUAL);

        g_autoptr(Reply) layer = container_new_fails(client, .more = writable);
        assert_error(layer, ERROR_INVALID_ARGS, "throw-away layer over a single file");
        g_free(shell("ln -s . '%s/link'", folder));
        g_autoptr(Reply) symlink = container_new_fails(client, .more = link);
        assert_error(symlink, ERROR_GANGWAY("MountFailed"), "a part of which is a symlink");
        g_autoptr(Reply) device =
                container_new_fails(client, .more = "[{'destination': <'/f'>, 'host-path': <'/dev/null'>}]");
        assert_error(device, ERROR_GANGWAY("MountFailed"), "neither a folder nor a regular file");
}

/* What is mounted below a folder of the machine's appears in the container only, although the machine's mounts are
 * shared ones. */
static void test_nothing_propagates(void)
{
        g_autofree char *folder = folder_new(client), *root = root_copy(client);
        _fd_ fd = client_open(client, folder, O_PATH);
        g_autofree char *shared = shell("findmnt -n -o PROPAGATION -T '%s'", folder);
        g_autofree char *before = shell("cut -d' ' -f4- /proc/1/mountinfo | sort");
        g_autoptr(Container) container = container_new_started(
                client, .mount = "{'output': <true>}", .root = root,
                .more = "[{'destination': <'/data'>, 'source': <handle 1>, 'output': <true>},"
                        " {'destination': <'/data/sub'>, 'type': <'tmpfs'>}, {'destination': <'/data/made'>}]",
                .handles = HANDLES(fd));

        g_assert_cmpstr(shared, ==, "shared");
        g_assert_cmpuint(process_run(container, NULL, .script = "test ! -e /data/sub/file && echo x > /data/sub/x"), ==,
                         0);
        g_autofree char *after = shell("cut -d' ' -f4- /proc/1/mountinfo | sort");
        g_assert_cmpstr(before, ==, after);
        g_assert_cmpint(shell_status("test -e '%s/sub/file' && test ! -e '%s/sub/x'", folder, folder), ==, 0);
}

/* Those below /dev, where the runtime has a file system of its own. */
static void test_below_dev(void)
{
        g_autofree char *folder = folder_new(alice), *file = g_build_filename(folder, "file", NULL), *output = NULL;
        _fd_ fd = client_open(alice, folder, O_PATH);
        _fd_ file_fd = client_open(alice, file, O_PATH);
        g_autoptr(Container) container = container_new_started(
                alice,
                .more = "[{'destination': <'/dev/shm'>, 'type': <'tmpfs'>, 'size': <uint64 1048576>},"
                        " {'destination': <'/dev/data'>, 'source': <handle 1>, 'read-only': <true>},"
                        " {'destination': <'/dev/one'>, 'source': <handle 2>, 'read-only': <true>}]",
                .handles = HANDLES(fd, file_fd));

        g_assert_cmpuint(process_run(container, &output,
                                     .script = "cat /dev/data/file /dev/one; df -k /dev/shm | tail -n 1 | "
                                               "awk '{print $2}'; echo x > /dev/shm/x && cat /dev/shm/x"),
                         ==, 0);
        g_assert_cmpstr(output, ==, "old\nold\n1024\nx");
        g_assert_cmpuint(process_run(container, NULL, .script = "echo x > /dev/data/x"), !=, 0);
        g_assert_cmpuint(process_run(container, NULL, .script = "echo x > /dev/one"), !=, 0);
        g_assert_cmpuint(process_run(container, NULL, .script = "test -c /dev/null && echo x > /dev/null"), ==, 0);
}

/* The options of a root, and that an empty one is there. */
static void test_empty_root(void)
{
        g_autoptr(Container) container = container_new(alice, .mounts = "[{'destination': <'/'>}]");
        g_autoptr(Reply) reply = process_fails(container, .method = "Start", .argv = ARGV("/bin/sh"));

        assert_error(reply, ERROR_GANGWAY("NoSuchProgram"), "/bin/sh");
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/mounts/thrown-away", test_thrown_away}, {"/mounts/written", test_written},
                {"/mounts/read-only", test_read_only},     {"/mounts/nested-read-only", test_nested_read_only},
                {"/mounts/single-file", test_single_file}, {"/mounts/empty", test_empty},
                {"/mounts/host-path", test_host_path},     {"/mounts/nothing-propagates", test_nothing_propagates},
                {"/mounts/below-dev", test_below_dev},     {"/mounts/empty-root", test_empty_root},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
