/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Platforms: programs of another architecture really run, by an emulator that the kernel starts; what can't is refused
 * before anything is made, with what to do; and the list of what can follows the kernel's registry.
 */
#include "commit.h"
#include "ctl.h"
#include "handlers.h"
#include "model/tiny-elf.h"

#include <sys/stat.h>

#define NOT_SUPPORTED ERROR_GANGWAY("PlatformNotSupported")
#define FOREIGN       "linux/" FOREIGN_ARCHITECTURE

static GStrv platforms(void)
{
        g_autoptr(GVariant) value = client_property(client, GANGWAY_PATH, "Platforms");

        return g_variant_dup_strv(value, NULL);
}

static gboolean can_run(const char *platform)
{
        g_auto(GStrv) list = platforms();

        return g_strv_contains((const char *const *) list, platform);
}

/* A platform that can't run, and its architecture. */
static char *find_missing(const char **ret_architecture)
{
        g_auto(GStrv) list = platforms();

        *ret_architecture = handler_missing((const char *const *) list);
        return g_strdup_printf("linux/%s", *ret_architecture);
}

static guint count_changes(void)
{
        return client_count_signals(alice, GANGWAY_PATH, "PropertiesChanged", "org.gangway1.Manager");
}

static gboolean has_changed(gpointer count)
{
        return count_changes() >= GPOINTER_TO_UINT(count);
}

static void wait_changes(guint count)
{
        wait_until(has_changed, GUINT_TO_POINTER(count), "the change is told");
}

/* A root file system with nothing but another architecture's BusyBox; and as an archive. */
static char *foreign_root(void)
{
        char *root = root_copy(alice);

        g_free(shell("rm -rf '%s'/* && mkdir -p '%s/bin' '%s/proc' '%s/dev' '%s/sys' && cp " FOREIGN_BUSYBOX
                     " '%s/bin/busybox' && ln -s busybox '%s/bin/sh' && ln -s busybox '%s/bin/uname' && "
                     "ln -s busybox '%s/bin/sleep' && chown -R alice: '%s'",
                     root, root, root, root, root, root, root, root, root, root));
        return root;
}

static void import_foreign(const char *name, const char *options)
{
        g_autofree char *archive = archive_new("mkdir -p bin proc dev sys && cp " FOREIGN_BUSYBOX " bin/busybox && "
                                               "for i in sh uname sleep; do ln -s busybox bin/$i; done");
        int fd = client_open(alice, archive, O_RDONLY);
        g_autofree char *path = image_import(alice, name, fd, options);

        g_variant_unref(operation_wait(alice, path));
        close_fd(&fd);
}

/* What ListImages says; "" where it says nothing. */
static char *image_platform(const char *image)
{
        g_autoptr(GVariant) body = client_call(alice, GANGWAY_PATH, "ListImages", NULL);
        g_autoptr(GVariantIter) images = NULL;
        GVariant *details;
        const char *name, *platform = "";
        char *found = NULL;

        g_variant_get(body, "(a(sbuttsa{sv}))", &images);
        while (g_variant_iter_next(images, "(&sbutt&s@a{sv})", &name, NULL, NULL, NULL, NULL, NULL, &details)) {
                if (g_str_equal(name, image)) {
                        g_variant_lookup(details, "platform", "&s", &platform);
                        found = g_strdup(platform);
                }
                g_variant_unref(details);
        }
        g_assert_nonnull(found);
        return found;
}

static void assert_image_platform(const char *image, const char *platform)
{
        g_autofree char *found = image_platform(image);

        g_assert_cmpstr(found, ==, platform);
}

static void assert_platform(Container *container, const char *platform)
{
        g_autofree char *found = client_property_string(container->client, container->path, "Platform");

        g_assert_cmpstr(found, ==, platform);
}

static void assert_runs(Container *container)
{
        g_autofree char *output = NULL, *shell_output = NULL;
        g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("/bin/sleep", "1000"));

        g_assert_cmpuint(process_run(container, &output, .argv = ARGV("/bin/busybox", "uname", "-m")), ==, 0);
        g_assert_cmpstr(output, ==, FOREIGN_MACHINE);
        /* One that another one starts. */
        g_assert_cmpuint(process_run(container, &shell_output, .script = "uname -m; exit 7"), ==, 7);
        g_assert_cmpstr(shell_output, ==, FOREIGN_MACHINE);
}

