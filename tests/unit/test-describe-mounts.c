/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a person is asked about: every host path, and no more than fits in a dialog. */

#include <fcntl.h>

#include "service/describe-mounts.h"
#include "unit.h"

static MountSpec *add_mount(ContainerSpec *spec, MountType type, const char *destination)
{
        MountSpec *mount = mount_spec_new();

        mount->type = type;
        mount->destination = g_strdup(destination);
        g_ptr_array_add(spec->mounts, mount);
        return mount;
}

static void test_texts(void)
{
        g_autoptr(ContainerSpec) spec = container_spec_new();
        MountSpec *mount;

        add_mount(spec, MOUNT_BIND, "/")->image = g_strdup("debian:12");
        mount = add_mount(spec, MOUNT_BIND, "/src");
        mount->host_path = g_strdup("/srv/src");
        mount->output = true;
        mount = add_mount(spec, MOUNT_BIND, "/etc/x");
        mount->host_path = g_strdup("/etc/x\n\"y\"");
        mount->read_only = true;
        (void) add_mount(spec, MOUNT_BIND, "/scratch");
        (void) add_mount(spec, MOUNT_TMPFS, "/tmp");
        add_mount(spec, MOUNT_CACHE, "/c")->id = g_strdup("go");
        add_mount(spec, MOUNT_SECRET, "/s")->id = g_strdup("key");
        mount = add_mount(spec, MOUNT_SSH, "/a");
        mount->id = g_strdup("default");
        mount->left_out = true;
        add_mount(spec, MOUNT_BIND, "/mine")->source = open("/", O_PATH | O_CLOEXEC);

        g_autofree char *root = describe_root(spec), *paths = describe_host_paths(spec), *all = describe_mounts(spec);
        g_assert_cmpstr(root, ==, "image debian:12");
        g_assert_cmpstr(paths, ==, "/srv/src (written), /etc/x\\n\\\"y\\\" (read-only)");
        g_assert_cmpstr(all, ==,
                        "/src: host path /srv/src (written), /etc/x: host path /etc/x\\n\\\"y\\\" (read-only), "
                        "/scratch: empty folder, /tmp: memory, /c: cache go, /s: secret key, /mine: folder of the "
                        "caller");
}

static void test_nothing(void)
{
        g_autoptr(ContainerSpec) spec = container_spec_new();

        (void) add_mount(spec, MOUNT_BIND, "/");
        g_autofree char *root = describe_root(spec), *paths = describe_host_paths(spec), *all = describe_mounts(spec);
        g_assert_cmpstr(root, ==, "-");
        g_assert_cmpstr(paths, ==, "-");
        g_assert_cmpstr(all, ==, "-");
}

/* The last one is seen, also behind the longest. */
static void test_all_paths_are_shown(void)
{
        g_autoptr(ContainerSpec) spec = container_spec_new();
        g_autofree char *longest = g_strnfill(2000, 'x');

        longest[0] = '/';
        for (unsigned i = 0; i < MOUNT_HOST_PATHS_MAX; i++) {
                g_autofree char *destination = g_strdup_printf("/%u", i);

                add_mount(spec, MOUNT_BIND, i == 0 ? "/" : destination)->host_path =
                        g_strdup(i == MOUNT_HOST_PATHS_MAX - 1 ? "/etc/shadow" : longest);
        }
        g_autofree char *root = describe_root(spec), *paths = describe_host_paths(spec), *all = describe_mounts(spec);
        g_assert_true(g_str_has_suffix(root, "…"));
        g_assert_cmpuint(strlen(root), <, 520);
        g_assert_true(g_str_has_suffix(paths, "x…, /etc/shadow"));
        g_assert_cmpuint(strlen(paths), <, 16 * 520);
        g_assert_true(g_str_has_suffix(all, "…"));
        g_assert_cmpuint(strlen(all), <, 4200);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/describe-mounts/texts", test_texts);
        g_test_add_func("/describe-mounts/nothing", test_nothing);
        g_test_add_func("/describe-mounts/all-paths-are-shown", test_all_paths_are_shown);
        return g_test_run();
}
