/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a container wrote becomes an image that shows the same files, whatever was done to them and in whatever state
 * the container is; what may be committed, by whom, and what is left out.
 */
#include "commit.h"
#include "files.h"

#define POLKIT_SYSTEM POLKIT_USUAL "if (action.id == 'org.gangway1.manage-images') return polkit.Result.YES;"

/* All that there is to a file, but for what every container has mounted. Folders' sizes are the file system's own
 * affair. */
static const char list_files[] =
        "find / -xdev | grep -vE '^/(proc|sys|dev)(/|$)|^/etc/(hosts|hostname|resolv.conf)$' | sort | "
        "while read -r f; do "
        "[ -d \"$f\" ] && [ ! -L \"$f\" ] && s= || s=%s; stat -c \"%n %F %a %u:%g %Y $s\" \"$f\"; "
        "[ -L \"$f\" ] && readlink \"$f\"; [ -f \"$f\" ] && md5sum <\"$f\"; done; "
        "stat -c '%h' /link-one /link-two; ls -i /link-one /link-two | cut -d/ -f1 | sort -u | wc -l";

/* Every way in which a layer differs from the one below: files made, changed and removed, a folder removed and made
 * again, one renamed, links, ids, modes, times, holes. */
static const char change[] =
        "set -e; echo new >/new; echo more >>/etc/profile; rm /etc/group; chmod 700 /opt; chown 5:6 /srv;"
        "rm -r /below/replaced; mkdir /below/replaced; echo x >/below/replaced/made; rm -r /below/gone;"
        "mv /below/moved /below/elsewhere; rm /below/file; mkdir /below/file; echo y >/below/file/y;"
        "rm -r /below/folder; echo z >/below/folder; echo l >/link-one; ln /link-one /link-two; chown 7:8 /link-one;"
        "chmod 4711 /link-one; ln -s /etc/passwd /soft; mkfifo -m 640 /fifo; touch -h -d @86400 /soft;"
        "touch -d @86400 /new; dd if=/dev/zero of=/hole bs=1 count=1 seek=5000000 2>/dev/null; mkdir -m 1777 /sticky";

static const char below[] = "mkdir -p below/replaced/old below/gone/x below/moved/in below/folder/f && "
                            "echo 1 >below/replaced/old/1 && echo 2 >below/gone/x/2 && echo 3 >below/moved/in/3 && "
                            "echo 4 >below/file && echo 5 >below/folder/f/5";

static char *list(Container *container)
{
        char *output;

        g_assert_cmpuint(process_run(container, &output, .script = list_files), ==, 0);
        return output;
}

/* Fails with the first lines that differ. */
static void assert_same(const char *found, const char *expected)
{
        g_auto(GStrv) ours = g_strsplit(found, "\n", -1), theirs = g_strsplit(expected, "\n", -1);

        for (guint i = 0; ours[i] || theirs[i]; i++)
                if (g_strcmp0(ours[i], theirs[i]) != 0)
                        g_error("'%s' in place of '%s'", ours[i], theirs[i]);
}

static void assert_image_shows(Client *caller, const char *image, const char *expected)
{
        g_autoptr(Container) container = container_of_image_started(caller, image);
        g_autofree char *found = list(container);

        assert_same(found, expected);
        assert_contains(found, "/new ");
        assert_contains(found, "/below/elsewhere/in/3 ");
        g_assert_null(strstr(found, "/etc/group "));
        g_assert_null(strstr(found, "/below/replaced/old"));
}

/* The same, in all states, and one upon the other. */
static void test_content(void)
{
        Client *callers[] = {alice, client};

        for (size_t i = 0; i < G_N_ELEMENTS(callers); i++) {
                root_image_new(callers[i], "base", below);
                g_autofree char *mounts = g_strdup("[{'type': <'bind'>, 'destination': <'/'>, 'image': <'base'>,"
                                                   " 'output': <true>}]");
                g_autoptr(Container) container = container_new(callers[i], .mounts = mounts);

                commit(container, 0, "created");
                g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"));
                g_assert_cmpuint(process_run(container, NULL, .script = change), ==, 0);
                g_autofree char *expected = list(container);
                commit(container, 0, "running");
                g_autofree char *state = container_state(container);
                g_assert_cmpstr(state, ==, "running");
                assert_image_shows(callers[i], "running", expected);
                process_signal(container, init->id, "KILL", "");
                (void) process_wait(container, init->id, NULL);
                commit(container, 0, "exited");
                assert_image_shows(callers[i], "exited", expected);
                container_release(container);
                assert_image_shows(callers[i], "running", expected);

                g_autoptr(Container) untouched = container_of_image(callers[i], "created");
                g_assert_true(has_file(untouched, "/below/gone/x/2"));
                g_assert_false(has_file(untouched, "/new"));

                g_autoptr(Container) second = container_of_image_started(callers[i], "running");
                g_assert_cmpuint(process_run(second, NULL, .script = "rm /below/file/y; touch -d @99 /below/file"), ==,
                                 0);
                g_autofree char *further = list(second);
                commit(second, 0, "running");
                assert_image_shows(callers[i], "running", further);
                container_release(second);
                container_release(untouched);
        }
        images_clear();
}

