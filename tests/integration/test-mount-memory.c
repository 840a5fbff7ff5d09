/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is mounted of memory: tmpfs with its limit, and secrets, which nobody outside ever sees and no disk.
 */
#include "common.h"

#include <sys/mman.h>

/* Found by nothing but itself. */
#define SECRET_TEXT "5ecret-0f-the-te5t-that-n0b0dy-knows"

static void test_tmpfs(void)
{
        g_autofree char *output = NULL;
        g_autoptr(Container) container = container_new_started(
                alice, .more = "[{'destination': <'/t'>, 'type': <'tmpfs'>, 'size': <uint64 1048576>},"
                               " {'destination': <'/ro'>, 'type': <'tmpfs'>, 'read-only': <true>}]");

        g_assert_cmpuint(process_run(container, &output,
                                     .script = "stat -c %a:%u:%g /t; grep ' /t ' /proc/self/mounts | cut -d' ' -f3,4"),
                         ==, 0);
        assert_contains(output, "1777:0:0\ntmpfs ");
        assert_contains(output, "nosuid");
        assert_contains(output, "nodev");
        g_assert_cmpuint(process_run(container, NULL, .script = "dd if=/dev/zero of=/t/x bs=1024 count=1024"), ==, 0);
        g_clear_pointer(&output, g_free);
        g_assert_cmpuint(process_run(container, &output, .script = "echo x > /t/y"), !=, 0);
        assert_contains(output, "No space left on device");
        g_assert_cmpuint(process_run(container, NULL, .script = "mount -o remount,size=4m /t && echo x > /t/y"), !=, 0);
        g_assert_cmpuint(process_run(container, NULL, .script = "echo x > /ro/x"), !=, 0);
        g_assert_cmpuint(process_run(container, NULL, .script = "mknod /t/null c 1 3"), !=, 0);
        g_assert_cmpuint(process_run(container, NULL, .options = "{'user': <'1000:1000'>}", .script = "rm /t/x"), !=,
                         0);
}

/* A secret's bytes as the text of a variant. */
static char *bytes_of(const char *text)
{
        g_autoptr(GString) bytes = g_string_new("[");

        for (const char *c = text; *c; c++)
                g_string_append_printf(bytes, "%sbyte %d", c > text ? ", " : "", *c);
        return g_string_free(g_string_append_c(g_steal_pointer(&bytes), ']'), FALSE);
}

static char *secrets_of(const char *id, const char *text)
{
        g_autofree char *bytes = bytes_of(text);

        return g_strdup_printf("{'secrets': <{'%s': <%s>}>}", id, bytes);
}

static void test_secret(void)
{
        g_autofree char *options = secrets_of("key", SECRET_TEXT), *output = NULL;
        g_autoptr(Container) container = container_new_started(
                alice, .options = options,
                .more = "[{'destination': <'/run/key'>, 'type': <'secret'>, 'id': <'key'>},"
                        " {'destination': <'/run/open'>, 'type': <'secret'>, 'id': <'key'>, 'mode': <uint32 0644>,"
                        "  'uid': <uint32 1000>, 'gid': <uint32 65535>},"
                        " {'destination': <'/run/program'>, 'type': <'secret'>, 'id': <'key'>, 'mode': <uint32 0511>},"
                        " {'destination': <'/dev/key'>, 'type': <'secret'>, 'id': <'key'>},"
                        " {'destination': <'/run/none'>, 'type': <'secret'>, 'id': <'nonesuch'>, 'optional': <true>}]");

        g_assert_cmpuint(process_run(container, &output,
                                     .script = "stat -c %a:%u:%g:%F /run/key /run/open /run/program /dev/key;"
                                               "cat /run/key; echo; cat /dev/key; echo; ls /run"),
                         ==, 0);
        g_assert_cmpstr(output, ==,
                        "400:0:0:regular file\n644:1000:65535:regular file\n511:0:0:regular file\n400:0:0:regular "
                        "file\n" SECRET_TEXT "\n" SECRET_TEXT "\nkey\nopen\nprogram");
        g_assert_cmpuint(process_run(container, NULL, .options = "{'user': <'1000:1000'>}", .script = "cat /run/key"),
                         !=, 0);
        g_assert_cmpuint(process_run(container, NULL, .options = "{'user': <'1000:1000'>}", .script = "cat /run/open"),
                         ==, 0);
        static const char *const refused[] = {"echo x > /run/key", "chmod 777 /run/key", "rm /run/key",
                                              "chown 5 /run/key",
                                              "mount -o remount,bind,rw /run/key && echo x > /run/key"};
        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
                g_test_message("%s", refused[i]);
                g_assert_cmpuint(process_run(container, NULL, .script = refused[i]), !=, 0);
        }
}

