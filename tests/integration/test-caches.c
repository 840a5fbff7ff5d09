/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cache mounts: who gets which folder, who has to wait and how a wait ends, and that what one container writes is what
 * a later one with other ids reads.
 */
#include "layers.h"

#define CACHE(id, sharing, path)                                                                                       \
        "{'type': <'cache'>, 'id': <'" id "'>, 'sharing': <'" sharing "'>, 'destination': <'" path "'>}"
#define ONE(id, sharing) "[" CACHE(id, sharing, "/c") "]"

static void run(Container *container, const char *script)
{
        g_autofree char *output = NULL;
        guint code = process_run(container, &output, .script = script);

        if (code != 0)
                g_error("%s ended with %u: %s", script, code, output);
}

static char *read_of(Container *container, const char *script)
{
        char *output = NULL;

        process_run(container, &output, .script = script);
        return output;
}

static void assert_reads(Container *container, const char *script, const char *expected)
{
        g_autofree char *output = read_of(container, script);
        g_assert_cmpstr(output, ==, expected);
}

/* The number of folders of caches in the store. */
static guint count_folders(void)
{
        g_autofree char *count = shell("ls " STORE_FOLDER "/caches 2>/dev/null | wc -l");
        return (guint) g_ascii_strtoull(count, NULL, 10);
}

static void test_shared(void)
{
        guint before = count_folders();
        g_autoptr(Container) one = container_new_started(alice, .more = ONE("shared", "shared"));
        g_autoptr(Container) other = container_new_started(alice, .more = ONE("shared", "shared"));

        run(one, "echo of-one > /c/file && mkdir /c/folder && chown 1000:1001 /c/folder && chmod 2750 /c/folder");
        assert_reads(other, "cat /c/file; stat -c '%u:%g %a' /c /c/file /c/folder",
                     "of-one\n0:0 755\n0:0 644\n1000:1001 2750");
        run(other, "echo of-other >> /c/file");
        container_release(one);
        /* Its block of ids may be the next one's; this one's is another. */
        g_autoptr(Container) third = container_new_started(alice, .more = ONE("shared", "shared"));
        container_release(other);
        g_autoptr(Container) fourth = container_new_started(alice, .more = ONE("shared", "shared"));
        assert_reads(third, "cat /c/file", "of-one\nof-other");
        assert_reads(fourth, "cat /c/file; stat -c '%u:%g %a' /c/folder; test -w /c/file && echo writable",
                     "of-one\nof-other\n1000:1001 2750\nwritable");
        g_assert_cmpuint(count_folders(), ==, before + 1);
}

static void test_private(void)
{
        guint before = count_folders();
        g_autoptr(Container) one = container_new_started(alice, .more = ONE("private", "private"));
        g_autoptr(Container) other = container_new_started(alice, .more = ONE("private", "private"));

        run(one, "echo one > /c/who");
        run(other, "test ! -e /c/who && echo other > /c/who");
        assert_reads(one, "cat /c/who", "one");
        container_release(one);
        g_autoptr(Container) third = container_new_started(alice, .more = ONE("private", "private"));
        assert_reads(third, "cat /c/who", "one");
        g_assert_cmpuint(count_folders(), ==, before + 2);
}

static void assert_waits(Client *caller, guint32 serial)
{
        client_barrier(caller);
        g_assert_false(client_has_reply(caller, serial));
}

static void test_locked_in_order(void)
{
        g_autoptr(Container) first = container_new_started(alice, .name = "l1", .more = ONE("locked", "locked"));
        guint32 second_call = container_new_send(alice, .name = "l2", .more = ONE("locked", "locked"));
        guint32 third_call = container_new_send(alice, .name = "l3", .more = ONE("locked", "locked"));

        run(first, "echo first >> /c/order");
        assert_waits(alice, second_call);
        assert_waits(alice, third_call);
        container_release(first);
        g_autoptr(Container) second = container_receive(alice, second_call);
        g_autoptr(Process) init =
                process_new(second, .method = "Start", .argv = ARGV("sleep", "1000"), .options = "{'id': <'init'>}");
        run(second, "echo second >> /c/order");
        assert_waits(alice, third_call);
        container_release(second);
        g_autoptr(Container) third = container_receive(alice, third_call);
        g_autoptr(Process) third_init =
                process_new(third, .method = "Start", .argv = ARGV("sleep", "1000"), .options = "{'id': <'init'>}");
        assert_reads(third, "cat /c/order", "first\nsecond");
}

