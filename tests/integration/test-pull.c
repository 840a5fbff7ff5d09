/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images from a registry, by the real skopeo in its unit. Who fetches is confined and leaves nothing behind, also where
 * it fails in the middle.
 */
#include "images.h"
#include "registry.h"

static char *pull(Client *caller, const char *reference, const char *options)
{
        g_autoptr(GVariant) body =
                client_call(caller, GANGWAY_PATH, "PullImage",
                            g_variant_new("(s@a{sv})", reference, g_variant_new_parsed(options ?: "@a{sv} {}")));
        char *path = NULL;

        g_variant_get(body, "(o)", &path);
        return path;
}

static void assert_list(Client *caller, const char *wanted)
{
        g_autofree char *list = image_list(caller);
        g_assert_cmpstr(list, ==, wanted);
}

/* The folder of the only layer that has this file. */
static char *layer_with(const char *file)
{
        return shell("cd /var/lib/gangway/layers && ls -d */root/%s | cut -d/ -f1", file);
}

static gboolean has_pull_unit(gpointer data)
{
        g_autofree char *units =
                shell("systemctl list-units --all --plain --no-legend 'gangway-pull-*' | cut -d' ' -f1");
        return *units != '\0';
}

static gboolean no_pull_unit(gpointer data)
{
        return !has_pull_unit(data);
}

/* Nothing of skopeo: no unit, no user's folder, no temporary one. What PrivateTmp had is removed beside. */
static gboolean nothing_of_skopeo(gpointer data)
{
        g_autofree char *left =
                shell("ls -d /tmp/systemd-private-*gangway-pull* /var/tmp/systemd-private-*gangway-pull* "
                      "2>/dev/null; true");
        return *left == '\0';
}

static void assert_nothing_left(const char *before)
{
        wait_until(no_pull_unit, NULL, "the unit is gone");
        wait_until(nothing_of_skopeo, NULL, "skopeo's folders are gone");
        world_wait_same(before);
}

static void test_pull(void)
{
        g_autofree char *path = pull(alice, REGISTRY "/apps/hello:1", NULL);
        g_autofree char *kind = client_property_string(alice, path, "Kind"), *layer = NULL, *text = NULL;
        g_autoptr(GVariant) result = operation_wait(alice, path);
        const char *image;
        guint64 size;

        g_assert_cmpstr(kind, ==, "pull");
        g_assert_true(g_variant_lookup(result, "image", "&s", &image));
        g_assert_true(g_variant_lookup(result, "size", "t", &size));
        g_assert_cmpstr(image, ==, REGISTRY "/apps/hello:1");
        g_assert_cmpuint(size, >=, 3000000);
        assert_list(alice, " 5001/" REGISTRY "/apps/hello:1");
        layer = layer_with("greeting");
        text = file_text("/var/lib/gangway/layers/%s/root/greeting", layer);
        g_assert_cmpstr(text, ==, "hello");
        g_free(shell("cd /var/lib/gangway/layers/%s/root && sha256sum -c --status --strict sums", layer));
        images_clear();
}

static void test_options(void)
{
        polkit_rules(POLKIT_USUAL "if (action.id == 'org.gangway1.manage-images' && action.lookup('reference') == "
                                  "'" REGISTRY "/apps/hello:1') return polkit.Result.YES;");
        g_autofree char *path = pull(alice, REGISTRY "/apps/hello:1", "{'name': <'hello'>, 'system': <true>}");
        g_variant_unref(operation_wait(alice, path));
        assert_list(bob, " system/hello");
        polkit_rules(POLKIT_USUAL);
        images_clear();
}

/* What the only image is recorded to be for. */
static void assert_platform(const char *architecture)
{
        g_autoptr(GVariant) body = client_call(alice, GANGWAY_PATH, "ListImages", NULL);
        g_autoptr(GVariant) images = g_variant_get_child_value(body, 0), details = NULL;
        g_autofree char *expected = g_strdup_printf("linux/%s", architecture);
        const char *platform = NULL;

        g_variant_get_child(images, 0, "(&sbutt&s@a{sv})", NULL, NULL, NULL, NULL, NULL, NULL, &details);
        g_assert_true(g_variant_lookup(details, "platform", "&s", &platform));
        g_assert_cmpstr(platform, ==, expected);
}

