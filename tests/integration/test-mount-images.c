/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images as the root and below it: layers over each other, with ids that begin where they please, and never written.
 */
#include "layers.h"

#define IMAGE_ROOT "[{'destination': <'/'>, 'image': <'base'>}]"

static void test_root(void)
{
        g_autofree char *output = NULL, *layer = image_top_layer(5001, "base");
        g_autofree char *before =
                shell("find " STORE_FOLDER "/layers/%s/root -printf '%%P %%U %%m %%T@ %%s\n' | sort", layer);
        g_autoptr(Container) container = container_new_started(alice, .mounts = IMAGE_ROOT);
        g_autofree char *image = client_property_string(alice, container->path, "Image");

        g_assert_cmpstr(image, ==, "base");
        g_assert_cmpuint(
                process_run(container, &output, .script = "cat /etc/nsswitch.conf; stat -c %u:%g:%a / /etc /home/user"),
                ==, 0);
        g_assert_cmpstr(output, ==, "hosts: files\n0:0:755\n0:0:755\n1000:1000:755");
        g_assert_cmpuint(
                process_run(container, NULL,
                            .script = "set -e; echo x > /etc/nsswitch.conf; rm /etc/group; mkdir /new; chown 5 /etc"),
                ==, 0);
        container_release(container);
        g_autofree char *after =
                shell("find " STORE_FOLDER "/layers/%s/root -printf '%%P %%U %%m %%T@ %%s\n' | sort", layer);
        g_assert_cmpstr(before, ==, after);
}

static void test_read_only_root(void)
{
        g_autoptr(Container) container = container_new_started(
                alice, .mounts = "[{'destination': <'/'>, 'image': <'base'>, 'read-only': <true>},"
                                 " {'destination': <'/made/here'>, 'type': <'tmpfs'>}]");

        g_assert_cmpuint(process_run(container, NULL, .script = "echo x > /etc/new"), !=, 0);
        g_assert_cmpuint(process_run(container, NULL, .script = "mount -o remount,bind,rw / && echo x > /etc/new"), !=,
                         0);
        g_assert_cmpuint(process_run(container, NULL, .script = "echo x > /made/here/x"), ==, 0);
}

/* An own image goes before one of the system with the same name; that of another user is none. */
static void test_names(void)
{
        g_autofree char *before = NULL, *output = NULL;

        image_of_root(-1, "base");
        layer_add(-1, "base", LAYER_BASE, "mkdir etc && echo system > etc/nsswitch.conf");
        before = world_snapshot();
        {
                g_autoptr(Container) own = container_new_started(alice, .mounts = IMAGE_ROOT);
                g_autoptr(Container) system = container_new_started(bob, .mounts = IMAGE_ROOT);

                g_assert_cmpuint(process_run(own, &output, .script = "cat /etc/nsswitch.conf"), ==, 0);
                g_assert_cmpstr(output, ==, "hosts: files");
                g_clear_pointer(&output, g_free);
                g_assert_cmpuint(process_run(system, &output, .script = "cat /etc/nsswitch.conf"), ==, 0);
                g_assert_cmpstr(output, ==, "system");
        }
        image_of_root(5001, "only-hers");
        g_autoptr(Reply) none = container_new_fails(bob, .mounts = "[{'destination': <'/'>, 'image': <'only-hers'>}]");
        assert_error(none, ERROR_GANGWAY("NoSuchImage"), "only-hers");
        g_autoptr(Reply) second = container_new_fails(
                alice, .more = "[{'destination': <'/a'>}, {'destination': <'/b'>, 'image': <'nonesuch:1'>}]");
        assert_error(second, ERROR_GANGWAY("NoSuchImage"), "nonesuch:1");
        image_drop(5001, "only-hers");
        world_assert_same(before);
}

static const char layers_script[] =
        "ls /img; cat /img/same /img/folder/low 2>&1; ls -A /img/opaque; stat -c %u:%g /img/same /img/theirs";