/* The machine's own is first in the list, and what a container is for where nobody says. */
static void test_own(void)
{
        g_auto(GStrv) list = platforms();
        g_autofree char *options = shell("echo \"{'platform': <'linux/$(uname -m)'>}\"");
        g_autoptr(Container) plain = container_new(alice), asked = container_new(alice, .options = options);

        assert_platform(plain, list[0]);
        assert_platform(asked, list[0]);
}

/* Each change is told to everybody, once. */
static void test_follows(void)
{
        g_auto(GStrv) before = platforms(), after = NULL;
        const char *architecture;
        g_autofree char *platform = find_missing(&architecture);
        guint n = count_changes();

        /* Its interpreter would be looked up inside of the container. */
        handler_add("no-f", architecture, "");
        handler_add("f", architecture, "F");
        wait_changes(n + 1);
        g_assert_true(can_run(platform));
        handler_set("f", "0");
        wait_changes(n + 2);
        g_assert_false(can_run(platform));
        handler_set("f", "1");
        wait_changes(n + 3);
        g_assert_true(can_run(platform));
        handler_set("no-f", "-1");
        handler_set("f", "-1");
        wait_changes(n + 4);
        after = platforms();
        g_assert_true(g_strv_equal((const char *const *) before, (const char *const *) after));
        client_barrier(alice);
        g_assert_cmpuint(count_changes(), ==, n + 4);
}

/* The daemon knows those that were there before it. */
static void test_restart(void)
{
        const char *architecture;
        g_autofree char *platform = find_missing(&architecture);

        handler_add("early", architecture, "F");
        daemon_restart();
        g_assert_true(can_run(platform));
        handler_set("early", "-1");
}

static void refused(const char *options, const char *error, const char *const *parts)
{
        g_autoptr(Reply) reply = container_new_fails(alice, .options = options);

        for (; *parts; parts++)
                assert_error(reply, error, *parts);
}

static void test_refused(void)
{
        const char *architecture;
        g_autofree char *platform = find_missing(&architecture), *before = world_snapshot();
        g_autofree char *options = g_strdup_printf("{'platform': <'%s'>}", platform);
        g_auto(GStrv) list = platforms();

        refused(options, NOT_SUPPORTED,
                ARGV(platform, list[0], "qemu-user-static on Debian and Fedora", "binfmt_misc", "flag F"));
        refused("{'platform': <'linux/never'>}", NOT_SUPPORTED, ARGV("linux/never"));
        refused("{'platform': <'windows/amd64'>}", NOT_SUPPORTED, ARGV("windows"));
        refused("{'platform': <'amd64'>}", ERROR_INVALID_ARGS, ARGV("'amd64' is no platform"));
        refused("{'platform': <''>}", ERROR_INVALID_ARGS, ARGV("is no platform"));
        refused("{'platform': <7>}", ERROR_INVALID_ARGS, ARGV("of the type 's'"));
        world_assert_same(before);
}

static void test_foreign(void)
{
        g_autofree char *root = foreign_root();

        handler_add("foreign", FOREIGN_ARCHITECTURE, "F");
        g_autoptr(Container) container =
                container_new(alice, .root = root, .options = "{'platform': <'Linux/AArch64/v8'>}");
        assert_platform(container, FOREIGN);
        assert_runs(container);
        container_release(container);

        /* As root, and without a user namespace. */
        polkit_rules("return polkit.Result.YES;");
        g_autoptr(Container) insecure = container_new(
                client, .root = root, .options = "{'platform': <'" FOREIGN "'>, 'security-mode': <'insecure'>}");
        assert_runs(insecure);
        polkit_rules(POLKIT_USUAL);
        handler_set("foreign", "-1");
}

