/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What lies in a container's mounts, read from outside: at any time of its life, no further than its root may read, and
 * never as a way to do more than read.
 */
#include "files.h"

#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

static void assert_times(Container *container)
{
        assert_reads(container, 0, "/etc/gangway-test", "from outside\n");
        g_autoptr(GVariant) entries = files_list(container, 0, "/", NULL);
        g_autoptr(GVariant) etc = find_entry(entries, "etc"), entry = files_stat(container, 0, "etc", NULL);
        assert_text(etc, "type", "directory");
        assert_text(entry, "type", "directory");
}

static void test_times(void)
{
        Client *callers[] = {client, alice};
        Container *first = container_new(client);

        /* The folders that all containers lie in are made with the first of them. */
        container_free(first);
        for (size_t i = 0; i < G_N_ELEMENTS(callers); i++) {
                g_autofree char *root = root_copy(callers[i]), *before = NULL;
                root_write(root, "etc/gangway-test", "from outside\n");
                g_free(shell("chown --reference='%s' '%s/etc/gangway-test'", root, root));
                before = world_snapshot();
                g_autoptr(Container) container = container_new(callers[i], .root = root);

                assert_times(container);
                files_fails(container, "OpenFile", 0, "/made", NULL, ERROR_GANGWAY("NoSuchFile"), "/made");
                g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"));
                g_assert_cmpuint(process_run(container, NULL, .script = "echo one > /made"), ==, 0);
                assert_times(container);
                assert_reads(container, 0, "/made", "one\n");
                /* What the runtime mounts inside is not the root's own. */
                g_autoptr(GVariant) proc = files_list(container, 0, "/proc", NULL);
                g_assert_cmpuint(g_variant_n_children(proc), ==, 0);
                g_assert_cmpuint(process_run(container, NULL, .script = "echo two > /made"), ==, 0);
                process_signal(container, init->id, "KILL", "");
                (void) process_wait(container, init->id, NULL);
                assert_times(container);
                assert_reads(container, 0, "/made", "two\n");
                container_release(container);
                world_assert_same(before);
                g_autofree char *message =
                        client_call_fails(container->client, container->path, "StatFile",
                                          g_variant_new_parsed("(uint32 0, '/', @a{sv} {})"), ERROR_NO_SUCH_CONTAINER);
        }
}

static void test_entries(void)
{
        static const char script[] = "set -e; mkdir /x; cd /x; echo text > file; chown 7:8 file; chmod 4751 file;"
                                     "ln -s ../etc link; mkfifo fifo; mkdir -m 1777 folder;"
                                     "touch -d @981173106 file; touch \"$(printf 'b\\377')\"";
        g_autoptr(Container) container = container_new_started(client);

        g_assert_cmpuint(process_run(container, NULL, .script = script), ==, 0);
        g_autoptr(GVariant) entries = files_list(container, 0, "/x", NULL);
        g_assert_cmpuint(g_variant_n_children(entries), ==, 5);

        g_autoptr(GVariant) file = find_entry(entries, "file"), link = find_entry(entries, "link");
        g_autoptr(GVariant) fifo = find_entry(entries, "fifo"), folder = find_entry(entries, "folder");
        g_autoptr(GVariant) first = g_variant_get_child_value(entries, 0);
        g_autofree char *printed = g_variant_print(file, TRUE);
        g_assert_cmpstr(printed, ==,
                        "{'name': <'file'>, 'type': <'file'>, 'size': <uint64 5>, 'mode': <uint32 2537>, "
                        "'uid': <uint32 7>, 'gid': <uint32 8>, 'mtime': <int64 981173106000000>}");
        assert_text(link, "type", "symlink");
        assert_text(link, "target", "../etc");
        assert_text(fifo, "type", "fifo");
        assert_text(folder, "type", "directory");
        g_autoptr(GVariant) mode = g_variant_lookup_value(folder, "mode", G_VARIANT_TYPE_UINT32);
        g_assert_cmpuint(g_variant_get_uint32(mode), ==, 01777);
        /* No UTF-8: bytes, as they are, and back again. */
        g_autoptr(GVariant) bytes = g_variant_lookup_value(first, "name-bytes", G_VARIANT_TYPE_BYTESTRING);
        g_assert_nonnull(bytes);
        g_assert_cmpmem(g_variant_get_data(bytes), g_variant_get_size(bytes), "b\xff", 2);
        g_assert_false(g_variant_lookup(first, "name", "s", NULL));

        g_autoptr(GVariant) same = files_stat(container, 0, "", "{'path-bytes': <[byte 0x78, 0x2f, 0x62, 0xff]>}");
        assert_text(same, "type", "file");
        g_autoptr(GVariant) itself = files_stat(container, 0, "x/link", NULL);
        assert_text(itself, "target", "../etc");
        g_autoptr(GVariant) followed = files_stat(container, 0, "x/link", "{'follow': <true>}");
        assert_text(followed, "type", "directory");
}

