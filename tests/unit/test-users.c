/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Users by a container's own files, which may be anything that its author likes. */

#include <errno.h>
#include <sys/stat.h>

#include "launcher/users.h"
#include "unit.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
                             "# a remark\n"
                             "web:x:1000:1001:,,,:/srv:/bin/sh\n"
                             "no colons at all\n"
                             "short:x:5\n"
                             "letters:x:abc:def::/:\n"
                             "\n"
                             "1234:x:77:78::/:/bin/sh\n"
                             "twice:x:21:21::/:\n"
                             "twice:x:22:22::/:\n"
                             "bare:x:23:24::/:";
static const char group[] = "root:x:0:\n"
                            "web:x:1001:web\n"
                            "audio:x:29:web,root\n"
                            "broken\n"
                            "video:x:44:root,web,bare\n"
                            "99:x:55:\n"
                            "empty:x:66:\n";

typedef struct Fixture {
        char *tree;
        int outside, root;
} Fixture;

static void write_file(int folder, const char *path, const char *text)
{
        _cleanup_close_ int fd = openat(folder, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
}

static void remove_file(Fixture *f, const char *path)
{
        g_assert_cmpint(unlinkat(f->root, path, 0), ==, 0);
}

static void fixture_set_up(Fixture *f, gconstpointer data)
{
        f->tree = make_tree();
        f->outside = open(f->tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        write_file(f->outside, "passwd", "outsider:x:66:66::/:\n");
        g_assert_cmpint(mkdirat(f->outside, "root", 0755), ==, 0);
        f->root = openat(f->outside, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        g_assert_cmpint(mkdirat(f->root, "etc", 0755), ==, 0);
        write_file(f->root, "etc/passwd", passwd);
        write_file(f->root, "etc/group", group);
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
        safe_close(f->root);
        safe_close(f->outside);
        remove_tree(&f->tree);
}

static void assert_user(Fixture *f, const char *spec, uint32_t uid, uint32_t gid, size_t n_groups,
                        const uint32_t *groups)
{
        unsigned before = count_fds();
        char message[256] = "";
        User user;
        int r;

        g_test_message("'%s'", spec);
        r = user_lookup(f->root, spec, &user, message, sizeof(message));
        if (r < 0)
                g_error("%s", message);
        g_assert_cmpint(r, ==, 0);
        g_assert_cmpuint(user.uid, ==, uid);
        g_assert_cmpuint(user.gid, ==, gid);
        g_assert_cmpmem(user.groups, user.n_groups * sizeof(uint32_t), groups, n_groups * sizeof(uint32_t));
        g_assert_cmpuint(count_fds(), ==, before);
}

static void assert_home(Fixture *f, const char *spec, const char *home)
{
        char message[256] = "";
        User user;

        g_test_message("'%s'", spec);
        g_assert_cmpint(user_lookup(f->root, spec, &user, message, sizeof(message)), ==, 0);
        g_assert_cmpstr(user.home, ==, home);
}

static void assert_unknown(Fixture *f, const char *spec, const char *part)
{
        unsigned before = count_fds();
        char message[256] = "";
        User user = {.uid = 4711};

        g_test_message("'%s'", spec);
        g_assert_cmpint(user_lookup(f->root, spec, &user, message, sizeof(message)), ==, -EINVAL);
        g_assert_cmpuint(user.uid, ==, 4711);
        if (!strstr(message, part))
                g_error("'%s' is not in the message: %s", part, message);
        g_assert_cmpuint(count_fds(), ==, before);
}

static void test_names(Fixture *f, gconstpointer data)
{
        static const uint32_t web[] = {29, 44}, root[] = {29, 44}, bare[] = {44};

        assert_user(f, "web", 1000, 1001, 2, web);
        assert_user(f, "root", 0, 0, 2, root);
        /* The last line has no end. */
        assert_user(f, "bare", 23, 24, 1, bare);
        assert_user(f, "twice", 21, 21, 0, NULL);
        /* A name may look like a number, and a name counts first. */
        assert_user(f, "1234", 77, 78, 0, NULL);
}

static void test_ids(Fixture *f, gconstpointer data)
{
        static const uint32_t web[] = {29, 44};

        assert_user(f, "1000", 1000, 1001, 2, web);
        assert_user(f, "5000", 5000, 0, 0, NULL);
        assert_user(f, "4294967294", 4294967294U, 0, 0, NULL);
        assert_unknown(f, "4294967295", "'4294967295'");
        assert_unknown(f, "18446744073709551616", "'18446744073709551616'");
        assert_unknown(f, "-1", "'-1'");
        assert_unknown(f, "+1", "'+1'");
        assert_unknown(f, " 1", "' 1'");
        assert_unknown(f, "0x10", "'0x10'");
}

/* With a group given there are no supplementary ones. */
static void test_groups(Fixture *f, gconstpointer data)
{
        assert_user(f, "web:audio", 1000, 29, 0, NULL);
        assert_user(f, "web:29", 1000, 29, 0, NULL);
        assert_user(f, "web:7", 1000, 7, 0, NULL);
        assert_user(f, "5000:empty", 5000, 66, 0, NULL);
        /* The group of this name is not asked about where both are numbers. */
        assert_user(f, "5000:99", 5000, 99, 0, NULL);
        assert_user(f, "1000:1", 1000, 1, 0, NULL);
        assert_user(f, "web:99", 1000, 55, 0, NULL);
        assert_unknown(f, "web:nonesuch", "'nonesuch'");
        assert_unknown(f, "web:4294967295", "'4294967295'");
        assert_unknown(f, "web:", "''");
        assert_unknown(f, "web:audio:x", "'audio:x'");
}

/* Nobody is named, so the files may be missing; if they are there, they tell the home. */
static void test_literal(Fixture *f, gconstpointer data)
{
        assert_user(f, "", 0, 0, 0, NULL);
        assert_user(f, "1000:7", 1000, 7, 0, NULL);
        assert_user(f, "4294967294:4294967294", 4294967294U, 4294967294U, 0, NULL);
        assert_home(f, "", "/root");
        assert_home(f, "1000:7", "/srv");
        assert_home(f, "5000:7", "/");
        remove_file(f, "etc/passwd");
        remove_file(f, "etc/group");
        assert_user(f, "", 0, 0, 0, NULL);
        assert_user(f, "1000:7", 1000, 7, 0, NULL);
        assert_home(f, "", "/");
        g_assert_cmpint(mkfifoat(f->root, "etc/group", 0644), ==, 0);
        assert_unknown(f, "", "/etc/group must be a regular file");
        assert_unknown(f, "1000:7", "/etc/group must be a regular file");
        g_assert_cmpint(mkfifoat(f->root, "etc/passwd", 0644), ==, 0);
        assert_unknown(f, "", "/etc/passwd must be a regular file");
}

static void test_home(Fixture *f, gconstpointer data)
{
        g_autofree char *longest = g_strnfill(USER_HOME_MAX - 2, 'x'), *too_long = g_strnfill(USER_HOME_MAX - 1, 'x');
        g_autofree char *text = g_strdup_printf("long:x:1:1::/%s:\ntoolong:x:2:2::/%s:\n"
                                                "empty:x:3:3:::\nrelative:x:4:4::srv:\nshort:x:5:5\n",
                                                longest, too_long);
        g_autofree char *path = g_strconcat("/", longest, NULL);

        assert_home(f, "web", "/srv");
        assert_home(f, "1000", "/srv");
        assert_home(f, "web:audio", "/srv");
        assert_home(f, "5000", "/");
        write_file(f->root, "etc/passwd", text);
        assert_home(f, "long", path);
        assert_home(f, "toolong", "/");
        assert_home(f, "empty", "/");
        assert_home(f, "relative", "/");
}

static void test_unknown(Fixture *f, gconstpointer data)
{
        assert_unknown(f, "nonesuch", "'nonesuch'");
        assert_unknown(f, "Web", "'Web'");
        assert_unknown(f, "web ", "'web '");
        assert_unknown(f, ":0", "''");
        assert_unknown(f, "outsider", "'outsider'");
        /* Lines that are none. */
        assert_unknown(f, "letters", "'letters'");
        assert_unknown(f, "no colons at all", "'no colons at all'");
        assert_unknown(f, "# a remark", "'# a remark'");
        assert_unknown(f, "web:broken", "'broken'");
}

static void test_no_files(Fixture *f, gconstpointer data)
{
        remove_file(f, "etc/group");
        assert_user(f, "web", 1000, 1001, 0, NULL);
        assert_unknown(f, "web:audio", "'audio'");
        remove_file(f, "etc/passwd");
        assert_user(f, "1000", 1000, 0, 0, NULL);
        assert_user(f, "1000:7", 1000, 7, 0, NULL);
        assert_unknown(f, "root", "'root'");
        g_assert_cmpint(unlinkat(f->root, "etc", AT_REMOVEDIR), ==, 0);
        assert_user(f, "1000", 1000, 0, 0, NULL);
        write_file(f->root, "etc", "");
        assert_user(f, "1000", 1000, 0, 0, NULL);
}

static void test_symlinks(Fixture *f, gconstpointer data)
{
        static const uint32_t web[] = {29, 44};
        g_autofree char *real = g_build_filename(f->tree, "passwd", NULL);

        remove_file(f, "etc/passwd");
        g_assert_cmpint(symlinkat("../../passwd", f->root, "etc/passwd"), ==, 0);
        assert_unknown(f, "outsider", "'outsider'");
        remove_file(f, "etc/passwd");
        g_assert_cmpint(symlinkat(real, f->root, "etc/passwd"), ==, 0);
        assert_unknown(f, "outsider", "'outsider'");
        remove_file(f, "etc/passwd");
        g_assert_cmpint(symlinkat("passwd", f->root, "etc/passwd"), ==, 0);
        assert_unknown(f, "web", "/etc/passwd");

        /* One that stays inside is as good as the file. */
        remove_file(f, "etc/passwd");
        write_file(f->root, "users", passwd);
        g_assert_cmpint(symlinkat("/users", f->root, "etc/passwd"), ==, 0);
        assert_user(f, "web", 1000, 1001, 2, web);
}

/* Neither blocks, and neither is read. */
static void test_no_regular_files(Fixture *f, gconstpointer data)
{
        remove_file(f, "etc/passwd");
        g_assert_cmpint(mkfifoat(f->root, "etc/passwd", 0644), ==, 0);
        assert_unknown(f, "web", "/etc/passwd must be a regular file");
        assert_unknown(f, "1000", "/etc/passwd must be a regular file");
        remove_file(f, "etc/passwd");
        g_assert_cmpint(mkdirat(f->root, "etc/passwd", 0755), ==, 0);
        assert_unknown(f, "web", "/etc/passwd");
        g_assert_cmpint(unlinkat(f->root, "etc/passwd", AT_REMOVEDIR), ==, 0);
        write_file(f->root, "etc/passwd", passwd);
        remove_file(f, "etc/group");
        g_assert_cmpint(mkfifoat(f->root, "etc/group", 0644), ==, 0);
        assert_unknown(f, "web", "/etc/group must be a regular file");
}

static void test_size(Fixture *f, gconstpointer data)
{
        static const uint32_t web[] = {29, 44};
        _cleanup_close_ int fd = openat(f->root, "etc/passwd", O_WRONLY | O_CLOEXEC);

        g_assert_cmpint(ftruncate(fd, USER_FILE_SIZE_MAX), ==, 0);
        assert_user(f, "web", 1000, 1001, 2, web);
        g_assert_cmpint(ftruncate(fd, USER_FILE_SIZE_MAX + 1), ==, 0);
        assert_unknown(f, "web", "10 MiB");
        g_assert_cmpint(ftruncate(fd, (off_t) 1 << 40), ==, 0);
        assert_unknown(f, "1000", "10 MiB");
}

/* More groups than there is room for: the first ones count. A message that has no room is cut. */
static void test_limits(Fixture *f, gconstpointer data)
{
        g_autoptr(GString) text = g_string_new(NULL);
        uint32_t groups[USER_GROUPS_MAX];
        char message[8];
        User user;

        for (uint32_t i = 0; i < USER_GROUPS_MAX + 10; i++) {
                g_string_append_printf(text, "g%u:x:%u:other,web,web\n", i, 2000 + i);
                if (i < USER_GROUPS_MAX)
                        groups[i] = 2000 + i;
        }
        write_file(f->root, "etc/group", text->str);
        assert_user(f, "web", 1000, 1001, USER_GROUPS_MAX, groups);

        memset(message, '!', sizeof(message));
        g_assert_cmpint(user_lookup(f->root, "nonesuch", &user, message, sizeof(message)), ==, -EINVAL);
        g_assert_cmpuint(strlen(message), ==, sizeof(message) - 1);
}

static void add(const char *name, void (*function)(Fixture *, gconstpointer))
{
        g_test_add(name, Fixture, NULL, fixture_set_up, function, fixture_tear_down);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add("/users/names", test_names);
        add("/users/ids", test_ids);
        add("/users/groups", test_groups);
        add("/users/literal", test_literal);
        add("/users/home", test_home);
        add("/users/unknown", test_unknown);
        add("/users/no-files", test_no_files);
        add("/users/symlinks", test_symlinks);
        add("/users/no-regular-files", test_no_regular_files);
        add("/users/size", test_size);
        add("/users/limits", test_limits);
        return g_test_run();
}