/* A container that waits is there, and can do nothing yet. */
static void test_shown_while_it_waits(void)
{
        static const char path[] = GANGWAY_CONTAINER_PATH "5001/waits";
        g_autoptr(GVariant) subscribed = client_call(client, GANGWAY_PATH, "Subscribe", NULL);
        g_autoptr(Container) holder = container_new(alice, .more = ONE("shown", "locked"));
        guint32 call = container_new_send(alice, .name = "waits", .more = ONE("shown", "locked"));
        Container waiting = {alice, (char *) path, TRUE};

        g_autoptr(GVariant) new = client_wait_signal(alice, GANGWAY_PATH, "ContainerNew", "waits", NULL);
        g_autofree char *state = container_state(&waiting), *unit = container_unit(&waiting);
        g_assert_cmpstr(state, ==, "creating");
        g_autoptr(Reply) start = process_fails(&waiting, .method = "Start", .script = "true");
        assert_error(start, ERROR_GANGWAY("NotStarted"), "'waits'");
        g_autoptr(Reply) pause = client_try(alice, path, "Pause", NULL);
        assert_error(pause, ERROR_GANGWAY("NotStarted"), "'waits'");
        g_assert_cmpint(shell_status("systemctl --quiet is-active '%s'", unit), !=, 0);
        g_autoptr(Reply) twice = container_new_fails(alice, .name = "waits");
        assert_error(twice, ERROR_GANGWAY("ContainerExists"), "'waits'");

        container_release(holder);
        g_autoptr(Container) made = container_receive(alice, call);
        g_autofree char *later = container_state(made);
        g_assert_cmpstr(later, ==, "created");
        g_assert_cmpuint(client_count_signals(client, GANGWAY_PATH, "ContainerNew", "waits"), ==, 1);
        g_autoptr(GVariant) unsubscribed = client_call(client, GANGWAY_PATH, "Unsubscribe", NULL);
}

static void test_release_ends_the_wait(void)
{
        static const char path[] = GANGWAY_CONTAINER_PATH "5001/ends";
        g_autoptr(Container) holder = container_new(alice, .more = ONE("released", "locked"));
        g_autofree char *before = world_snapshot();
        guint32 call = container_new_send(alice, .name = "ends", .more = ONE("released", "locked"));
        guint32 next_call = container_new_send(alice, .name = "next", .more = ONE("released", "locked"));

        g_autoptr(GVariant) new = client_wait_signal(alice, GANGWAY_PATH, "ContainerNew", "next", NULL);
        g_autoptr(GVariant) released = client_call(alice, path, "Release", NULL);
        g_autoptr(Reply) reply = client_receive(alice, call);
        assert_error(reply, ERROR_GANGWAY("Cancelled"), "'ends'");
        g_autoptr(GVariant) removed = client_wait_signal(alice, GANGWAY_PATH, "ContainerRemoved", "ends", NULL);
        assert_waits(alice, next_call);
        g_autoptr(GVariant) next_released = client_call(client, GANGWAY_CONTAINER_PATH "5001/next", "Release", NULL);
        g_autoptr(Reply) next = client_receive(alice, next_call);
        assert_error(next, ERROR_GANGWAY("Cancelled"), "'next'");
        world_assert_same(before);
}

static gboolean has_no_container(gpointer path)
{
        g_autoptr(Reply) reply = client_try(client, path, "Wait", g_variant_new("(s)", "x"));
        return g_strcmp0(reply->error, ERROR_NO_SUCH_CONTAINER) == 0;
}

static void test_caller_leaves(void)
{
        g_autoptr(Container) holder = container_new(alice, .more = ONE("left", "locked"));
        Client *second = client_new("alice");

        container_new_send(second, .name = "leaves", .more = ONE("left", "locked"));
        g_autoptr(GVariant) new = client_wait_signal(second, GANGWAY_PATH, "ContainerNew", "leaves", NULL);
        guint32 call = container_new_send(alice, .name = "stays", .more = ONE("left", "locked"));
        assert_waits(alice, call);
        client_free(second);
        wait_until(has_no_container, (gpointer) (GANGWAY_CONTAINER_PATH "5001/leaves"), "the container goes");
        assert_waits(alice, call);
        container_release(holder);
        g_autoptr(Container) stays = container_receive(alice, call);
}