static void test_platform(void)
{
        static const char *const platforms[][2] = {
                {"linux/amd64", "amd64"}, {"linux/arm64", "arm64"}, {"linux/aarch64/v8", "arm64"}};

        for (size_t i = 0; i < G_N_ELEMENTS(platforms); i++) {
                g_autofree char *options = g_strdup_printf("{'platform': <'%s'>}", platforms[i][0]);
                g_autofree char *path = pull(alice, REGISTRY "/apps/two:1", options);
                g_variant_unref(operation_wait(alice, path));
                g_autofree char *layer = layer_with("platform");
                g_autofree char *text = file_text("/var/lib/gangway/layers/%s/root/platform", layer);
                g_assert_cmpstr(text, ==, platforms[i][1]);
                assert_platform(platforms[i][1]);
                images_clear();
        }
        g_autofree char *path = pull(alice, REGISTRY "/apps/two:1", "{'platform': <'linux/s390x'>}");
        reply_free(operation_wait_fails(alice, path, ERROR_GANGWAY("PullFailed"), "s390x"));
        assert_list(alice, "");
}

static void test_failures(void)
{
        static const char *const cases[][2] = {
                {REGISTRY "/apps/nothing:1", "manifest unknown"},
                {REGISTRY "/apps/hello:none", "manifest unknown"},
                {REGISTRY "/Apps/Hello:1", "lowercase"},
                {"localhost:5999/apps/hello:1", "connection refused"},
        };
        g_autofree char *before = world_snapshot();

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *path = pull(alice, cases[i][0], NULL);
                g_autoptr(Reply) reply = operation_wait_fails(alice, path, ERROR_GANGWAY("PullFailed"), cases[i][1]);
                g_test_message("%s", reply->message);
                assert_nothing_left(before);
        }
        assert_list(alice, "");
}

/* A blob of the second layer that is not what its digest says: skopeo fails when it has written the first one, and
 * closes its archive properly. Nothing of that becomes an image. */
static void test_fails_in_the_middle(void)
{
        g_autofree char *before = world_snapshot();

        registry_push("apps/broken:1", "echo first >first", "head -c 5000000 /dev/urandom >large");
        g_free(shell("cd '%s/registry/store' && blob=$(find . -path '*/blobs/*' -name data -size +4M | head -n 1) && "
                     "head -c 1000 /dev/urandom | dd of=$blob bs=1 seek=2000000 conv=notrunc status=none",
                     g_getenv("GANGWAY_TEST_DIR")));
        for (int i = 0; i < 5; i++) {
                g_autofree char *path = pull(alice, REGISTRY "/apps/broken:1", NULL);
                g_autoptr(Reply) reply = operation_wait_fails(alice, path, ERROR_GANGWAY("PullFailed"), "broken");
                g_test_message("%s", reply->message);
        }
        assert_nothing_left(before);
        assert_list(alice, "");
}

/* Puts a shell script in skopeo's place, with the shared archive at hand as $archive. What lies in /var/tmp it could
 * not see. */
static void fake_skopeo(const char *script)
{
        g_free(shell("test -e /usr/bin/skopeo.away || mv /usr/bin/skopeo /usr/bin/skopeo.away\n"
                     "cp '%s' /usr/bin/skopeo.tar\n"
                     "printf '%%s\\n' '#!/bin/sh' 'archive=/usr/bin/skopeo.tar' '%s' >/usr/bin/skopeo\n"
                     "chmod 755 /usr/bin/skopeo",
                     archive_shared(), script));
}

static void real_skopeo(void)
{
        g_free(shell("rm /usr/bin/skopeo.tar && mv /usr/bin/skopeo.away /usr/bin/skopeo"));
}

