/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where mounts land, and what selectors lead to: never outside, whatever the symlinks say and somebody does to them
 * meanwhile. And what is left when a mount in the middle can't be made: nothing.
 */
#include <linux/fs.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "layers.h"

#define SWAP_SECONDS 4

/* alice's folder `data` with marker files, and beside it `outside`, which is hers as well, so that nothing but the
 * look-up keeps it out. */
static char *pair_new(void)
{
        char *top = root_copy(alice);

        g_free(shell(
                "cd '%s' && rm -rf * && mkdir -p data/dir/sub data/real outside/sub && echo inside > "
                "data/dir/sub/marker"
                " && echo inside > data/marker && echo outside > outside/marker && echo outside > outside/sub/marker"
                " && ln -s ../outside data/up && ln -s '%s/outside' data/absolute && ln -s dir data/good"
                " && ln -s ../../../../../../../../../etc data/etc && chown -hR alice:alice .",
                top, top));
        return top;
}

static void test_selectors(void)
{
        static const struct {
                const char *selector, *marker; /* NULL: an error */
        } rows[] = {
                {"dir/sub", "inside"},        {"/dir/sub", "inside"},
                {"good/sub", "inside"},       {"dir/../dir/sub", "inside"},
                {"../../data/dir/sub", NULL}, {"..", "inside"},
                {"../../..", "inside"},       {"up", NULL},
                {"absolute", NULL},           {"etc", NULL},
                {"nonesuch", NULL},           {"up/sub", NULL},
                {"marker/x", NULL},
        };
        static const char *const access[] = {"", ", 'read-only': <true>", ", 'output': <true>"};
        g_autofree char *top = pair_new(), *data = g_build_filename(top, "data", NULL), *before = world_snapshot();
        int fd = client_open(alice, data, O_PATH);

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *more =
                        g_strdup_printf("[{'destination': <'/sel'>, 'source': <handle 1>, 'selector': <'%s'>%s}]",
                                        rows[i].selector, access[i % G_N_ELEMENTS(access)]);
                const Create create = {.more = more, .handles = HANDLES(fd)};
                g_autofree char *output = NULL;

                g_test_message("%s", more);
                if (!rows[i].marker) {
                        g_autoptr(Reply) reply = container_create_fails(alice, &create);
                        assert_error(reply, ERROR_GANGWAY("MountFailed"), "the selector '");
                        assert_error(reply, ERROR_GANGWAY("MountFailed"), rows[i].selector);
                        continue;
                }
                g_autoptr(Container) container = container_create_started(alice, &create);
                g_assert_cmpuint(process_run(container, &output, .script = "cat /sel/marker"), ==, 0);
                g_assert_cmpstr(output, ==, rows[i].marker);
        }
        close_fd(&fd);
        world_assert_same(before);
}

/* A file out of a folder or an image can be written, too: it lies in the throw-away layer of the whole. */
static void test_selected_file(void)
{
        g_autofree char *top = pair_new(), *data = g_build_filename(top, "data", NULL), *output = NULL;
        int fd = client_open(alice, data, O_PATH);

        image_of_root(5001, "base");
        g_autoptr(Container) container = container_new_started(
                alice,
                .more = "[{'destination': <'/one'>, 'source': <handle 1>, 'selector': <'marker'>},"
                        " {'destination': <'/two'>, 'image': <'base'>, 'selector': <'etc/hostname'>},"
                        " {'destination': <'/etc/passwd'>, 'image': <'base'>, 'selector': <'/etc/passwd'>, 'read-only':"
                        "  <true>}]",
                .handles = HANDLES(fd));
        close_fd(&fd);
        g_assert_cmpuint(process_run(container, &output,
                                     .script =
                                             "cat /one /two; echo new > /one; echo new > /two; cat /one /two; test -s "
                                             "/etc/passwd && ! echo x > /etc/passwd"),
                         ==, 0);
        assert_contains(output, "inside\nbusybox\nnew\nnew");
        g_autofree char *text = file_text("%s/marker", data);
        g_assert_cmpstr(text, ==, "inside");
}

