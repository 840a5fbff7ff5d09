/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commits of a container that runs: the copy is of one moment, and afterwards the container is as it was, also where
 * the commit was cancelled, its helper killed, or the container released. To look at what happens during a copy, the
 * helper is stopped.
 */
#include "commit.h"
#include "files.h"

#include <signal.h>

#define BASE      "base"
#define CANCELLED ERROR_GANGWAY("Cancelled")

/* What there is to copy: enough for a helper to be met at its work. */
static const char fill[] = "for i in 1 2 3 4 5 6 7 8; do mkdir /$i; head -c 12000000 /dev/urandom > /$i/fill; done";

/* One writer counts in all folders, one after the other. */
static const char count[] = "i=0; while :; do i=$((i+1)); for d in 1 2 3 4 5 6 7 8; do echo $i > /$d/new; "
                            "mv /$d/new /$d/count; done; done";

static guint64 read_count(Container *container, guint folder)
{
        g_autofree char *path = g_strdup_printf("/%u/count", folder);
        int fd = files_open(container, 0, path);
        g_autofree char *text = read_text(fd, NULL);

        close_fd(&fd);
        return g_ascii_strtoull(text, NULL, 10);
}

typedef struct CountWait {
        Container *container;
        guint64 more_than;
} CountWait;

static gboolean has_counted(gpointer data)
{
        const CountWait *wait = data;

        return has_file(wait->container, "/8/count") && read_count(wait->container, 8) > wait->more_than;
}

static void wait_count(Container *container, guint64 more_than)
{
        CountWait wait = {container, more_than};

        wait_until(has_counted, &wait, "the writer goes on");
}

static void test_consistent(void)
{
        root_image_new(alice, BASE, NULL);
        g_autoptr(Container) container = container_of_image_started(alice, BASE);

        g_assert_cmpuint(process_run(container, NULL, .script = fill), ==, 0);
        g_autoptr(Process) writer = process_new(container, .script = count);
        wait_count(container, 0);
        for (guint round = 0; round < 3; round++) {
                g_autofree char *name = g_strdup_printf("round-%u", round);
                guint64 before = read_count(container, 8), first, last;

                commit(container, 0, name);
                g_autofree char *state = container_state(container);
                g_assert_cmpstr(state, ==, "running");
                g_autoptr(Container) shown = container_of_image(alice, name);
                first = last = read_count(shown, 1);
                for (guint i = 2; i <= 8; i++) {
                        guint64 next = read_count(shown, i);

                        g_assert_cmpuint(next, <=, last);
                        last = next;
                }
                g_assert_cmpuint(first - last, <=, 1);
                g_assert_cmpuint(last, >=, before);
                wait_count(container, first + 1);
        }
        container_release(container);
        images_clear();
}

/* A process of the store's helper, 0 where there is none. It looks without starting a program, since the copy takes no
 * longer than some of these. */
static pid_t find_helper(void)
{
        g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
        const char *name;

        while ((name = g_dir_read_name(processes))) {
                g_autofree char *path = g_strdup_printf("/proc/%s/comm", name), *comm = NULL;

                if (g_ascii_isdigit(*name) && g_file_get_contents(path, &comm, NULL, NULL) &&
                    g_str_equal(comm, "gangway-store\n"))
                        return (pid_t) g_ascii_strtoll(name, NULL, 10);
        }
        return 0;
}

static gboolean is_nobody_there(gpointer data)
{
        return find_helper() == 0;
}

/* Whether the process stands still; FALSE where it has ended before it could be stopped. */
static gboolean stop(pid_t pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);

        if (kill(pid, SIGSTOP) < 0)
                return FALSE;
        for (;;) {
                g_autofree char *stat = NULL;

                if (!g_file_get_contents(path, &stat, NULL, NULL) || strstr(stat, ") Z ") || strstr(stat, ") X "))
                        return FALSE;
                if (strstr(stat, ") T "))
                        return TRUE;
        }
}

typedef struct Stopped {
        Container *container;
        char *operation;
        pid_t helper;
} Stopped;

static gboolean try_to_stop(Stopped *stopped)
{
        g_autofree char *state = NULL;

        /* What an import has left to do is done by helpers, too. */
        wait_until(is_nobody_there, NULL, "no helper is at work");
        stopped->operation = commit_begin(stopped->container, 0, "result", NULL);
        for (stopped->helper = 0; stopped->helper == 0;) {
                g_clear_pointer(&state, g_free);
                state = client_property_string(stopped->container->client, stopped->operation, "State");
                if (!g_str_equal(state, "running"))
                        return FALSE;
                stopped->helper = find_helper();
        }
        return stop(stopped->helper);
}