/* What an image is for goes with it, to its other names and to what is made of it. */
static void test_image(void)
{
        handler_add("foreign", FOREIGN_ARCHITECTURE, "F");
        import_foreign("foreign", "{'platform': <'linux/" FOREIGN_MACHINE "'>}");
        assert_image_platform("foreign", FOREIGN);
        reply_free(image_tag(alice, "foreign", "tagged", NULL));
        assert_image_platform("tagged", FOREIGN);

        g_autoptr(Container) container = container_of_image(alice, "foreign");
        assert_platform(container, FOREIGN);
        assert_runs(container);
        commit(container, 0, "committed");
        assert_image_platform("committed", FOREIGN);
        g_autoptr(Container) again = container_of_image(alice, "committed");
        assert_platform(again, FOREIGN);
        assert_runs(again);
        container_release(again);
        container_release(container);

        /* What was no image before is for what its container is. */
        g_autofree char *root = foreign_root();
        g_autoptr(Container) folder = container_new(alice, .mounts = "[{'destination': <'/'>, 'output': <true>}]",
                                                    .options = "{'platform': <'" FOREIGN "'>}");
        commit(folder, 0, "from-nothing");
        assert_image_platform("from-nothing", FOREIGN);
        container_release(folder);
        handler_set("foreign", "-1");
        images_clear();
}

static Reply *create_fails(const char *image, const char *options)
{
        g_autofree char *mounts = g_strdup_printf("[{'destination': <'/'>, 'image': <'%s'>}]", image);

        return container_new_fails(alice, .mounts = mounts, .options = options);
}

static void test_image_refused(void)
{
        const char *architecture;
        g_autofree char *platform = find_missing(&architecture), *before = fresh_snapshot();
        g_autofree char *options = g_strdup_printf("{'platform': <'%s'>}", platform);

        import_foreign("foreign", options);
        image_new(alice, "own", NULL);
        g_autoptr(Reply) image = create_fails("foreign", NULL), other = NULL;
        assert_error(image, NOT_SUPPORTED, "The image 'foreign' is for");
        assert_error(image, NOT_SUPPORTED, platform);
        assert_error(image, NOT_SUPPORTED, "qemu-user-static");

        g_auto(GStrv) list = platforms();
        g_autofree char *own = g_strdup_printf("{'platform': <'%s'>}", list[0]);
        other = create_fails("foreign", own);
        assert_error(other, NOT_SUPPORTED, list[0]);
        assert_error(other, NOT_SUPPORTED, platform);

        handler_add("foreign", architecture, "F");
        g_autoptr(Reply) mine = create_fails("own", options);
        assert_error(mine, NOT_SUPPORTED, list[0]);
        assert_error(mine, NOT_SUPPORTED, platform);
        handler_set("foreign", "-1");
        images_clear();
        world_wait_same(before);
}

/* Of an image for several, the one that was asked for. */
static void test_index(void)
{
        g_autofree char *folder = g_strdup_printf("%s/index-%d", g_getenv("GANGWAY_TEST_DIR"), getpid());

        handler_add("foreign", FOREIGN_ARCHITECTURE, "F");
        g_free(shell("set -e; umoci init --layout '%s'; for i in amd64 " FOREIGN_ARCHITECTURE "; do "
                     "umoci new --image '%s:'$i; umoci unpack --image '%s:'$i '%s.bundle'; "
                     "mkdir -p '%s.bundle/rootfs/bin' '%s.bundle/rootfs/proc' '%s.bundle/rootfs/dev' "
                     "'%s.bundle/rootfs/sys'; [ $i = amd64 ] || cp " FOREIGN_BUSYBOX " '%s.bundle/rootfs/bin/'; "
                     "[ $i = amd64 ] || for n in sh uname sleep; do ln -s busybox '%s.bundle/rootfs/bin/'$n; done; "
                     "umoci repack --image '%s:'$i '%s.bundle'; umoci config --image '%s:'$i --architecture $i; "
                     "rm -rf '%s.bundle'; done 2>&1; chown -R alice: '%s'",
                     folder, folder, folder, folder, folder, folder, folder, folder, folder, folder, folder, folder,
                     folder, folder, folder));
        /* umoci writes no platforms into the index. */
        g_free(shell("python3 -c 'import json, sys\n"
                     "index = json.load(open(sys.argv[1]))\n"
                     "for entry in index[\"manifests\"]:\n"
                     "    name = entry.pop(\"annotations\")[\"org.opencontainers.image.ref.name\"]\n"
                     "    entry[\"platform\"] = {\"os\": \"linux\", \"architecture\": name}\n"
                     "inner = json.dumps(index).encode()\n"
                     "import hashlib, os\n"
                     "digest = hashlib.sha256(inner).hexdigest()\n"
                     "folder = os.path.dirname(sys.argv[1])\n"
                     "open(folder + \"/blobs/sha256/\" + digest, \"wb\").write(inner)\n"
                     "json.dump({\"schemaVersion\": 2, \"manifests\": [{\"mediaType\": "
                     "\"application/vnd.oci.image.index.v1+json\", \"digest\": \"sha256:\" + digest, "
                     "\"size\": len(inner)}]}, open(sys.argv[1], \"w\"))' '%s/index.json' && chown -R alice: '%s'",
                     folder, folder));
        int fd = client_open(alice, folder, O_RDONLY | O_DIRECTORY);
        g_autofree char *path = image_import(alice, "index", fd, "{'platform': <'linux/aarch64'>}");
        g_variant_unref(operation_wait(alice, path));
        assert_image_platform("index", FOREIGN);
        g_autoptr(Container) container = container_of_image(alice, "index");
        assert_platform(container, FOREIGN);
        assert_runs(container);
        container_release(container);

        g_autofree char *missing = image_import(alice, "none", fd, "{'platform': <'linux/s390x'>}");
        reply_free(operation_wait_fails(alice, missing, ERROR_GANGWAY("InvalidImage"), "linux/s390x"));
        close_fd(&fd);
        g_free(shell("rm -rf '%s'", folder));
        handler_set("foreign", "-1");
        images_clear();
}