/* A mount without an image, whose files become one by themselves; and a part of an image, of which the whole is
 * committed. */
static void test_other_mounts(void)
{
        root_image_new(client, "base", below);
        g_autoptr(Container) container = container_new_started(
                client, .mounts = "[{'type': <'bind'>, 'destination': <'/out'>, 'output': <true>},"
                                  " {'type': <'bind'>, 'destination': <'/'>, 'source': <handle 0>},"
                                  " {'type': <'bind'>, 'destination': <'/part'>, 'image': <'base'>,"
                                  "  'selector': <'below'>, 'output': <true>}]");

        g_assert_cmpuint(process_run(container, NULL, .script = "echo o > /out/o; mkdir /out/d; echo p > /part/p"), ==,
                         0);
        commit(container, 0, "out");
        commit(container, 2, "part");
        g_autoptr(Container) shown = container_new(
                client, .mounts =
                                "[{'type': <'bind'>, 'destination': <'/'>, 'image': <'part'>},"
                                " {'type': <'bind'>, 'destination': <'/out'>, 'image': <'out'>, 'read-only': <true>}]");
        assert_reads(shown, 0, "/below/p", "p\n");
        assert_reads(shown, 0, "/below/file", "4\n");
        assert_reads(shown, 1, "/o", "o\n");
        g_autoptr(GVariant) entries = files_list(shown, 1, "/", NULL);
        g_assert_cmpuint(g_variant_n_children(entries), ==, 2);
        container_release(container);
        container_release(shown);
        images_clear();
}

/* Mount points that nobody used for anything else are none of what was written. */
static void test_mount_points(void)
{
        root_image_new(alice, "base", "rmdir proc sys dev");
        g_autoptr(Container) container = container_new_started(
                alice, .mounts = "[{'type': <'bind'>, 'destination': <'/'>, 'image': <'base'>, 'output': <true>},"
                                 " {'type': <'tmpfs'>, 'destination': <'/a/b/c'>},"
                                 " {'type': <'tmpfs'>, 'destination': <'/kept/d'>},"
                                 " {'type': <'tmpfs'>, 'destination': <'/opt'>},"
                                 " {'type': <'bind'>, 'destination': <'/a/file'>, 'image': <'base'>,"
                                 "  'selector': <'etc/passwd'>, 'read-only': <true>}]");

        g_assert_cmpuint(
                process_run(container, NULL, .script = "test -s /a/file && echo x > /kept/x && echo y > /a/b/c/y"), ==,
                0);
        commit(container, 0, "result");
        container_release(container);
        g_autoptr(Container) shown = container_of_image(alice, "result");
        static const char *const left_out[] = {"/a", "/proc", "/sys", "/dev", "/kept/d"};
        for (size_t i = 0; i < G_N_ELEMENTS(left_out); i++) {
                g_test_message("%s", left_out[i]);
                g_assert_false(has_file(shown, left_out[i]));
        }
        g_assert_true(has_file(shown, "/kept/x"));
        g_assert_true(has_file(shown, "/opt"));
        container_release(shown);
        images_clear();
}

/* The image knows what its programs are run with, as the one that the root was made from did. */
static void test_settings(void)
{
        g_autofree char *archive = archive_new(
                "mkdir tree && cp -a /var/tmp/gangway-test/template/. tree && tar -cf layer.tar -C tree . && "
                "rm -r tree && sum=$(sha256sum layer.tar | cut -d' ' -f1) && "
                "printf '{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"SET=by the image\"]},"
                "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\"]}}' $sum >config.json && "
                "printf '[{\"Config\":\"config.json\",\"RepoTags\":[\"x:y\"],\"Layers\":[\"layer.tar\"]}]' "
                ">manifest.json");
        int fd = client_open(alice, archive, O_RDONLY);
        g_autofree char *path = image_import(alice, "base", fd, NULL), *output = NULL;
        g_autoptr(GVariant) result = operation_wait(alice, path);

        close_fd(&fd);
        g_autoptr(Container) container = container_of_image(alice, "base");
        /* What has the name of its image by now has no settings. */
        root_image_new(alice, "base", NULL);
        commit(container, 0, "result");
        container_release(container);
        g_autoptr(Container) shown = container_of_image_started(alice, "result");
        g_assert_cmpuint(process_run(shown, &output, .script = "echo \"$SET\""), ==, 0);
        g_assert_cmpstr(output, ==, "by the image");
        container_release(shown);
        images_clear();
}