/* A commit whose helper stands still in the middle of the copy. */
static void stopped_begin(Stopped *stopped, Client *caller, gboolean paused)
{
        root_image_new(caller, BASE, NULL);
        stopped->container = container_of_image_started(caller, BASE);
        g_assert_cmpuint(process_run(stopped->container, NULL, .script = fill), ==, 0);
        if (paused)
                g_variant_unref(client_call(caller, stopped->container->path, "Pause", NULL));
        /* It may be done before we look: then once more. */
        for (guint attempt = 0; !try_to_stop(stopped); attempt++) {
                g_assert_cmpuint(attempt, <, 20);
                g_variant_unref(operation_wait(caller, stopped->operation));
                g_clear_pointer(&stopped->operation, g_free);
                reply_free(image_remove(caller, "result", NULL));
        }
        g_autofree char *state = client_property_string(caller, stopped->operation, "State");
        g_assert_cmpstr(state, ==, "running");
        container_wait_state(stopped->container, "paused");
}

static void stopped_continue(Stopped *stopped)
{
        g_assert_no_errno(kill(stopped->helper, SIGCONT));
}

static void stopped_end(Stopped *stopped)
{
        container_free(stopped->container);
        g_free(stopped->operation);
        images_clear();
}

static void assert_state(Container *container, const char *expected)
{
        g_autofree char *state = container_state(container);

        g_assert_cmpstr(state, ==, expected);
}

static void assert_fine(Client *caller, guint32 serial)
{
        g_autoptr(Reply) reply = client_receive(caller, serial);

        g_assert_cmpstr(reply->message, ==, NULL);
}

/* What comes during the copy waits for its end; then the container goes on. */
static void test_waits(void)
{
        Stopped stopped;

        stopped_begin(&stopped, alice, FALSE);
        guint32 exec = process_send(stopped.container, .argv = ARGV("true"));
        guint32 resume = client_send(alice, stopped.container->path, "Resume", NULL);
        client_barrier(alice);
        g_assert_false(client_has_reply(alice, exec));
        g_assert_false(client_has_reply(alice, resume));
        assert_state(stopped.container, "paused");
        stopped_continue(&stopped);
        g_autoptr(GVariant) result = operation_wait(alice, stopped.operation);
        assert_fine(alice, resume);
        g_autoptr(Process) process = process_receive(alice, exec);
        g_assert_cmpuint(process_wait(stopped.container, process->id, NULL), ==, 0);
        assert_state(stopped.container, "running");
        stopped_end(&stopped);
}

/* One that its caller has paused stays so, whether before the commit or while it copies. */
static void test_stays_paused(void)
{
        for (guint i = 0; i < 2; i++) {
                Stopped stopped;

                stopped_begin(&stopped, alice, i == 0);
                guint32 early = process_send(stopped.container, .argv = ARGV("true"));
                if (i == 1)
                        g_variant_unref(client_call(alice, stopped.container->path, "Pause", NULL));
                stopped_continue(&stopped);
                g_autoptr(GVariant) result = operation_wait(alice, stopped.operation);
                assert_state(stopped.container, "paused");
                g_autoptr(Reply) refused = process_fails(stopped.container, .argv = ARGV("true"));
                assert_error(refused, ERROR_GANGWAY("Paused"), "Resume");
                if (i == 0) {
                        g_autoptr(Reply) at_once = client_receive(alice, early);
                        assert_error(at_once, ERROR_GANGWAY("Paused"), "Resume");
                } else {
                        g_assert_false(client_has_reply(alice, early));
                }
                g_variant_unref(client_call(alice, stopped.container->path, "Resume", NULL));
                assert_state(stopped.container, "running");
                if (i == 1)
                        assert_fine(alice, early);
                stopped_end(&stopped);
        }
}

/* Ends the helper's work in some way, and sees that the container goes on and nothing is left. */
static void test_fails(void)
{
        for (guint i = 0; i < 2; i++) {
                Stopped stopped;

                stopped_begin(&stopped, alice, FALSE);
                if (i == 0) {
                        guint32 cancel = client_send(alice, stopped.operation, "Cancel", NULL);
                        client_barrier(alice);
                        stopped_continue(&stopped);
                        assert_fine(alice, cancel);
                        reply_free(operation_wait_fails(alice, stopped.operation, CANCELLED, NULL));
                } else {
                        g_assert_no_errno(kill(stopped.helper, SIGKILL));
                        g_autoptr(Reply) reply = client_try(alice, stopped.operation, "Wait", NULL);
                        g_assert_nonnull(reply->error);
                }
                assert_state(stopped.container, "running");
                g_assert_cmpuint(process_run(stopped.container, NULL, .script = "echo x > /x"), ==, 0);
                g_autofree char *images = image_list(alice),
                                *expected = g_strdup_printf(" %u/" BASE, client_uid(alice));
                g_assert_cmpstr(images, ==, expected);
                commit(stopped.container, 0, "result");
                reply_free(image_remove(alice, "result", NULL));
                stopped_end(&stopped);
        }
}