/* One that hands over a whole image, and then fails: how it ended is what counts. */
static void test_fails_at_the_end(void)
{
        g_autofree char *before = world_snapshot();

        fake_skopeo("cat $archive; echo the end is bad >&2; exit 1");
        for (int i = 0; i < 5; i++) {
                g_autofree char *path = pull(alice, REGISTRY "/apps/hello:1", NULL);
                reply_free(operation_wait_fails(alice, path, ERROR_GANGWAY("PullFailed"), "the end is bad"));
                assert_list(alice, "");
        }
        fake_skopeo("cat $archive");
        g_autofree char *path = pull(alice, REGISTRY "/apps/hello:1", NULL);
        g_variant_unref(operation_wait(alice, path));
        real_skopeo();
        images_clear();
        assert_nothing_left(before);
}

static gboolean has_progress(gpointer path)
{
        return client_count_signals(alice, path, "PropertiesChanged", NULL) > 0;
}

/* In the middle of what comes, when a part of it is unpacked. */
static void test_cancel_while_it_flows(void)
{
        g_autofree char *before = world_snapshot();

        fake_skopeo("head -c 300000 $archive; exec sleep infinity");
        g_autofree char *path = pull(alice, REGISTRY "/apps/hello:1", NULL);
        wait_until(has_progress, path, "there is progress");
        g_variant_unref(client_call(alice, path, "Cancel", NULL));
        g_assert_true(no_pull_unit(NULL));
        reply_free(operation_wait_fails(alice, path, ERROR_GANGWAY("Cancelled"), NULL));
        real_skopeo();
        assert_nothing_left(before);
        assert_list(alice, "");
}

/* Where the import says no, skopeo is stopped, however much it still has to say. */
static void test_import_fails(void)
{
        daemon_configure("[Limits]\nImageEntries=1\n");
        assert_list(alice, "");
        g_autofree char *before = world_snapshot();
        g_autofree char *path = pull(alice, REGISTRY "/apps/hello:1", NULL);

        g_autoptr(Reply) reply = operation_wait_fails(alice, path, ERROR_GANGWAY("InvalidImage"), NULL);
        g_test_message("%s", reply->message);
        assert_nothing_left(before);
        assert_list(alice, "");
        daemon_configure(NULL);
        client_barrier(client);
}

/* What can't be read as an archive comes from a skopeo that is about to say what went wrong, or from one that is not:
 * its words count, but it does not get any time for them. */
static void test_last_words(void)
{
        g_autofree char *before = world_snapshot();

        fake_skopeo("head -c 300000 /bin/sh; sleep 0.2; echo the last words >&2; exit 1");
        g_autofree char *path = pull(alice, REGISTRY "/apps/hello:1", NULL);
        reply_free(operation_wait_fails(alice, path, ERROR_GANGWAY("PullFailed"), "the last words"));
        fake_skopeo("head -c 300000 /bin/sh; exec sleep infinity");
        g_autofree char *mute = pull(alice, REGISTRY "/apps/hello:1", NULL);
        reply_free(operation_wait_fails(alice, mute, ERROR_GANGWAY("InvalidImage"), NULL));
        real_skopeo();
        assert_nothing_left(before);
}

static void test_confined(void)
{
        registry_mute_start();
        g_autofree char *path = pull(alice, REGISTRY_MUTE "/apps/hello:1", NULL);
        wait_until(has_pull_unit, NULL, "the unit is there");
        g_autofree char *unit =
                shell("systemctl list-units --all --plain --no-legend 'gangway-pull-*' | cut -d' ' -f1");
        g_autofree char *properties =
                shell("systemctl show -p DynamicUser,PrivateTmp,ProtectSystem,ProtectHome,NoNewPrivileges,"
                      "CapabilityBoundingSet,Slice,PrivateDevices,RestrictNamespaces %s | sort | tr '\\n' ' '",
                      unit);
        g_test_message("%s", properties);
        assert_contains(properties, "CapabilityBoundingSet= ");
        assert_contains(properties, "DynamicUser=yes");
        assert_contains(properties, "NoNewPrivileges=yes");
        assert_contains(properties, "PrivateDevices=yes");
        assert_contains(properties, "PrivateTmp=yes");
        assert_contains(properties, "ProtectHome=yes");
        assert_contains(properties, "ProtectSystem=strict");
        assert_contains(properties, "RestrictNamespaces=yes");
        assert_contains(properties, "Slice=gangway-5001.slice");
        g_variant_unref(client_call(alice, path, "Cancel", NULL));
        registry_mute_stop();
}