static void test_refused(void)
{
        static const struct {
                const char *member, *path, *options, *error, *part;
                guint index;
        } cases[] = {
                {"OpenFile", "/nonesuch", NULL, ERROR_GANGWAY("NoSuchFile"), "/nonesuch", 0},
                {"OpenFile", "/etc", NULL, ERROR_GANGWAY("NotAFile"), "directory", 0},
                {"OpenFile", "/fifo", NULL, ERROR_GANGWAY("NotAFile"), "fifo", 0},
                {"OpenFile", "/socket", NULL, ERROR_GANGWAY("NotAFile"), "socket", 0},
                {"OpenFile", "/zero", NULL, ERROR_GANGWAY("NotAFile"), "character", 0},
                {"OpenFile", "/loop", NULL, ERROR_GANGWAY("NoSuchFile"), "/loop", 0},
                {"OpenFile", "/etc/passwd/x", NULL, ERROR_GANGWAY("NotADirectory"), "passwd/x", 0},
                {"OpenFile", "/../etc/passwd", NULL, ERROR_INVALID_ARGS, "leaves the mount", 0},
                {"OpenFile", "/etc/passwd", NULL, ERROR_GANGWAY("NoSuchMount"), "1", 1},
                {"OpenFile", "/etc/passwd", NULL, ERROR_GANGWAY("NoSuchMount"), "4294967295", G_MAXUINT},
                {"OpenFile", "/etc/passwd", "{'follow': <true>}", ERROR_INVALID_ARGS, "follow", 0},
                {"OpenFile", "/x", "{'path-bytes': <b'/etc/passwd'>}", ERROR_INVALID_ARGS, "path-bytes", 0},
                {"OpenFile", "", "{'path-bytes': <[byte 0x61, 0x00, 0x62]>}", ERROR_INVALID_ARGS, "zero", 0},
                {"StatFile", "/nonesuch", NULL, ERROR_GANGWAY("NoSuchFile"), "/nonesuch", 0},
                {"StatFile", "/etc/..//../x", NULL, ERROR_INVALID_ARGS, "leaves the mount", 0},
                {"StatFile", "/etc", NULL, ERROR_GANGWAY("NoSuchMount"), "7", 7},
                {"ReadDirectory", "/etc/passwd", NULL, ERROR_GANGWAY("NotADirectory"), "/etc/passwd", 0},
                {"ReadDirectory", "/fifo", NULL, ERROR_GANGWAY("NotADirectory"), "/fifo", 0},
                {"ReadDirectory", "..", NULL, ERROR_INVALID_ARGS, "leaves the mount", 0},
                {"ReadDirectory", "/", "{'limit': <uint32 0>}", ERROR_INVALID_ARGS, "limit", 0},
                {"ReadDirectory", "/", "{'limit': <uint32 4097>}", ERROR_INVALID_ARGS, "4097", 0},
                {"ReadDirectory", "/", "{'after': <'x'>}", ERROR_INVALID_ARGS, "limit", 0},
                {"ReadDirectory", "/", NULL, ERROR_GANGWAY("NoSuchMount"), "2", 2},
        };
        g_autofree char *root = root_copy(NULL), *longest = g_strnfill(5000, 'x');
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", root);
        g_assert_no_errno(bind(fd, (struct sockaddr *) &address, sizeof(address)));
        g_free(shell("cd '%s' && mkfifo fifo && ln -s loop loop && mknod zero c 1 5", root));
        g_autoptr(Container) container = container_new(client, .root = root);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
                files_fails(container, cases[i].member, cases[i].index, cases[i].path, cases[i].options, cases[i].error,
                            cases[i].part);
        files_fails(container, "StatFile", 0, longest, NULL, ERROR_INVALID_ARGS, "5000");
        close_fd(&fd);
}