/* 32-bit programs run in the sandbox where the daemon says that they do: its filter knows their system calls, too. */
static void test_sibling(void)
{
        unsigned char program[TINY_ELF_MAX];
        size_t size = tiny_elf_make("386", program);
        g_autofree char *root = root_copy(alice), *path = g_build_filename(root, "program", NULL);
        g_autoptr(GError) error = NULL;

        if (!can_run("linux/386")) {
                g_test_skip("this machine runs no programs for linux/386");
                return;
        }
        g_assert_true(g_file_set_contents_full(path, (const char *) program, (gssize) size, G_FILE_SET_CONTENTS_NONE,
                                               0755, &error));
        g_autoptr(Container) container = container_new(alice, .root = root, .options = "{'platform': <'linux/i686'>}");
        assert_platform(container, "linux/386");
        g_autoptr(Process) process = process_new(container, .method = "Start", .argv = ARGV("/program"));
        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, TINY_ELF_EXIT);
}

static void test_ctl(void)
{
        g_autofree char *root = foreign_root(), *output = NULL, *list = NULL, *json = NULL, *refusal = NULL;
        const char *architecture, *alias = "linux/" FOREIGN_MACHINE;
        g_autofree char *platform = NULL;

        handler_add("foreign", FOREIGN_ARCHITECTURE, "F");
        g_assert_cmpint(ctl_run(&output, NULL,
                                CTL("run", "--platform", alias, "--rootfs", root, "--", "/bin/busybox", "uname", "-m")),
                        ==, 0);
        g_assert_cmpstr(output, ==, FOREIGN_MACHINE "\n");
        import_foreign("ctl-foreign", "{'platform': <'" FOREIGN "'>}");
        g_assert_cmpint(ctl_run(&list, NULL, CTL("images")), ==, 0);
        g_assert_true(g_regex_match_simple("^IMAGE .* PLATFORM .*\n.*ctl-foreign .* " FOREIGN " ", list, 0, 0));
        g_assert_cmpint(ctl_run(&json, NULL, CTL("images", "--json")), ==, 0);
        assert_contains(json, "\"platform\" : \"" FOREIGN "\"");
        handler_set("foreign", "-1");

        platform = find_missing(&architecture);
        g_assert_cmpint(
                ctl_run(NULL, &refusal, CTL("create", "--platform", platform, "--rootfs", root, "ctl-platform")), ==,
                125);
        assert_contains(refusal, "qemu-user-static");
        images_clear();
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/platform/own", test_own},
                {"/platform/follows", test_follows},
                {"/platform/restart", test_restart},
                {"/platform/refused", test_refused},
                {"/platform/foreign", test_foreign},
                {"/platform/image", test_image},
                {"/platform/image-refused", test_image_refused},
                {"/platform/index", test_index},
                {"/platform/sibling", test_sibling},
                {"/platform/ctl", test_ctl},
        };
        gboolean in_system = g_getenv("GANGWAY_TEST_DIR") && getuid() == 0;
        int result;

        if (in_system)
                handlers_begin();
        result = fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
        if (in_system)
                handlers_end();
        return result;
}
