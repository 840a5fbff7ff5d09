/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ls and cp: the files of a container that is not started, runs, or has ended, also where it chooses odd names.
 */
#include "ctl.h"

#define OUT "/tmp/ctl-files"

static char *name_of(Container *container)
{
        return client_property_string(client, container->path, "Name");
}

static char *output_of(const char *const *argv)
{
        char *output = NULL;

        g_assert_cmpint(ctl_run(&output, NULL, argv), ==, 0);
        return output;
}

static void in_container(const char *name, const char *script)
{
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("exec", name, "sh", "-c", script)), ==, 0);
}

static void new_folder(void)
{
        g_free(shell("rm -rf " OUT " && mkdir -m 755 " OUT));
}

static void test_list(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = name_of(container), *folder = g_strdup_printf("%s:/d", name),
                        *file = g_strdup_printf("%s:d/../d//file", name), *link = g_strdup_printf("%s:/link", name),
                        *link_folder = g_strdup_printf("%s/", link), *ghost = g_strdup_printf("%s:/d/ghost", name),
                        *no_folder = g_strdup_printf("%s:/d/file/x", name), *errors = NULL;

        in_container(name, "mkdir /d; cd /d; mkdir -m 1777 sub; printf abc >file; chmod 640 file; chown 7:8 file; "
                           "ln -s file sym; mkfifo -m 600 pipe; ln -s d /link");
        g_autofree char *plain = output_of(CTL("ls", folder)), *lines = output_of(CTL("ls", "-l", folder)),
                        *one = output_of(CTL("ls", file)), *followed = output_of(CTL("ls", link)),
                        *itself = output_of(CTL("ls", "-l", link)), *slash = output_of(CTL("ls", "-l", link_folder)),
                        *json = output_of(CTL("ls", "--json", file));
        g_assert_cmpstr(plain, ==, "file\npipe\nsub\nsym\n");
        g_assert_cmpstr(followed, ==, plain);
        g_assert_cmpstr(one, ==, "d/../d//file\n");
        g_assert_true(g_regex_match_simple("^-rw-r-----     7     8          3 20[0-9-]+ [0-9:]+ file\n"
                                           "prw-------     0     0          0 20[0-9-]+ [0-9:]+ pipe\n"
                                           "drwxrwxrwt     0     0 +[0-9]+ 20[0-9-]+ [0-9:]+ sub\n"
                                           "lrwxrwxrwx     0     0          4 20[0-9-]+ [0-9:]+ sym -> file\n$",
                                           lines, 0, 0));
        g_assert_cmpstr(slash, ==, lines);
        g_assert_true(g_regex_match_simple("^lrwx.* /link -> d\n$", itself, 0, 0));
        assert_contains(json, "\"type\" : \"file\"");
        assert_contains(json, "\"size\" : 3");
        assert_contains(json, "\"uid\" : 7");
        g_assert_cmpint(ctl_run(NULL, &errors, CTL("ls", ghost)), ==, 125);
        assert_contains(errors, "ghost");
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("ls", no_folder)), ==, 125);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("ls", name)), ==, 125);
}

/* No name does anything to a terminal, and none is changed where programs read it. */
static void test_odd_names(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = name_of(container), *folder = g_strdup_printf("%s:/d", name),
                        *contents = g_strdup_printf("%s:/d/.", name);
        Seat seat;

        in_container(name, "mkdir /d; cd /d; printf '%s\\n' x >\"$(printf 'a\\033[2Jb\\nc\\377')\"");
        g_autofree char *raw = output_of(CTL("ls", folder)), *lines = output_of(CTL("ls", "-l", folder));
        g_assert_cmpstr(raw, ==, "a\033[2Jb\nc\377\n");
        assert_contains(lines, " a\\033[2Jb\\012c\\377\n");
        seat_new(&seat, CTL("ls", folder));
        g_autofree char *screen = read_text(seat.screen, "\n");
        g_assert_cmpstr(screen, ==, "a\\033[2Jb\\012c\\377\r\n");
        g_assert_cmpint(seat_end(&seat), ==, 0);
        new_folder();
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("cp", contents, OUT)), ==, 0);
        g_autofree char *copied = shell("cat " OUT "/*");
        g_assert_cmpstr(copied, ==, "x");
}

/* More entries than one answer holds. */
static void test_many(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = name_of(container), *folder = g_strdup_printf("%s:/d", name);

        in_container(name, "mkdir /d; cd /d; seq 10001 | xargs touch");
        g_autofree char *listed = output_of(CTL("ls", folder)), *expected = shell("seq 10001 | LC_ALL=C sort");
        g_assert_cmpstr(g_strchomp(listed), ==, expected);
}