static void test_cancel(void)
{
        g_autofree char *before = world_snapshot();

        registry_mute_start();
        /* At once, before systemd has even answered, and when skopeo waits for the server. */
        for (int late = 0; late < 2; late++) {
                g_autofree char *path = pull(alice, REGISTRY_MUTE "/apps/hello:1", NULL);
                if (late)
                        wait_until(has_pull_unit, NULL, "the unit is there");
                g_variant_unref(client_call(alice, path, "Cancel", NULL));
                g_assert_true(no_pull_unit(NULL));
                reply_free(operation_wait_fails(alice, path, ERROR_GANGWAY("Cancelled"), NULL));
                assert_nothing_left(before);
        }
        registry_mute_stop();
}

/* Whoever stops the unit by hand. */
static void test_unit_is_stopped(void)
{
        g_autofree char *before = world_snapshot();

        registry_mute_start();
        g_autofree char *path = pull(alice, REGISTRY_MUTE "/apps/hello:1", NULL);
        wait_until(has_pull_unit, NULL, "the unit is there");
        g_free(shell("systemctl stop 'gangway-pull-*.service'"));
        reply_free(operation_wait_fails(alice, path, ERROR_GANGWAY("PullFailed"), "apps/hello:1"));
        assert_nothing_left(before);
        registry_mute_stop();
}

static void test_daemon_ends(void)
{
        g_autofree char *before = fresh_snapshot();

        registry_mute_start();
        for (int killed = 0; killed < 2; killed++) {
                g_autofree char *path = pull(alice, REGISTRY_MUTE "/apps/hello:1", NULL);
                wait_until(has_pull_unit, NULL, "the unit is there");
                g_free(shell(
                        killed ? "systemctl kill -s KILL --kill-whom=main gangwayd.service; systemctl reset-failed "
                                 "gangwayd.service; systemctl restart gangwayd.service"
                               : "systemctl restart gangwayd.service"));
                assert_list(client, "");
                assert_nothing_left(before);
        }
        registry_mute_stop();
}

static void test_without_skopeo(void)
{
        g_autofree char *before = world_snapshot();

        g_free(shell("mv /usr/bin/skopeo /usr/bin/skopeo.away"));
        g_autofree char *path = pull(alice, REGISTRY "/apps/hello:1", NULL);
        g_autoptr(Reply) reply = client_try(alice, path, "Wait", NULL);
        g_free(shell("mv /usr/bin/skopeo.away /usr/bin/skopeo"));
        assert_error(reply, ERROR_GANGWAY("PullFailed"), "install the package skopeo");
        assert_nothing_left(before);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/pull/pull", test_pull},
                {"/pull/options", test_options},
                {"/pull/platform", test_platform},
                {"/pull/failures", test_failures},
                {"/pull/fails-in-the-middle", test_fails_in_the_middle},
                {"/pull/fails-at-the-end", test_fails_at_the_end},
                {"/pull/cancel-while-it-flows", test_cancel_while_it_flows},
                {"/pull/import-fails", test_import_fails},
                {"/pull/last-words", test_last_words},
                {"/pull/confined", test_confined},
                {"/pull/cancel", test_cancel},
                {"/pull/unit-is-stopped", test_unit_is_stopped},
                {"/pull/daemon-ends", test_daemon_ends},
                {"/pull/without-skopeo", test_without_skopeo},
        };
        if (g_getenv("GANGWAY_TEST_DIR") && getuid() == 0) {
                registry_start();
                registry_push("apps/hello:1",
                              "echo hello >greeting && head -c 3000000 /dev/urandom >program && "
                              "sha256sum greeting program >sums",
                              NULL);
                registry_push_index("apps/two:1");
        }
        int result = fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
        if (g_getenv("GANGWAY_TEST_DIR") && getuid() == 0)
                registry_stop();
        return result;
}
