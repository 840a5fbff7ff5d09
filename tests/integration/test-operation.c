/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Operations, with imports as the example: who is told what and in which order, who may see them, how they end.
 */
#include "images.h"

static char *state_of(Client *caller, const char *path)
{
        return client_property_string(caller, path, "State");
}

static guint position_of_finished(Client *caller, const char *path, char **ret_error)
{
        guint position = 0;
        g_autoptr(GVariant) body = client_wait_signal(caller, path, "Finished", NULL, &position);

        g_variant_get(body, "(@a{sv}ss)", NULL, ret_error, NULL);
        return position;
}

/* Also where it ends at once. */
static void test_reply_before_signals(void)
{
        int good = client_open(alice, archive_shared(), O_RDONLY), bad = client_open(alice, "/etc/passwd", O_RDONLY);

        for (int i = 0; i < 10; i++) {
                g_autoptr(Reply) reply =
                        client_receive(alice, image_import_send(alice, "order", i % 2 ? bad : good, NULL));
                g_autofree char *path = NULL, *error = NULL, *state = NULL;
                guint first = 0;

                g_variant_get(reply->body, "(o)", &path);
                guint finished = position_of_finished(alice, path, &error);
                g_assert_cmpstr(error, ==, i % 2 ? ERROR_GANGWAY("InvalidImage") : "");
                g_object_unref(client_wait_message(alice, G_DBUS_MESSAGE_TYPE_SIGNAL, path, NULL, NULL, &first));
                g_assert_cmpuint(reply->position, <, first);
                g_assert_cmpuint(first, <, finished);
                client_barrier(alice);
                g_assert_cmpuint(client_count_signals(alice, path, "Finished", NULL), ==, 1);
                state = state_of(alice, path);
                g_assert_cmpstr(state, ==, i % 2 ? "failed" : "done");
                /* One position in the file for both sides of the fd: the next import must not start at its end. */
                g_assert_cmpint(lseek(good, 0, SEEK_SET), ==, 0);
        }
        close_fd(&good);
        close_fd(&bad);
        images_clear();
}