static gboolean is_gone(gpointer unit)
{
        return shell_status("systemctl --quiet is-active '%s'", (const char *) unit) != 0;
}

/* A release does not wait for the copy, which is cancelled, and waits for what has to be cleared away. Further ones
 * that wait behind it end with it. */
static void test_release(void)
{
        g_autofree char *before = NULL;
        Stopped stopped;

        root_image_new(alice, BASE, NULL);
        container_free(container_of_image(alice, BASE));
        images_clear();
        before = world_snapshot();
        stopped_begin(&stopped, alice, FALSE);
        g_autofree char *unit = container_unit(stopped.container);
        g_autofree char *second = commit_begin(stopped.container, 0, "second", NULL);
        guint32 resume = client_send(alice, stopped.container->path, "Resume", NULL);
        guint32 exec = process_send(stopped.container, .argv = ARGV("true"));
        guint32 release = client_send(alice, stopped.container->path, "Release", NULL);
        reply_free(operation_wait_fails(alice, second, CANCELLED, NULL));
        g_autoptr(Reply) resumed = client_receive(alice, resume), started = client_receive(alice, exec);
        assert_error(resumed, ERROR_GANGWAY("NotRunning"), "released");
        assert_error(started, ERROR_GANGWAY("NotRunning"), "released");
        commit_fails(alice, stopped.container, 0, "third", NULL, ERROR_GANGWAY("NotRunning"), "released");
        wait_until(is_gone, unit, "the scope is gone");
        /* Now all is done but for the helper. */
        for (guint i = 0; i < 200; i++)
                client_barrier(alice);
        g_assert_false(client_has_reply(alice, release));
        stopped_continue(&stopped);
        assert_fine(alice, release);
        reply_free(operation_wait_fails(alice, stopped.operation, CANCELLED, NULL));
        stopped.container->released = TRUE;
        stopped_end(&stopped);
        world_wait_same(before);
}

/* PID 1 may be killed in the pause: then there is nothing to resume. */
static void test_killed_meanwhile(void)
{
        Stopped stopped;

        stopped_begin(&stopped, alice, FALSE);
        guint32 exec = process_send(stopped.container, .argv = ARGV("true"));
        process_signal(stopped.container, "init", "KILL", "");
        (void) process_wait(stopped.container, "init", NULL);
        assert_state(stopped.container, "exited");
        stopped_continue(&stopped);
        g_autoptr(GVariant) result = operation_wait(alice, stopped.operation);
        g_autoptr(Reply) started = client_receive(alice, exec);
        assert_error(started, ERROR_GANGWAY("NotRunning"), NULL);
        assert_state(stopped.container, "exited");
        stopped_end(&stopped);
}

/* Two at once are done one after the other; a first Start waits for a commit, and one that comes while it starts waits
 * for the start. */
static void test_in_turn(void)
{
        root_image_new(alice, BASE, NULL);
        g_autoptr(Container) container = container_of_image(alice, BASE);
        g_autofree char *one = commit_begin(container, 0, "one", NULL);
        guint32 start = process_send(container, .method = "Start", .script = "echo x > /x; exec sleep 1000");
        g_autofree char *two = commit_begin(container, 0, "two", NULL),
                        *three = commit_begin(container, 0, "three", NULL);
        g_autoptr(Process) init = process_receive(alice, start);

        g_variant_unref(operation_wait(alice, three));
        g_variant_unref(operation_wait(alice, two));
        g_variant_unref(operation_wait(alice, one));
        assert_state(container, "running");
        g_autoptr(Container) shown = container_of_image(alice, "one");
        g_assert_false(has_file(shown, "/x"));
        container_release(shown);
        container_release(container);
        images_clear();
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/commit-pause/consistent", test_consistent},
                {"/commit-pause/waits", test_waits},
                {"/commit-pause/stays-paused", test_stays_paused},
                {"/commit-pause/fails", test_fails},
                {"/commit-pause/release", test_release},
                {"/commit-pause/killed-meanwhile", test_killed_meanwhile},
                {"/commit-pause/in-turn", test_in_turn},
        };

        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