/* ro, nodev and nosuid; noexec as long as the mode has no x. */
static void test_secret_flags(void)
{
        g_autofree char *options = secrets_of("key", "#!/bin/sh\necho ran\n"), *output = NULL;
        static const struct {
                const char *path, *has;
        } expected[] = {{"/a", "noexec"}, {"/a", "nosuid"}, {"/a", "nodev"},
                        {"/a", "ro"},     {"/x", "nosuid"}, {"/x", "ro"}};
        g_autoptr(Container) container = container_new_started(
                alice, .options = options,
                .more = "[{'destination': <'/a'>, 'type': <'secret'>, 'id': <'key'>},"
                        " {'destination': <'/x'>, 'type': <'secret'>, 'id': <'key'>, 'mode': <uint32 0555>}]");

        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
                g_autofree char *script = g_strdup_printf("grep ' %s ' /proc/self/mounts | grep -wq %s",
                                                          expected[i].path, expected[i].has);

                g_test_message("%s", script);
                g_assert_cmpuint(process_run(container, NULL, .script = script), ==, 0);
        }
        g_assert_cmpuint(process_run(container, &output, .script = "/x"), ==, 0);
        g_assert_cmpstr(output, ==, "ran");
        g_assert_cmpuint(process_run(container, NULL, .argv = ARGV("sh", "-c", "/a")), !=, 0);
}

/* Where the text is found: in no file that gangway or its container has anywhere, and in no mount of anybody outside.
 */
static char *count_ramfs(void)
{
        return shell("cat /proc/1/mountinfo /proc/%d/mountinfo | grep -c ramfs || true", daemon_pid());
}

static void test_secret_stays_inside(void)
{
        g_autofree char *options = secrets_of("key", SECRET_TEXT), *before = world_snapshot();
        g_autofree char *ramfs_before = count_ramfs();
        {
                g_autoptr(Container) container = container_new_started(
                        alice, .options = options,
                        .more = "[{'destination': <'/run/key'>, 'type': <'secret'>, 'id': <'key'>}]");
                g_autofree char *found =
                        shell("for top in / /proc/%d/root; do"
                              " grep -rlsF -D skip '%s' $top/run $top/var/lib/gangway $top/dev/shm || true; done",
                              daemon_pid(), SECRET_TEXT);
                g_autofree char *types = shell("grep ' /run/key ' /proc/%u/mountinfo | sed 's/.* - //' | cut -d' ' -f1",
                                               container_leader(container));
                g_autofree char *ramfs_after = count_ramfs();

                g_assert_cmpstr(found, ==, "");
                g_assert_cmpstr(types, ==, "ramfs");
                g_assert_cmpstr(ramfs_before, ==, ramfs_after);
        }
        world_assert_same(before);
}

static void test_missing(void)
{
        static const struct {
                const char *more, *error, *part;
        } missing[] = {
                {"[{'destination': <'/k'>, 'type': <'secret'>, 'id': <'key'>}]", ERROR_GANGWAY("NoSuchSecret"),
                 "'key'"},
                {"[{'destination': <'/a'>, 'type': <'ssh'>, 'id': <'work'>}]", ERROR_GANGWAY("NoSuchAgent"), "'work'"},
                {"[{'destination': <'/a'>, 'type': <'ssh'>}]", ERROR_GANGWAY("NoSuchAgent"), "'default'"},
        };
        g_autofree char *before = world_snapshot();

        for (size_t i = 0; i < G_N_ELEMENTS(missing); i++) {
                g_autoptr(Reply) reply = container_new_fails(alice, .more = missing[i].more);

                assert_error(reply, missing[i].error, missing[i].part);
        }
        world_assert_same(before);
}