static void test_refused(void)
{
        root_image_new(alice, "base", NULL);
        g_autoptr(Container) container = container_new(
                alice, .mounts = "[{'type': <'bind'>, 'destination': <'/'>, 'source': <handle 0>, 'output': <true>},"
                                 " {'type': <'tmpfs'>, 'destination': <'/tmpfs'>},"
                                 " {'type': <'bind'>, 'destination': <'/no-output'>, 'image': <'base'>},"
                                 " {'type': <'bind'>, 'destination': <'/read-only'>, 'image': <'base'>,"
                                 "  'read-only': <true>, 'output': <true>},"
                                 " {'type': <'secret'>, 'destination': <'/s'>, 'id': <'none'>, 'optional': <true>},"
                                 " {'type': <'bind'>, 'destination': <'/good'>, 'output': <true>}]");
        static const struct {
                guint index;
                const char *image, *options, *error, *part;
        } cases[] = {
                {0, "x", NULL, ERROR_GANGWAY("NotCommittable"), "folder itself"},
                {1, "x", NULL, ERROR_GANGWAY("NotCommittable"), "tmpfs"},
                {2, "x", NULL, ERROR_GANGWAY("NotCommittable"), "output"},
                {3, "x", NULL, ERROR_GANGWAY("NotCommittable"), "nothing can be written"},
                {4, "x", NULL, ERROR_GANGWAY("NoSuchMount"), "left out"},
                {6, "x", NULL, ERROR_GANGWAY("NoSuchMount"), "6"},
                {G_MAXUINT, "x", NULL, ERROR_GANGWAY("NoSuchMount"), "4294967295"},
                {5, "", NULL, ERROR_INVALID_ARGS, "name"},
                {5, "../x", NULL, ERROR_INVALID_ARGS, "../x"},
                {5, "x", "{'systen': <true>}", ERROR_INVALID_ARGS, "systen"},
                {5, "x", "{'system': <'yes'>}", ERROR_INVALID_ARGS, "system"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
                commit_fails(alice, container, cases[i].index, cases[i].image, cases[i].options, cases[i].error,
                             cases[i].part);
        g_autofree char *images = image_list(alice), *expected = g_strdup_printf(" %u/base", client_uid(alice));
        g_assert_cmpstr(images, ==, expected);
        container_release(container);
        images_clear();
}

/* A container and an image are their owner's; the system's images ask for more. */
static void test_users(void)
{
        root_image_new(alice, "base", NULL);
        g_autoptr(Container) container = container_of_image(alice, "base");

        commit_fails(bob, container, 0, "x", NULL, ERROR_NO_SUCH_CONTAINER, NULL);
        commit_fails(alice, container, 0, "x", "{'system': <true>}", ERROR_INTERACTIVE, "manage-images");
        commit(container, 0, "mine");
        g_autofree char *hers = image_list(alice), *his = image_list(bob);
        g_autofree char *expected = g_strdup_printf(" %u/base %u/mine", client_uid(alice), client_uid(alice));
        g_assert_cmpstr(hers, ==, expected);
        g_assert_cmpstr(his, ==, "");

        polkit_rules("");
        commit_fails(alice, container, 0, "x", NULL, ERROR_INTERACTIVE, "org.gangway1.create");
        polkit_rules(POLKIT_SYSTEM);
        g_autofree char *path = commit_begin(container, 0, "for-all", "{'system': <true>}");
        g_autoptr(GVariant) result = operation_wait(alice, path);
        polkit_rules(POLKIT_USUAL);
        g_autofree char *all = image_list(bob);
        g_assert_cmpstr(all, ==, " system/for-all");
        g_autoptr(Container) shown = container_of_image_started(bob, "for-all");
        container_release(shown);
        container_release(container);
        images_clear();
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/commit/content", test_content},           {"/commit/other-mounts", test_other_mounts},
                {"/commit/mount-points", test_mount_points}, {"/commit/settings", test_settings},
                {"/commit/refused", test_refused},           {"/commit/users", test_users},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