/* Symlinks on the way to a destination are those of the container. */
static void test_destinations(void)
{
        g_autofree char *root = root_copy(alice), *top = pair_new(), *output = NULL;

        g_free(shell(
                "cd '%s' && ln -s '%s/outside' absolute && ln -s ../../../../..%s/outside up && ln -s srv etc/to-srv"
                " && ln -s /srv/made dangling && chown -h alice:alice absolute up etc/to-srv dangling",
                root, top, top));
        g_autoptr(Container) container = container_new_started(
                alice, .root = root, .mount = "{'output': <true>}",
                .more = "[{'destination': <'/absolute/a'>, 'type': <'tmpfs'>}, {'destination': <'/up/b'>, 'type':"
                        " <'tmpfs'>}, {'destination': <'/var/run/c'>, 'type': <'tmpfs'>}]");
        g_assert_cmpuint(process_run(container, &output,
                                     .script = "cut -d' ' -f2 /proc/self/mounts | grep '/[abc]$' | "
                                               "sort"),
                         ==, 0);
        g_autofree char *expected = g_strdup_printf("/run/c\n%s/outside/a\n%s/outside/b", top, top);
        g_assert_cmpstr(output, ==, expected);
        container_release(container);
        g_assert_cmpint(shell_status("test -e '%s/outside/a' -o -e '%s/outside/b'", top, top), ==, 1);
        /* What was made is the caller's, as all that the container writes there. */
        g_autofree char *owner = shell("stat -c %%U '%s%s/outside/a' '%s/run/c' | sort -u", root, top, root);
        g_assert_cmpstr(owner, ==, "alice");

        g_autoptr(Container) dangling = container_new_started(
                alice, .root = root, .more = "[{'destination': <'/dangling/x'>, 'type': <'tmpfs'>}]");
        g_assert_cmpuint(process_run(dangling, NULL, .script = "grep ' /srv/made/x ' /proc/self/mounts"), ==, 0);
        g_autoptr(Reply) link =
                container_new_fails(alice, .root = root, .more = "[{'destination': <'/proc'>, 'type': <'tmpfs'>}]");
        assert_error(link, ERROR_INVALID_ARGS, "'/proc'");
}