/* What the container's root can't read, its owner can't read by way of us either. */
static void test_rights(void)
{
        static const char *const mounts[] = {"{'output': <true>}", "{}"};

        for (size_t i = 0; i < G_N_ELEMENTS(mounts); i++) {
                g_autofree char *root = root_copy(alice);

                g_free(shell("cd '%s' && echo x > of-root && chmod 600 of-root && mkdir -m 700 closed && "
                             "echo x > closed/file && echo mine > own && chown alice: own && chmod 200 own && "
                             "echo all > all",
                             root));
                g_autoptr(Container) container = container_new(alice, .root = root, .mount = mounts[i]);
                files_fails(container, "OpenFile", 0, "of-root", NULL, ERROR_ACCESS_DENIED, "of-root");
                files_fails(container, "OpenFile", 0, "closed/file", NULL, ERROR_ACCESS_DENIED, "closed/file");
                files_fails(container, "StatFile", 0, "closed/file", NULL, ERROR_ACCESS_DENIED, "closed/file");
                files_fails(container, "ReadDirectory", 0, "closed", NULL, ERROR_ACCESS_DENIED, "closed");
                assert_reads(container, 0, "own", "mine\n");
                assert_reads(container, 0, "all", "all\n");
                g_autoptr(GVariant) entry = files_stat(container, 0, "of-root", NULL);
                g_autoptr(GVariant) own = files_stat(container, 0, "own", NULL);
                g_assert_cmpuint(number(entry, "uid"), ==, 65534);
                g_assert_cmpuint(number(own, "uid"), ==, 0);
        }
}

/* Its holder may open the file again by way of the fd. */
static void test_only_to_read(void)
{
        g_autofree char *root = root_copy(alice);
        struct statvfs info;

        g_free(shell("cd '%s' && echo x > file && cp /bin/true program && chown alice: file program && "
                     "chmod 666 file && chmod 6777 program",
                     root));
        g_autoptr(Container) container = container_new(alice, .root = root, .mount = "{'output': <true>}");
        int fd = files_open(container, 0, "program");
        g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

        g_assert_cmpint(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), ==, O_RDONLY);
        int again = open(path, O_RDWR | O_CLOEXEC);
        g_assert_cmpint(again, ==, -1);
        g_assert_cmpint(fstatvfs(fd, &info), ==, 0);
        g_assert_cmpuint(info.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC), ==,
                         ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC);
        close_fd(&fd);
        /* The container itself writes as before. */
        g_autoptr(Process) init = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"));
        g_assert_cmpuint(process_run(container, NULL, .script = "echo y > /file"), ==, 0);
        assert_reads(container, 0, "file", "y\n");
}

static void test_many_entries(void)
{
        g_autofree char *root = root_copy(NULL), *after = g_strdup("");
        guint n = 0;

        g_free(shell("mkdir '%s/many' && cd '%s/many' && seq -f 'a-file-with-a-name-%%05g' 1 5000 | xargs touch", root,
                     root));
        g_autoptr(Container) container = container_new(client, .root = root);
        files_fails(container, "ReadDirectory", 0, "many", NULL, ERROR_LIMITS_EXCEEDED, "limit");
        for (guint got = 2000; got == 2000; n += got) {
                g_autofree char *options = g_strdup_printf("{'limit': <uint32 2000>, 'after': <'%s'>}", after);
                g_autoptr(GVariant) entries = files_list(container, 0, "many", options);

                got = (guint) g_variant_n_children(entries);
                for (guint i = 0; i < got; i++) {
                        g_autoptr(GVariant) entry = g_variant_get_child_value(entries, i);
                        g_autofree char *expected = g_strdup_printf("a-file-with-a-name-%05u", n + i + 1);
                        assert_text(entry, "name", expected);
                }
                g_free(after);
                after = g_strdup_printf("a-file-with-a-name-%05u", n + got);
        }
        g_assert_cmpuint(n, ==, 5000);
        g_free(shell("rm -r '%s/many/a-file-with-a-name-04'*", root));
}