static void test_copy(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = name_of(container), *folder = g_strdup_printf("%s:/d", name),
                        *contents = g_strdup_printf("%s:/d/.", name), *file = g_strdup_printf("%s:/d/bin", name),
                        *pipe = g_strdup_printf("%s:/d/pipe", name), *hostile = g_strdup_printf("%s:/h/.", name),
                        *errors = NULL;

        in_container(name, "mkdir -p /d/deep/er; cd /d; cp /bin/busybox bin; chmod 4755 bin; echo text >deep/er/file; "
                           "ln -s /etc/passwd link; mkfifo pipe; touch -d '2001-02-03 04:05:06' deep/er/file; "
                           "chmod 700 deep; dd if=/dev/zero of=sparse bs=1 count=1 seek=1000000000 2>/dev/null");
        new_folder();
        g_assert_cmpint(ctl_run(NULL, &errors, CTL("cp", folder, OUT)), ==, 0);
        assert_contains(errors, "'pipe'");
        g_free(shell("cd " OUT "/d && cmp bin '%s/bin/busybox' && test \"$(stat -c '%%a %%U' bin)\" = '755 root' && "
                     "test \"$(readlink link)\" = /etc/passwd && test \"$(cat deep/er/file)\" = text && "
                     "test \"$(stat -c %%y deep/er/file)\" = '2001-02-03 04:05:06.000000000 +0000' && "
                     "test \"$(stat -c %%a deep)\" = 700 && test ! -e pipe && "
                     "test \"$(stat -c %%s sparse)\" = 1000000001 && test \"$(stat -c %%b sparse)\" -lt 100",
                     root_shared()));
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("cp", contents, OUT "/as")), ==, 0);
        g_free(shell("diff -r --no-dereference " OUT "/d " OUT "/as"));
        g_autofree char *script = g_strdup_printf("gangwayctl cp '%s' - | cmp - '%s/bin/busybox'", file, root_shared());
        g_assert_cmpint(ctl_run(NULL, NULL, ARGV("sh", "-c", script)), ==, 0);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("cp", pipe, OUT "/pipe")), ==, 125);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("cp", folder, "-")), ==, 125);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("cp", OUT "/d", folder)), ==, 125);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("cp", "ghost:/", OUT)), ==, 125);

        /* What is in the way is replaced, not followed. */
        in_container(name, "mkdir /h; echo evil >/h/one; mkdir /h/two; echo evil >/h/two/file");
        g_free(shell("cd " OUT " && echo stays >victim && mkdir kept to && ln -s ../victim to/one && "
                     "ln -s ../kept to/two"));
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("cp", hostile, OUT "/to")), ==, 125);
        g_free(shell("cd " OUT " && test \"$(cat victim)\" = stays && test ! -L to/one && test ! -e kept/file"));
}

/* The innermost mount is the one that is read, before the start and after the end, too. */
static void test_mounts(void)
{
        g_autofree char *root = root_copy(NULL);

        root_write(root, "mnt/hidden", "hidden");
        g_assert_cmpint(ctl_run(NULL, NULL,
                                CTL("create", "ctl-files", "--rootfs", root, "--mount", "type=scratch,dst=/mnt",
                                    "--mount", "type=tmpfs,dst=/mnt/inner")),
                        ==, 0);
        g_autofree char *before = output_of(CTL("ls", "ctl-files:/mnt")),
                        *os = output_of(CTL("cp", "ctl-files:/etc/hostname", "-"));
        g_assert_null(strstr(before, "hidden"));
        g_assert_cmpstr(os, ==, "busybox\n");
        g_assert_cmpint(ctl_run(NULL, NULL,
                                CTL("start", "ctl-files", "sh", "-c",
                                    "echo one >/one; echo two >/mnt/two; echo three >/mnt/inner/three")),
                        ==, 0);
        g_autofree char *one = output_of(CTL("cp", "ctl-files:/one", "-")),
                        *two = output_of(CTL("cp", "ctl-files:/mnt/two", "-")),
                        *three = output_of(CTL("cp", "ctl-files:/mnt/inner/../inner/three", "-"));
        g_assert_cmpstr(one, ==, "one\n");
        g_assert_cmpstr(two, ==, "two\n");
        g_assert_cmpstr(three, ==, "three\n");
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("release", "ctl-files")), ==, 0);
}

static const Test tests[] = {
        {"/ctl-files/list", test_list}, {"/ctl-files/odd-names", test_odd_names}, {"/ctl-files/many", test_many},
        {"/ctl-files/copy", test_copy}, {"/ctl-files/mounts", test_mounts},
};

int main(int argc, char **argv)
{
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