/* Exchanges the folder and a symlink to the outside as fast as it goes, until it is killed. */
static pid_t swapper_new(const char *data, const char *name, const char *link)
{
        g_autofree char *one = g_build_filename(data, name, NULL), *other = g_build_filename(data, link, NULL);
        pid_t pid = fork();

        g_assert_no_errno(pid);
        if (pid > 0)
                return pid;
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
                (void) syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

static void swapper_end(pid_t pid)
{
        g_assert_no_errno(kill(pid, SIGKILL));
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

typedef struct Tally {
        unsigned made, refused;
} Tally;

/* Makes containers for some seconds. Whatever the selector led to, it was inside; whatever was made is inside. */
static void create_while_swapped(const char *more, int fd, Tally *tally)
{
        gint64 end = g_get_monotonic_time() + SWAP_SECONDS * G_TIME_SPAN_SECOND;

        while (g_get_monotonic_time() < end) {
                g_autoptr(Reply) reply =
                        client_receive(alice, container_new_send(alice, .more = more, .handles = HANDLES(fd)));

                if (reply->error) {
                        g_assert_cmpstr(reply->error, ==, ERROR_GANGWAY("MountFailed"));
                        tally->refused++;
                        continue;
                }
                Container *made = g_new0(Container, 1);
                g_autoptr(Container) container = made;
                g_autofree char *output = NULL;

                made->client = alice;
                g_variant_get(reply->body, "(o)", &made->path);
                (void) process_run(container, &output, .method = "Start",
                                   .script = "cat /sel/marker /data/dir/made/marker /data/up/marker 2>/dev/null");
                if (strstr(output, "outside"))
                        g_error("the outside was shown: %s", output);
                tally->made++;
        }
}

static void test_swapped(void)
{
        static const struct {
                const char *link, *more;
        } rows[] = {
                {"up", "[{'destination': <'/sel'>, 'source': <handle 1>, 'selector': <'dir/sub'>}]"},
                {"absolute", "[{'destination': <'/sel'>, 'source': <handle 1>, 'selector': <'dir/sub'>, 'read-only': "
                             "<true>}]"},
                {"up", "[{'destination': <'/data'>, 'source': <handle 1>, 'output': <true>},"
                       " {'destination': <'/data/dir/made'>, 'type': <'tmpfs'>}]"},
                {"absolute", "[{'destination': <'/data'>, 'source': <handle 1>, 'output': <true>},"
                             " {'destination': <'/data/dir/made/deep'>, 'type': <'tmpfs'>}]"},
                {"etc", "[{'destination': <'/data'>, 'source': <handle 1>},"
                        " {'destination': <'/data/dir/made'>}]"},
        };
        g_autofree char *top = pair_new(), *data = g_build_filename(top, "data", NULL), *before = world_snapshot();
        g_autofree char *outside = shell("find '%s/outside' /etc -printf '%%p %%y %%U\n' | sort", top);
        g_autofree char *mounts = shell("cut -d' ' -f4- /proc/1/mountinfo | sort");
        Tally all = {};

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                int fd = client_open(alice, data, O_PATH);
                pid_t swapper = swapper_new(data, "dir", rows[i].link);
                Tally tally = {};

                create_while_swapped(rows[i].more, fd, &tally);
                swapper_end(swapper);
                close_fd(&fd);
                g_test_message("%s: %u made, %u refused", rows[i].link, tally.made, tally.refused);
                all.made += tally.made;
                all.refused += tally.refused;
                /* The folder back where it was, and what was made in it away. */
                g_free(shell("cd '%s' && { test ! -L dir || { mv -T dir x && mv -T '%s' dir && mv -T x '%s'; }; } && "
                             "rm -rf dir/made outside",
                             data, rows[i].link, rows[i].link));
        }
        /* Both happened, or nothing was tried. */
        g_assert_cmpuint(all.made, >, 0);
        g_assert_cmpuint(all.refused, >, 0);
        g_autofree char *outside_after = shell("find '%s/outside' /etc -printf '%%p %%y %%U\n' | sort", top);
        g_autofree char *mounts_after = shell("cut -d' ' -f4- /proc/1/mountinfo | sort");
        g_assert_cmpstr(outside, ==, outside_after);
        g_assert_cmpstr(mounts, ==, mounts_after);
        world_assert_same(before);
}

/* Some mounts are made, one can't be: its error is the answer, and nothing is left of the others. */
static void test_failures_in_the_middle(void)
{
        static const struct {
                const char *mount, *error, *part;
        } rows[] = {
                {"{'destination': <'/m'>, 'source': <handle 1>, 'selector': <'nonesuch'>}",
                 ERROR_GANGWAY("MountFailed"),
                 "The mount at '/m' can't be made: failed to find what the selector 'nonesuch' names: No such file"},
                {"{'destination': <'/etc/passwd/m'>, 'type': <'tmpfs'>}", ERROR_GANGWAY("MountFailed"),
                 "The mount at '/etc/passwd/m' can't be made: failed to open or make its mount point: Not a directory"},
                {"{'destination': <'/etc/passwd'>, 'type': <'tmpfs'>}", ERROR_GANGWAY("MountFailed"),
                 "The mount at '/etc/passwd' can't be made"},
                {"{'destination': <'/etc'>, 'source': <handle 1>, 'selector': <'marker'>, 'read-only': <true>}",
                 ERROR_GANGWAY("MountFailed"), "failed to mount a file on a folder"},
                {"{'destination': <'/img/nonesuch'>, 'type': <'tmpfs'>}", ERROR_GANGWAY("MountFailed"),
                 "The mount at '/img/nonesuch' can't be made: failed to open or make its mount point: Read-only file"},
                {"{'destination': <'/m'>, 'host-path': <'/nonesuch/x'>}", ERROR_GANGWAY("MountFailed"),
                 "failed to open the host path '/nonesuch/x'"},
                {"{'destination': <'/m'>, 'host-path': <'/proc/sys'>}", ERROR_GANGWAY("MountFailed"),
                 "failed to map the ids of the folder"},
                {"{'destination': <'/m'>, 'image': <'nonesuch'>}", ERROR_GANGWAY("NoSuchImage"), "nonesuch"},
                {"{'destination': <'/img'>, 'image': <'base'>}", ERROR_INVALID_ARGS, "two mounts at '/img'"},
        };
        g_autofree char *top = pair_new(), *data = g_build_filename(top, "data", NULL), *before = NULL, *layer = NULL;
        int fd = client_open(client, data, O_PATH);

        image_of_root(-1, "base");
        layer = image_top_layer(-1, "base");
        before = world_snapshot();
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *more = g_strdup_printf(
                        "[{'destination': <'/zz'>, 'type': <'tmpfs'>}, {'destination': <'/a'>, 'source': <handle 1>},"
                        " {'destination': <'/b'>}, {'destination': <'/dev/c'>, 'type': <'tmpfs'>},"
                        " {'destination': <'/img'>, 'image': <'base'>, 'read-only': <true>},"
                        " {'destination': <'/key'>, 'type': <'secret'>, 'id': <'key'>}, %s]",
                        rows[i].mount);
                g_autoptr(Reply) reply =
                        container_new_fails(client, .name = "fails", .more = more, .handles = HANDLES(fd),
                                            .options = "{'secrets': <{'key': <[byte 1]>}>}");

                g_test_message("%s: %s", rows[i].mount, reply->message);
                assert_error(reply, rows[i].error, rows[i].part);
                world_assert_same(before);
                g_assert_cmpint(shell_status("flock -n -x " STORE_FOLDER "/layers/%s true", layer), ==, 0);
        }
        close_fd(&fd);
}

/* A caller that leaves while its mounts are made, and a release at once. */
static void test_given_back(void)
{
        g_autofree char *before = world_snapshot();

        for (int i = 0; i < 3; i++) {
                g_autoptr(Container) container = container_new(
                        alice, .more = "[{'destination': <'/a/b/c'>, 'type': <'tmpfs'>}, {'destination': <'/a/b'>},"
                                       " {'destination': <'/a'>}, {'destination': <'/dev/x'>}]");
                if (i == 1) {
                        g_autoptr(Process) init =
                                process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"));
                }
                container_release(container);
                world_assert_same(before);
        }
}

/* The folders that stay are there before anything is compared. */
static void prepare(void)
{
        g_autoptr(Container) container = container_new(alice);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/mount-paths/prepare", prepare},
                {"/mount-paths/selectors", test_selectors},
                {"/mount-paths/selected-file", test_selected_file},
                {"/mount-paths/destinations", test_destinations},
                {"/mount-paths/swapped", test_swapped},
                {"/mount-paths/failures-in-the-middle", test_failures_in_the_middle},
                {"/mount-paths/given-back", test_given_back},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