static void test_others(void)
{
        g_autoptr(Container) container = container_new(alice);

        for (size_t i = 0; i < 3; i++) {
                const char *member = (const char *const[]){"OpenFile", "ReadDirectory", "StatFile"}[i];
                g_autofree char *message = client_call_fails(bob, container->path, member,
                                                             g_variant_new_parsed("(uint32 0, '/etc', @a{sv} {})"),
                                                             ERROR_NO_SUCH_CONTAINER);
        }
        polkit_rules("if (action.id == 'org.gangway1.manage-others') return polkit.Result.YES;");
        g_autoptr(GVariant) entry =
                client_call(bob, container->path, "StatFile", g_variant_new_parsed("(uint32 0, '/etc', @a{sv} {})"));
        polkit_rules(POLKIT_USUAL);
}

/* Indexes are those of the caller's order, and a mount shows what is its own, also where another stands upon it. */
static void test_several_mounts(void)
{
        static const char mounts[] =
                "[{'type': <'tmpfs'>, 'destination': <'/memory'>},"
                " {'type': <'bind'>, 'destination': <'/memory/scratch'>},"
                " {'type': <'bind'>, 'destination': <'/'>, 'source': <handle 0>},"
                " {'type': <'bind'>, 'destination': <'/one'>, 'source': <handle 0>, 'selector': <'etc/passwd'>,"
                "  'read-only': <true>},"
                " {'type': <'secret'>, 'destination': <'/run/secrets/it'>, 'id': <'it'>, 'mode': <uint32 256>,"
                "  'uid': <uint32 7>}]";
        g_autoptr(Container) container =
                container_new_started(client, .mounts = mounts, .options = "{'secrets': <{'it': <b'secret'>}>}");
        g_autoptr(GVariant) listed = client_property(client, container->path, "Mounts");
        g_autofree char *text = g_variant_print(listed, FALSE), *passwd = file_text("%s/etc/passwd", root_shared());
        g_autofree char *whole = g_strconcat(passwd, "\n", NULL);

        g_assert_cmpstr(text, ==,
                        "[(0, 'tmpfs', '/memory'), (1, 'bind', '/memory/scratch'), (2, 'bind', '/'), "
                        "(3, 'bind', '/one'), (4, 'secret', '/run/secrets/it')]");
        g_assert_cmpuint(process_run(container, NULL,
                                     .script = "echo m > /memory/file && echo s > /memory/scratch/file && "
                                               "echo r > /file && ln -s /file /memory/link && test -s /one"),
                         ==, 0);
        assert_reads(container, 0, "/file", "m\n");
        assert_reads(container, 1, "/file", "s\n");
        assert_reads(container, 2, "/file", "r\n");
        assert_reads(container, 3, "", whole);
        assert_reads(container, 3, "/", whole);
        /* A mount's own top is the root of its symlinks. */
        assert_reads(container, 0, "/link", "m\n");
        g_autoptr(GVariant) memory = files_list(container, 2, "/memory", NULL);
        g_autoptr(GVariant) scratch = files_list(container, 0, "/scratch", NULL);
        g_assert_cmpuint(g_variant_n_children(memory) + g_variant_n_children(scratch), ==, 0);
        g_autoptr(GVariant) secret = files_stat(container, 4, "", NULL);
        g_assert_cmpuint(number(secret, "uid"), ==, 7);
        g_assert_cmpuint(number(secret, "mode"), ==, 0400);
        files_fails(container, "StatFile", 3, "passwd", NULL, ERROR_GANGWAY("NotADirectory"), "passwd");
        files_fails(container, "ReadDirectory", 3, "/", NULL, ERROR_GANGWAY("NotADirectory"), "'/'");
        files_fails(container, "StatFile", 5, "/", NULL, ERROR_GANGWAY("NoSuchMount"), "5");
}

/* An optional one whose secret was not given is left out, and keeps its index. */
static void test_left_out(void)
{
        g_autoptr(Container) container = container_new(
                client, .mounts = "[{'type': <'secret'>, 'destination': <'/s'>, 'id': <'none'>, 'optional': <true>},"
                                  " {'type': <'bind'>, 'destination': <'/'>, 'source': <handle 0>}]");

        files_fails(container, "StatFile", 0, "/", NULL, ERROR_GANGWAY("NoSuchMount"), "left out");
        g_autoptr(GVariant) entry = files_stat(container, 1, "/etc", NULL);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/files/times", test_times},
                {"/files/entries", test_entries},
                {"/files/refused", test_refused},
                {"/files/rights", test_rights},
                {"/files/only-to-read", test_only_to_read},
                {"/files/many-entries", test_many_entries},
                {"/files/others", test_others},
                {"/files/several-mounts", test_several_mounts},
                {"/files/left-out", test_left_out},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