static const char key_mount[] = "[{'destination': <'/k'>, 'type': <'secret'>, 'id': <'key'>},"
                                " {'destination': <'/k2'>, 'type': <'secret'>, 'id': <'key'>}]";

static int pipe_with(const char *data, gsize size)
{
        int ends[2];

        make_pipe(ends);
        g_assert_cmpint(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20), >=, (int) size);
        g_assert_cmpint(write(ends[1], data, size), ==, (gssize) size);
        close_fd(&ends[1]);
        return ends[0];
}

/* From a pipe and from a file, of which what is left is the secret, and which is read once for all mounts. */
static void test_secret_by_fd(void)
{
        g_autofree char *root = root_copy(alice), *file = g_build_filename(root, "file", NULL), *large = NULL;

        root_write(root, "file", "0123456789");
        large = g_strnfill(500 * 1024, 'x');
        for (int i = 0; i < 3; i++) {
                int fd = i == 0 ? client_open(alice, file, O_RDONLY)
                                : pipe_with(i == 1 ? "456789" : large, i == 1 ? 6 : 500 * 1024);
                g_autofree char *output = NULL;

                if (i == 0)
                        g_assert_cmpint(lseek(fd, 4, SEEK_SET), ==, 4);
                g_autoptr(Container) container =
                        container_new_started(alice, .more = key_mount, .options = "{'secrets': <{'key': <handle 1>}>}",
                                              .handles = HANDLES(fd));
                close_fd(&fd);
                g_assert_cmpuint(process_run(container, &output, .script = i < 2 ? "cat /k /k2" : "wc -c < /k2"), ==,
                                 0);
                g_assert_cmpstr(output, ==, i < 2 ? "456789456789" : "512000");
        }
}

static void test_bad_secrets(void)
{
        g_autofree char *before = world_snapshot(), *large = g_strnfill(500 * 1024 + 1, 'x');
        int too_large = pipe_with(large, 500 * 1024 + 1), path = client_open(alice, "/etc/hostname", O_PATH);
        int open_pipe[2], fds[3];

        make_pipe(open_pipe);
        fds[0] = too_large;
        fds[1] = path;
        fds[2] = open_pipe[0];
        static const struct {
                const char *error, *part;
        } expected[] = {
                {ERROR_INVALID_ARGS, "The secret 'key' is larger than 512000 bytes"},
                {ERROR_GANGWAY("MountFailed"), "open it for reading"},
                {ERROR_GANGWAY("MountFailed"), "The secret 'key' did not come to its end"},
        };
        for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
                g_autoptr(Reply) reply =
                        container_new_fails(alice, .more = key_mount, .options = "{'secrets': <{'key': <handle 1>}>}",
                                            .handles = HANDLES(fds[i]));

                assert_error(reply, expected[i].error, expected[i].part);
        }
        close_fd(&too_large);
        close_fd(&path);
        close_fd(&open_pipe[0]);
        close_fd(&open_pipe[1]);
        world_assert_same(before);
}

/* The folders that stay are there before anything is compared. */
static void prepare(void)
{
        g_autoptr(Container) container = container_new(alice);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/mount-memory/prepare", prepare},
                {"/mount-memory/tmpfs", test_tmpfs},
                {"/mount-memory/secret", test_secret},
                {"/mount-memory/secret-flags", test_secret_flags},
                {"/mount-memory/secret-stays-inside", test_secret_stays_inside},
                {"/mount-memory/missing", test_missing},
                {"/mount-memory/secret-by-fd", test_secret_by_fd},
                {"/mount-memory/bad-secrets", test_bad_secrets},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