/* Whiteouts, opaque folders, and layers that three containers wrote, each with ids of its own. */
static void test_layers(void)
{
        static const char *const mounts[] = {
                "[{'destination': <'/img'>, 'image': <'layers'>}]",
                "[{'destination': <'/img'>, 'image': <'layers'>, 'read-only': <true>}]",
                "[{'destination': <'/img'>, 'image': <'layers'>, 'output': <true>}]",
                "[{'destination': <'/img'>, 'image': <'layers'>, 'output': <true>, 'read-only': <true>}]",
        };
        Client *callers[] = {client, alice};

        layer_add(-1, "layers", LAYER_BASE,
                  "mkdir folder opaque; echo 1 > same; echo low > folder/low; echo x > gone; "
                  "echo x > opaque/old; echo x > theirs; own 33 44 theirs");
        layer_add(-1, "layers", LAYER_BASE + 65536, "echo 2 > same; hide gone; own 7 8 same");
        layer_add(-1, "layers", LAYER_BASE + 7 * 65536,
                  "mkdir opaque; opaque opaque; echo x > opaque/new; echo 3 > same; "
                  "own 9 65535 same; chmod 750 .");
        for (size_t i = 0; i < G_N_ELEMENTS(callers); i++)
                for (size_t k = 0; k < G_N_ELEMENTS(mounts); k++) {
                        g_autofree char *output = NULL, *access = NULL;
                        g_autoptr(Container) container = container_new_started(callers[i], .more = mounts[k]);

                        g_test_message("%s", mounts[k]);
                        g_assert_cmpuint(process_run(container, &output, .script = layers_script), ==, 0);
                        g_assert_cmpstr(output, ==, "folder\nopaque\nsame\ntheirs\n3\nlow\nnew\n9:65535\n33:44");
                        g_assert_cmpuint(process_run(container, &access, .script = "stat -c %a:%u /img"), ==, 0);
                        g_assert_cmpstr(access, ==, "750:0");
                        g_assert_cmpint(process_run(container, NULL, .script = "echo x > /img/new") == 0, ==,
                                        strstr(mounts[k], "read-only") == NULL);
                }
}

static void test_single_layer(void)
{
        static const char *const mounts[] = {
                "[{'destination': <'/img'>, 'image': <'single'>, 'read-only': <true>}]",
                "[{'destination': <'/img'>, 'image': <'single'>}]",
        };

        layer_add(5001, "single", LAYER_BASE, "echo x > file; hide nothing");
        for (size_t i = 0; i < G_N_ELEMENTS(mounts); i++) {
                g_autofree char *output = NULL;
                g_autoptr(Container) container = container_new_started(alice, .more = mounts[i]);

                g_assert_cmpuint(process_run(container, &output, .script = "ls -A /img; cat /img/file"), ==, 0);
                g_assert_cmpstr(output, ==, "file\nx");
                g_assert_cmpint(process_run(container, NULL, .script = "echo x > /img/new") == 0, ==, i == 1);
        }
}

/* In insecure mode the ids of the image are those of the host, whatever they are on the disk. */
static void test_insecure(void)
{
        g_autofree char *output = NULL;

        polkit_rules(POLKIT_USUAL "if (action.id == 'org.gangway1.insecure') return polkit.Result.YES;");
        {
                g_autoptr(Container) container = container_new_started(alice, .mounts = IMAGE_ROOT,
                                                                       .options = "{'security-mode': <'insecure'>}");
                g_assert_cmpuint(process_run(container, &output,
                                             .script = "stat -c %u:%g / /home/user; echo x > /etc/new; "
                                                       "stat -c %u /etc/new; cat /proc/self/uid_map"),
                                 ==, 0);
                g_assert_true(g_str_has_prefix(output, "0:0\n1000:1000\n0\n"));
        }
        polkit_rules(POLKIT_USUAL);
}