static void test_properties(void)
{
        g_autoptr(SlowImport) import = slow_import_new(alice, "slow");
        g_autofree char *kind = client_property_string(alice, import->path, "Kind"), *error = NULL;
        g_autofree char *state = state_of(alice, import->path), *end = NULL;
        g_autoptr(GVariant) owner = client_property(alice, import->path, "Owner");
        guint64 done, total;

        g_assert_cmpstr(kind, ==, "import");
        g_assert_cmpstr(state, ==, "running");
        g_assert_cmpuint(g_variant_get_uint32(owner), ==, client_uid(alice));
        slow_import_end(import);
        position_of_finished(alice, import->path, &error);
        g_assert_cmpstr(error, ==, "");
        end = state_of(alice, import->path);
        g_assert_cmpstr(end, ==, "done");
        g_autoptr(GVariant) progress = client_property(alice, import->path, "Progress");
        g_variant_get(progress, "(tt)", &done, &total);
        g_test_message("progress %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, done, total);
        images_clear();
}

/* The archive comes through a pipe in pieces, for a second: there is progress, and not too much of it. */
static void test_progress(void)
{
        g_autofree char *archive = archive_new("head -c 30000000 /dev/zero >zeros");
        int ends[2], file = client_open(client, archive, O_RDONLY);
        g_autofree char *buffer = g_malloc(300000), *error = NULL;
        gint64 start = g_get_monotonic_time(), duration;
        gssize size;

        make_pipe(ends);
        g_autofree char *path = image_import(alice, "zeros", ends[0], NULL);
        close_fd(&ends[0]);
        while ((size = read(file, buffer, 300000)) > 0) {
                for (gssize done = 0; done < size;) {
                        gssize n = write(ends[1], buffer + done, (gsize) (size - done));
                        g_assert_cmpint(n, >, 0);
                        done += n;
                }
                g_usleep(10000); /* as fast as a line would be */
        }
        close_fd(&ends[1]);
        close_fd(&file);
        position_of_finished(alice, path, &error);
        duration = g_get_monotonic_time() - start;
        client_barrier(alice);
        guint signals = client_count_signals(alice, path, "PropertiesChanged", NULL);
        g_test_message("%u changes in %" G_GINT64_FORMAT " ms", signals, duration / 1000);
        g_assert_cmpstr(error, ==, "");
        g_assert_cmpuint(signals, >=, 2);
        g_assert_cmpuint(signals, <=, 3 + (guint) (duration / 100000));
        images_clear();
}

static void test_many_wait(void)
{
        g_autoptr(SlowImport) import = slow_import_new(alice, "waited-for");
        guint32 serials[10];

        for (size_t i = 0; i < G_N_ELEMENTS(serials); i++)
                serials[i] = client_send(alice, import->path, "Wait", NULL);
        client_barrier(alice);
        g_assert_false(client_has_reply(alice, serials[0]));
        slow_import_end(import);
        for (size_t i = 0; i < G_N_ELEMENTS(serials); i++) {
                g_autoptr(Reply) reply = client_receive(alice, serials[i]);
                g_autoptr(GVariant) result = NULL;
                const char *name;

                g_assert_cmpstr(reply->message, ==, NULL);
                g_variant_get(reply->body, "(@a{sv})", &result);
                g_assert_true(g_variant_lookup(result, "image", "&s", &name));
                g_assert_cmpstr(name, ==, "waited-for");
        }
        images_clear();
}

static void test_cancel(void)
{
        g_autofree char *before = world_snapshot();
        g_autoptr(SlowImport) import = slow_import_new(alice, "unwanted");
        guint32 wait = client_send(alice, import->path, "Wait", NULL);
        g_autofree char *error = NULL, *list = NULL, *state = NULL;

        g_variant_unref(client_call(alice, import->path, "Cancel", NULL));
        world_assert_same(before);
        g_autoptr(Reply) reply = client_receive(alice, wait);
        assert_error(reply, ERROR_GANGWAY("Cancelled"), NULL);
        position_of_finished(alice, import->path, &error);
        g_assert_cmpstr(error, ==, ERROR_GANGWAY("Cancelled"));
        state = state_of(alice, import->path);
        g_assert_cmpstr(state, ==, "cancelled");
        list = image_list(alice);
        g_assert_cmpstr(list, ==, "");
        /* Again, and afterwards: nothing to do, and no error. */
        g_variant_unref(client_call(alice, import->path, "Cancel", NULL));
        reply_free(operation_wait_fails(alice, import->path, ERROR_GANGWAY("Cancelled"), NULL));
        g_assert_cmpuint(client_count_signals(alice, import->path, "Finished", NULL), ==, 1);
}

static void test_cancel_when_done(void)
{
        g_autoptr(SlowImport) import = slow_import_new(alice, "wanted");
        g_autofree char *state = NULL;

        slow_import_end(import);
        g_variant_unref(operation_wait(alice, import->path));
        g_variant_unref(client_call(alice, import->path, "Cancel", NULL));
        state = state_of(alice, import->path);
        g_assert_cmpstr(state, ==, "done");
        images_clear();
}

/* For another user it is as one that never was, by every way to it. */
static void test_others(void)
{
        g_autoptr(Client) subscriber = client_new("bob"), root = client_new(NULL);
        g_variant_unref(client_call(subscriber, GANGWAY_PATH, "Subscribe", NULL));
        g_variant_unref(client_call(root, GANGWAY_PATH, "Subscribe", NULL));
        g_autoptr(SlowImport) import = slow_import_new(alice, "hers");
        const char *paths[] = {import->path, GANGWAY_OPERATION_PATH "999999"};

        for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
                g_autofree char *wait =
                        client_call_fails(bob, paths[i], "Wait", NULL, ERROR_GANGWAY("NoSuchOperation"));
                g_autofree char *cancel =
                        client_call_fails(bob, paths[i], "Cancel", NULL, ERROR_GANGWAY("NoSuchOperation"));
                g_autoptr(Reply) property = client_receive(
                        bob, client_send_to(bob, GANGWAY_NAME, paths[i], "org.freedesktop.DBus.Properties", "GetAll",
                                            g_variant_new("(s)", "org.gangway1.Operation"), NULL,
                                            G_DBUS_MESSAGE_FLAGS_NONE));
                g_assert_cmpstr(property->error, ==, ERROR_UNKNOWN_OBJECT);
                g_test_message("%s", wait);
        }
        g_autoptr(GVariant) nodes = client_call_to(bob, GANGWAY_NAME, "/org/gangway1/operation",
                                                   "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
        const char *xml;
        g_variant_get(nodes, "(&s)", &xml);
        g_assert_null(strstr(xml, strrchr(import->path, '/') + 1));
        g_autofree char *state = state_of(root, import->path);
        g_assert_cmpstr(state, ==, "running");

        slow_import_end(import);
        g_autofree char *error = NULL;
        position_of_finished(root, import->path, &error);
        g_assert_cmpstr(error, ==, "");
        client_barrier(subscriber);
        g_assert_cmpuint(client_count_signals(subscriber, import->path, NULL, NULL), ==, 0);
        images_clear();
}

/* What polkit grants for a call holds for that call. */
static void test_manage_others(void)
{
        g_autoptr(SlowImport) import = slow_import_new(alice, "hers");

        polkit_rules(POLKIT_USUAL "if (action.id == 'org.gangway1.manage-others' && subject.user == 'bob' && "
                                  "action.lookup('operation') && action.lookup('method') == 'Cancel') return "
                                  "polkit.Result.YES;");
        g_free(client_call_fails(bob, import->path, "Wait", NULL, ERROR_GANGWAY("NoSuchOperation")));
        g_variant_unref(client_call(bob, import->path, "Cancel", NULL));
        reply_free(operation_wait_fails(alice, import->path, ERROR_GANGWAY("Cancelled"), NULL));
        polkit_rules(POLKIT_USUAL);
}

static void test_caller_leaves(void)
{
        g_autoptr(Client) caller = client_new("alice");
        g_autoptr(SlowImport) import = slow_import_new(caller, "left-behind");
        g_autofree char *list = NULL;

        g_clear_pointer(&caller, client_free);
        client_barrier(alice);
        slow_import_end(import);
        g_variant_unref(operation_wait(alice, import->path));
        list = image_list(alice);
        g_assert_cmpstr(list, ==, " 5001/left-behind");
        images_clear();
}

static void test_limits(void)
{
        SlowImport *imports[8];
        int fd = client_open(alice, archive_shared(), O_RDONLY);

        for (size_t i = 0; i < G_N_ELEMENTS(imports); i++)
                imports[i] = slow_import_new(alice, "many");
        g_autoptr(Reply) reply = image_import_fails(alice, "one-more", fd, NULL);
        assert_error(reply, ERROR_LIMITS_EXCEEDED, "5001");
        image_new(bob, "his", NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(imports); i++) {
                slow_import_end(imports[i]);
                g_variant_unref(operation_wait(alice, imports[i]->path));
                slow_import_free(imports[i]);
        }
        image_new(alice, "one-more", NULL);
        close_fd(&fd);
        images_clear();
}

static void test_kept(void)
{
        g_autofree char *first = NULL, *second = NULL;
        int fd = client_open(alice, "/etc/passwd", O_RDONLY);

        for (int i = 0; i < 33; i++) {
                g_autofree char *path = image_import(alice, "bad", fd, NULL);
                reply_free(operation_wait_fails(alice, path, ERROR_GANGWAY("InvalidImage"), NULL));
                if (i == 0)
                        first = g_steal_pointer(&path);
                else if (i == 1)
                        second = g_steal_pointer(&path);
        }
        close_fd(&fd);
        g_free(client_call_fails(alice, first, "Wait", NULL, ERROR_GANGWAY("NoSuchOperation")));
        reply_free(operation_wait_fails(alice, second, ERROR_GANGWAY("InvalidImage"), NULL));
}

static void test_daemon_stops(void)
{
        g_autofree char *before = fresh_snapshot(), *list = NULL;
        g_autoptr(SlowImport) import = slow_import_new(alice, "stopped");
        guint32 wait = client_send(alice, import->path, "Wait", NULL);

        client_barrier(alice);
        g_free(shell("systemctl stop gangwayd.service"));
        g_autoptr(Reply) reply = client_receive(alice, wait);
        assert_error(reply, ERROR_GANGWAY("Cancelled"), NULL);
        list = image_list(client);
        g_assert_cmpstr(list, ==, "");
        world_wait_same(before);
        g_free(client_call_fails(alice, import->path, "Wait", NULL, ERROR_GANGWAY("NoSuchOperation")));
}

static void test_daemon_is_killed(void)
{
        g_autofree char *before = fresh_snapshot(), *list = NULL;
        g_autoptr(SlowImport) import = slow_import_new(alice, "killed");

        g_free(shell(
                "systemctl kill -s KILL --kill-whom=main gangwayd.service; systemctl reset-failed gangwayd.service; "
                "systemctl restart gangwayd.service"));
        list = image_list(client);
        g_assert_cmpstr(list, ==, "");
        world_wait_same(before);
}

static void test_helper_is_killed(void)
{
        g_autofree char *before = world_snapshot(), *list = NULL;
        g_autoptr(SlowImport) import = slow_import_new(alice, "killed");

        g_free(shell("kill -KILL $(ps -C gangway-store -o pid=)"));
        reply_free(operation_wait_fails(alice, import->path, "org.freedesktop.DBus.Error.Failed", "killed"));
        world_wait_same(before);
        list = image_list(client);
        g_assert_cmpstr(list, ==, "");
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/operation/reply-before-signals", test_reply_before_signals},
                {"/operation/properties", test_properties},
                {"/operation/progress", test_progress},
                {"/operation/many-wait", test_many_wait},
                {"/operation/cancel", test_cancel},
                {"/operation/cancel-when-done", test_cancel_when_done},
                {"/operation/others", test_others},
                {"/operation/manage-others", test_manage_others},
                {"/operation/caller-leaves", test_caller_leaves},
                {"/operation/limits", test_limits},
                {"/operation/kept", test_kept},
                {"/operation/daemon-stops", test_daemon_stops},
                {"/operation/daemon-is-killed", test_daemon_is_killed},
                {"/operation/helper-is-killed", test_helper_is_killed},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