/* A stop of the daemon is an answer, too. */
static void test_daemon_stops(void)
{
        g_autoptr(Container) holder = container_new(alice, .more = ONE("stopped", "locked"));
        guint32 call = container_new_send(alice, .name = "stops", .more = ONE("stopped", "locked"));
        g_autoptr(GVariant) new = client_wait_signal(alice, GANGWAY_PATH, "ContainerNew", "stops", NULL);

        daemon_restart();
        holder->released = TRUE;
        g_autoptr(Reply) reply = client_receive(alice, call);
        assert_error(reply, ERROR_GANGWAY("Cancelled"), "'stops'");
        g_autoptr(Container) later = container_new(alice, .more = ONE("stopped", "locked"));
}

static gboolean is_another_daemon(gpointer old)
{
        pid_t pid = daemon_pid();
        return pid != 0 && pid != *(pid_t *) old && shell_status("systemctl --quiet is-active gangwayd.service") == 0;
}

/* What a daemon that was killed had held is free for the next one. */
static void test_daemon_is_killed(void)
{
        guint before = count_folders();
        pid_t old = daemon_pid();
        g_autoptr(Container) holder = container_new_started(alice, .more = ONE("killed", "private"));

        run(holder, "echo kept > /c/file");
        g_assert_no_errno(kill(old, SIGKILL));
        wait_until(is_another_daemon, &old, "a new daemon is there");
        holder->released = TRUE;
        g_autoptr(Container) later = container_new_started(alice, .more = ONE("killed", "private"));
        assert_reads(later, "cat /c/file", "kept");
        g_assert_cmpuint(count_folders(), ==, before + 1);
}

static void test_same_cache_twice(void)
{
        g_autoptr(Container) container = container_new_started(
                alice, .more = "[" CACHE("twice", "shared", "/a") ", " CACHE("twice", "locked", "/b") ", " CACHE(
                               "twice", "private", "/deep/c") "]");

        run(container, "echo same > /a/file && test \"$(cat /b/file)\" = same && test \"$(cat /deep/c/file)\" = same");
        /* One of them wanted it locked. */
        guint32 call = container_new_send(alice, .name = "next", .more = ONE("twice", "locked"));
        assert_waits(alice, call);
        container_release(container);
        g_autoptr(Container) next = container_receive(alice, call);
}

static void test_owners_and_ids_are_apart(void)
{
        g_autoptr(Container) hers = container_new_started(alice, .more = ONE("apart", "locked"));
        g_autoptr(Container) his = container_new_started(bob, .more = ONE("apart", "locked"));
        g_autoptr(Container) other = container_new_started(alice, .more = ONE("apart2", "locked"));

        run(hers, "echo hers > /c/file");
        run(his, "test ! -e /c/file");
        run(other, "test ! -e /c/file");
}

static void test_read_only(void)
{
        g_autoptr(Container) writer = container_new_started(alice, .more = ONE("ro", "shared"));
        g_autoptr(Container) reader = container_new_started(
                alice, .more = "[{'type': <'cache'>, 'id': <'ro'>, 'destination': <'/c'>, 'read-only': <true>}]");

        run(writer, "echo text > /c/file");
        assert_reads(reader, "cat /c/file", "text");
        run(reader, "! echo x > /c/new && ! mount -o remount,bind,rw /c && ! rm /c/file");
}

static void test_selector(void)
{
        g_autoptr(Container) writer = container_new_started(alice, .more = ONE("part", "shared"));

        run(writer, "mkdir -p /c/sub/sub && echo part > /c/sub/sub/file");
        g_autoptr(Container) reader = container_new_started(
                alice, .more = "[{'type': <'cache'>, 'id': <'part'>, 'destination': <'/c'>, 'selector': <'sub/sub'>}]");
        assert_reads(reader, "cat /c/file", "part");
        run(reader, "echo more >> /c/file");
        assert_reads(writer, "cat /c/sub/sub/file", "part\nmore");
}

/* A sandboxed container and one with the host's ids see the same owners. */
static void test_insecure(void)
{
        g_autoptr(Container) sandbox = container_new_started(client, .more = ONE("ids", "shared"));
        g_autoptr(Container) insecure = container_new_started(client, .more = ONE("ids", "shared"),
                                                              .options = "{'security-mode': <'insecure'>}");

        run(sandbox, "touch /c/a && chown 12:34 /c/a");
        run(insecure, "touch /c/b && chown 56:78 /c/b");
        assert_reads(insecure, "stat -c %u:%g /c/a", "12:34");
        assert_reads(sandbox, "stat -c %u:%g /c/b", "56:78");
}