/* Sixty layers and more, of some of which the ids begin elsewhere. */
static void test_many_layers(void)
{
        g_autofree char *output = NULL, *before = NULL;

        for (unsigned i = 0; i < 70; i++) {
                g_autofree char *script = g_strdup_printf("echo %u > of-%u; echo %u > top", i, i, i);

                layer_add(5001, "many", LAYER_BASE + (i % 3) * 65536, script);
        }
        before = world_snapshot();
        {
                g_autoptr(Container) container = container_new_started(
                        alice, .more = "[{'destination': <'/many'>, 'image': <'many'>},"
                                       " {'destination': <'/again'>, 'image': <'many'>, 'read-only': <true>}]");
                g_autofree char *mounts = shell("wc -l < /proc/%u/mountinfo", container_leader(container));

                g_assert_cmpuint(
                        process_run(container, &output,
                                    .script = "ls /many | wc -l; cat /many/top /again/top; "
                                              "cat /many/of-* | sort -n | tail -n 1; stat -c %u /many/* | sort -u"),
                        ==, 0);
                g_assert_cmpstr(output, ==, "71\n69\n69\n69\n0");
                g_assert_cmpint(g_ascii_strtoll(mounts, NULL, 10), <, 60);
        }
        world_assert_same(before);
}

/* What an image says, below what the caller says. */
static void test_settings(void)
{
        g_autofree char *output = NULL;

        image_of_root(5001, "settings");
        layer_setting(5001, "settings", "env", "LANG=image");
        layer_setting(5001, "settings", "env", "OTHER=image");
        layer_setting(5001, "settings", "entrypoint", "/bin/sh");
        layer_setting(5001, "settings", "entrypoint", "-c");
        layer_setting(5001, "settings", "cmd", "exit 7");
        layer_setting(5001, "settings", "user", "user:extra");
        layer_setting(5001, "settings", "working-dir", "/srv/made/here");
        {
                g_autoptr(Container) container =
                        container_new(alice, .mounts = "[{'destination': <'/'>, 'image': <'settings'>}]");
                g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV(NULL));
                g_assert_cmpuint(process_wait(container, init->id, NULL), ==, 7);
        }
        g_autoptr(Container) container =
                container_new(alice, .mounts = "[{'destination': <'/'>, 'image': <'settings'>}]");
        g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"));
        static const char script[] = "echo $LANG $OTHER $(id -u):$(id -g) $PWD $HOME";
        g_assert_cmpuint(process_run(container, &output, .script = script, .env = "{'LANG': 'caller'}"), ==, 0);
        g_assert_cmpstr(output, ==, "caller image 1000:2000 /srv/made/here /home/user");
        g_clear_pointer(&output, g_free);
        g_assert_cmpuint(process_run(container, &output, .script = script, .options = "{'user': <''>, 'cwd': <''>}"),
                         ==, 0);
        g_assert_cmpstr(output, ==, "image image 0:0 / /root");
        g_autoptr(Reply) empty = process_fails(container, .argv = ARGV(NULL));
        assert_error(empty, ERROR_INVALID_ARGS, "argv is empty");
}

/* An image that a container is made from stays in the store, by whatever name, until the container is gone. */
static void test_held(void)
{
        g_autofree char *layer = NULL, *output = NULL;

        image_of_root(5001, "held");
        layer = image_top_layer(5001, "held");
        g_autoptr(Container) container = container_new(alice, .mounts = "[{'destination': <'/'>, 'image': <'held'>}]");
        image_drop(5001, "held");
        g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"));
        g_assert_cmpuint(process_run(container, &output, .script = "cat /etc/nsswitch.conf"), ==, 0);
        g_assert_cmpstr(output, ==, "hosts: files");
        g_assert_cmpint(shell_status("flock -n -x " STORE_FOLDER "/layers/%s true", layer), ==, 1);
        container_release(container);
        g_assert_cmpint(shell_status("flock -n -x " STORE_FOLDER "/layers/%s true", layer), ==, 0);
}

static void prepare(void)
{
        image_of_root(5001, "base");
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/mount-images/prepare", prepare},
                {"/mount-images/root", test_root},
                {"/mount-images/read-only-root", test_read_only_root},
                {"/mount-images/names", test_names},
                {"/mount-images/layers", test_layers},
                {"/mount-images/single-layer", test_single_layer},
                {"/mount-images/insecure", test_insecure},
                {"/mount-images/many-layers", test_many_layers},
                {"/mount-images/settings", test_settings},
                {"/mount-images/held", test_held},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