static void prune(void)
{
        g_autofree char *path = NULL;
        g_autoptr(GVariant) body = client_call(alice, GANGWAY_PATH, "Prune", g_variant_new_parsed("(@a{sv} {},)"));

        g_variant_get(body, "(o)", &path);
        g_autoptr(GVariant) result = client_call_to(alice, GANGWAY_NAME, path, "org.gangway1.Operation", "Wait", NULL);
}

#define SEEDED(id, path) "{'type': <'cache'>, 'id': <'" id "'>, 'image': <'seed'>, 'destination': <'" path "'>}"

/* The image is what a cache begins with, and no more: what is written stays in the cache, and the cache is another one
 * for another image. */
static void use_seed(void)
{
        layer_add(5001, "seed", LAYER_BASE,
                  "mkdir -p d/gone; echo base > d/file; echo hidden > d/hidden; ln d/file link; own 1000 1001 d/file; "
                  "chmod 4750 d/file; ln -s d/file symlink; mknod fifo p");
        /* A layer that a container committed, with ids of its own. */
        layer_add(5001, "seed", LAYER_BASE + 65536 * 7,
                  "mkdir d; hide d/hidden; echo top > top; own 1000 1001 top; mkdir d/gone; opaque d/gone");
        guint before = count_folders();
        g_autoptr(Container) first =
                container_new_started(alice, .more = "[" SEEDED("s", "/c") ", " CACHE("s", "shared", "/plain") "]");

        assert_reads(first,
                     "cat /c/d/file /c/top; stat -c '%u:%g %a %h' /c/d/file /c/top; readlink /c/symlink; "
                     "stat -c %F /c/fifo; ls /c/d /plain",
                     "base\ntop\n1000:1001 4750 2\n1000:1001 644 1\nd/file\nfifo\n/c/d:\nfile\ngone\n\n/plain:");
        run(first, "echo written >> /c/top && rm /c/d/file");
        container_release(first);
        g_assert_cmpuint(count_folders(), ==, before + 2);

        g_autoptr(Container) second = container_new_started(alice, .more = "[" SEEDED("s", "/c") "]");
        assert_reads(second, "cat /c/top; test -e /c/d/file || echo gone", "top\nwritten\ngone");
        g_autoptr(Container) other = container_new_started(alice, .more = "[" SEEDED("other", "/c") "]");
        assert_reads(other, "cat /c/top /c/d/file", "top\nbase");

        layer_add(5001, "seed", LAYER_BASE, "echo newer > top");
        g_autoptr(Container) newer = container_new_started(alice, .more = "[" SEEDED("s", "/c") "]");
        assert_reads(newer, "cat /c/top", "newer");
        image_drop(5001, "seed");
        g_autoptr(Reply) none = container_new_fails(alice, .more = "[" SEEDED("s", "/c") "]");
        assert_error(none, ERROR_GANGWAY("NoSuchImage"), "'seed'");
}

static void test_seed(void)
{
        use_seed();
        /* The caches keep the layers of an image that is gone; others count those. */
        prune();
}

static void test_prune(void)
{
        g_autoptr(Container) held = container_new_started(alice, .more = ONE("prune-held", "shared"));
        {
                g_autoptr(Container) free = container_new_started(alice, .more = ONE("prune-free", "shared"));
                run(free, "echo x > /c/file");
        }
        run(held, "echo kept > /c/file");
        prune();
        g_autoptr(Container) again = container_new_started(alice, .more = ONE("prune-free", "shared"));
        run(again, "test ! -e /c/file");
        assert_reads(held, "cat /c/file", "kept");
        g_autoptr(Container) shares = container_new_started(alice, .more = ONE("prune-held", "shared"));
        assert_reads(shares, "cat /c/file", "kept");
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/caches/shared", test_shared},
                {"/caches/private", test_private},
                {"/caches/locked-in-order", test_locked_in_order},
                {"/caches/shown-while-it-waits", test_shown_while_it_waits},
                {"/caches/release-ends-the-wait", test_release_ends_the_wait},
                {"/caches/caller-leaves", test_caller_leaves},
                {"/caches/daemon-stops", test_daemon_stops},
                {"/caches/daemon-is-killed", test_daemon_is_killed},
                {"/caches/same-cache-twice", test_same_cache_twice},
                {"/caches/owners-and-ids-are-apart", test_owners_and_ids_are_apart},
                {"/caches/read-only", test_read_only},
                {"/caches/selector", test_selector},
                {"/caches/insecure", test_insecure},
                {"/caches/prune", test_prune},
                {"/caches/seed", test_seed},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
