/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images: what can be imported, how it is named, whose it is, who may change it, and what is left when it goes.
 */
#include "images.h"

#include <sys/socket.h>

#define SYSTEM              "{'system': <true>}"
#define POLKIT_SYSTEM       POLKIT_USUAL "if (action.id == 'org.gangway1.manage-images') return polkit.Result.YES;"
#define ERROR_NO_SUCH_IMAGE ERROR_GANGWAY("NoSuchImage")

static void assert_list(Client *caller, const char *wanted)
{
        g_autofree char *list = image_list(caller);
        g_assert_cmpstr(list, ==, wanted);
}

static void assert_ok(Reply *reply)
{
        g_assert_cmpstr(reply->message, ==, NULL);
        reply_free(reply);
}

static void assert_fails(Reply *reply, const char *error, const char *part)
{
        assert_error(reply, error, part);
        reply_free(reply);
}

static void test_import(void)
{
        int fd = client_open(alice, archive_shared(), O_RDONLY);
        g_autofree char *path = image_import(alice, "host:5000/a/b:1", fd, NULL);
        g_autoptr(GVariant) result = operation_wait(alice, path);
        guint64 size, skipped, created, listed_size;
        const char *image, *digest, *name, *listed_digest;
        gboolean system;
        guint owner;

        g_assert_true(g_variant_lookup(result, "image", "&s", &image));
        g_assert_true(g_variant_lookup(result, "size", "t", &size));
        g_assert_true(g_variant_lookup(result, "digest", "&s", &digest));
        g_assert_true(g_variant_lookup(result, "skipped-devices", "t", &skipped));
        g_assert_cmpstr(image, ==, "host:5000/a/b:1");
        g_assert_cmpuint(size, >=, 300006);
        g_assert_true(g_regex_match_simple("^sha256:[0-9a-f]{64}$", digest, 0, 0));
        g_assert_cmpuint(skipped, ==, 0);

        g_autoptr(GVariant) list = client_call(alice, GANGWAY_PATH, "ListImages", NULL);
        g_autoptr(GVariant) images = g_variant_get_child_value(list, 0);
        g_assert_cmpuint(g_variant_n_children(images), ==, 1);
        g_variant_get_child(images, 0, "(&sbutt&s@a{sv})", &name, &system, &owner, &created, &listed_size,
                            &listed_digest, NULL);
        g_assert_cmpstr(name, ==, image);
        g_assert_false(system);
        g_assert_cmpuint(owner, ==, client_uid(alice));
        g_assert_cmpuint(created, >, (guint64) g_get_real_time() / G_USEC_PER_SEC - 3600);
        g_assert_cmpuint(created, <=, (guint64) g_get_real_time() / G_USEC_PER_SEC + 1);
        g_assert_cmpuint(listed_size, ==, size);
        g_assert_cmpstr(listed_digest, ==, digest);
        close_fd(&fd);
        images_clear();
}

static void test_pipe(void)
{
        g_autoptr(SlowImport) import = slow_import_new(alice, "piped");

        slow_import_end(import);
        g_variant_unref(operation_wait(alice, import->path));
        assert_list(alice, " 5001/piped");
        images_clear();
}

/* A pipe that ends in the middle leaves nothing. */
static void test_cut_pipe(void)
{
        g_autofree char *before = world_snapshot();
        int ends[2];

        make_pipe(ends);
        g_autofree char *path = image_import(alice, "cut", ends[0], NULL);
        close_fd(&ends[0]);
        g_free(shell("head -c 200000 '%s' >/proc/%d/fd/%d", archive_shared(), getpid(), ends[1]));
        close_fd(&ends[1]);
        reply_free(operation_wait_fails(alice, path, ERROR_GANGWAY("InvalidImage"), NULL));
        world_wait_same(before);
        assert_list(alice, "");
}

/* The folder is the caller's alone, and is read with the caller's rights. */
static void test_folder(void)
{
        g_autofree char *folder = g_strdup_printf("%s/layout-%d", g_getenv("GANGWAY_TEST_DIR"), getpid());

        g_free(shell("umoci init --layout '%s' && umoci new --image '%s:latest' && umoci unpack --image '%s:latest' "
                     "'%s.bundle' 2>&1 && echo hello >'%s.bundle/rootfs/greeting' && umoci repack --image '%s:latest' "
                     "'%s.bundle' 2>&1 && rm -rf '%s.bundle' && chown -R alice: '%s' && chmod -R go-rwx '%s'",
                     folder, folder, folder, folder, folder, folder, folder, folder, folder, folder));
        int fd = client_open(alice, folder, O_RDONLY | O_DIRECTORY);
        g_autofree char *path = image_import(alice, "folder", fd, NULL);
        g_variant_unref(operation_wait(alice, path));
        assert_list(alice, " 5001/folder");
        g_autofree char *other = image_import(bob, "folder", fd, NULL);
        Reply *reply = client_try(bob, other, "Wait", NULL);
        g_test_message("with bob's rights: %s", reply->message);
        g_assert_nonnull(reply->error);
        reply_free(reply);
        assert_list(bob, "");
        close_fd(&fd);
        g_free(shell("rm -rf '%s'", folder));
        images_clear();
}

static void test_replaced(void)
{
        g_autofree char *other = archive_new("echo other >other");
        int fd = client_open(alice, other, O_RDONLY);

        image_new(alice, "same", NULL);
        g_autofree char *path = image_import(alice, "same", fd, NULL);
        g_assert_cmpuint(operation_wait_number(alice, path, "size"), <, 100000);
        assert_list(alice, " 5001/same");
        close_fd(&fd);
        images_clear();
}

/* Those of one user, of another, and of the system: who sees which, and which one a name means. */
static void test_owners(void)
{
        polkit_rules(POLKIT_SYSTEM);
        image_new(alice, "mine", NULL);
        image_new(bob, "his", NULL);
        image_new(alice, "ours", SYSTEM);
        image_new(client, "roots", NULL);
        assert_list(alice, " system/ours 5001/mine");
        assert_list(bob, " system/ours 5002/his");
        assert_list(client, " system/ours 0/roots 5001/mine 5002/his");
        assert_fails(image_tag(alice, "his", "x", NULL), ERROR_NO_SUCH_IMAGE, "his");
        assert_fails(image_remove(alice, "his", NULL), ERROR_NO_SUCH_IMAGE, "his");
        assert_fails(image_remove(alice, "his", SYSTEM), ERROR_NO_SUCH_IMAGE, "his");
        assert_fails(image_remove(alice, "nowhere", NULL), ERROR_NO_SUCH_IMAGE, "nowhere");
        assert_fails(image_tag(alice, "nowhere", "x", NULL), ERROR_NO_SUCH_IMAGE, "nowhere");

        /* One of the system gets a further name of one's own, and the other way round. */
        assert_ok(image_tag(bob, "ours", "copy", NULL));
        assert_ok(image_tag(bob, "his", "published", SYSTEM));
        assert_list(bob, " system/ours system/published 5002/copy 5002/his");
        assert_list(alice, " system/ours system/published 5001/mine");

        /* Without the option a user's own are meant, and never those of the system. */
        assert_fails(image_remove(bob, "ours", NULL), ERROR_NO_SUCH_IMAGE, "option 'system'");
        assert_ok(image_tag(bob, "his", "ours", NULL));
        assert_ok(image_remove(bob, "ours", NULL));
        assert_ok(image_remove(bob, "ours", SYSTEM));
        assert_list(bob, " system/published 5002/copy 5002/his");
        images_clear();
        polkit_rules(POLKIT_USUAL);
}

/* Each method asks for what its documentation says, and has no effect before the answer. */
static void test_authorization(void)
{
        int fd = client_open(alice, archive_shared(), O_RDONLY);

        image_new(alice, "there", NULL);
        polkit_rules(POLKIT_SYSTEM);
        image_new(alice, "system", SYSTEM);
        polkit_rules(POLKIT_USUAL);
        assert_fails(image_import_fails(alice, "x", fd, SYSTEM), ERROR_INTERACTIVE, "manage-images");
        assert_fails(image_tag(alice, "there", "x", SYSTEM), ERROR_INTERACTIVE, "manage-images");
        assert_fails(image_remove(alice, "system", SYSTEM), ERROR_INTERACTIVE, "manage-images");
        assert_fails(client_try(alice, GANGWAY_PATH, "PullImage",
                                g_variant_new_parsed("('localhost:5000/x', {'system': <true>})")),
                     ERROR_INTERACTIVE, "manage-images");
        assert_fails(client_try(alice, GANGWAY_PATH, "Prune", g_variant_new_parsed("({'all-users': <true>},)")),
                     ERROR_INTERACTIVE, "manage-others");

        /* manage-images stands for itself, create for one's own. */
        polkit_rules("if (action.id == 'org.gangway1.create') return polkit.Result.NO;"
                     "if (action.id == 'org.gangway1.manage-images') return polkit.Result.YES;");
        assert_fails(image_import_fails(alice, "x", fd, NULL), ERROR_ACCESS_DENIED, "org.gangway1.create");
        assert_fails(image_tag(alice, "there", "x", NULL), ERROR_ACCESS_DENIED, "org.gangway1.create");
        assert_fails(image_remove(alice, "there", NULL), ERROR_ACCESS_DENIED, "org.gangway1.create");
        assert_fails(client_try(alice, GANGWAY_PATH, "PullImage", g_variant_new_parsed("('x', @a{sv} {})")),
                     ERROR_ACCESS_DENIED, "org.gangway1.create");
        assert_fails(client_try(alice, GANGWAY_PATH, "Prune", g_variant_new_parsed("(@a{sv} {},)")),
                     ERROR_ACCESS_DENIED, "org.gangway1.create");
        assert_list(alice, " system/system 5001/there");
        assert_ok(image_remove(alice, "system", SYSTEM));
        assert_list(alice, " 5001/there");
        polkit_rules(POLKIT_USUAL);
        close_fd(&fd);
        images_clear();
}

/* What polkit is told, so that a rule can decide and a person can read it. */
static void test_details(void)
{
        polkit_rules("if (action.id == 'org.gangway1.create' && action.lookup('image') == 'one' && "
                     "action.lookup('new_name') == 'two' && action.lookup('method') == 'TagImage' && "
                     "action.lookup('uid') == '5001' && action.lookup('polkit.message').indexOf('$(new_name)') > 0) "
                     "return polkit.Result.YES;"
                     "if (action.id == 'org.gangway1.create' && action.lookup('method') == 'ImportImage' && "
                     "action.lookup('image') == 'one') return polkit.Result.YES;");
        image_new(alice, "one", NULL);
        assert_ok(image_tag(alice, "one", "two", NULL));
        assert_fails(image_tag(alice, "one", "three", NULL), ERROR_INTERACTIVE, NULL);
        polkit_rules(POLKIT_USUAL);
        images_clear();
}

static void test_arguments(void)
{
        static const struct {
                const char *method, *args, *part;
        } cases[] = {
                {"TagImage", "('a', '-b', @a{sv} {})", "'-b'"},
                {"TagImage", "('', 'b', @a{sv} {})", "can't be an image's name"},
                {"TagImage", "('a', 'b', {'force': <true>})", "'force'"},
                {"TagImage", "('a', 'b', {'system': <'yes'>})", "'system'"},
                {"RemoveImage", "('a/../b', @a{sv} {})", "'a/../b'"},
                {"RemoveImage", "('a', {'force': <true>})", "'force'"},
                {"Prune", "({'older-than': <1>},)", "'older-than'"},
                {"Prune", "({'olderthan': <uint64 1>},)", "'olderthan'"},
                {"PullImage", "('docker://x', @a{sv} {})", "docker://x"},
                {"PullImage", "('--help', @a{sv} {})", "--help"},
                {"PullImage", "('x', {'platform': <'amd64'>})", "'amd64'"},
                {"PullImage", "('x', {'name': <'a b'>})", "'a b'"},
                {"PullImage", "('x', {'insecure': <true>})", "'insecure'"},
        };
        g_autofree char *before = world_snapshot(), *long_name = g_strnfill(256, 'a');

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_test_message("%s%s", cases[i].method, cases[i].args);
                assert_fails(client_try(alice, GANGWAY_PATH, cases[i].method, g_variant_new_parsed(cases[i].args)),
                             ERROR_INVALID_ARGS, cases[i].part);
        }
        int fd = client_open(alice, archive_shared(), O_RDONLY);
        assert_fails(image_import_fails(alice, long_name, fd, NULL), ERROR_INVALID_ARGS, "can't be an image's name");
        assert_fails(image_import_fails(alice, "a", fd, "{'platform': <'linux'>}"), ERROR_INVALID_ARGS, "'linux'");
        assert_fails(image_import_fails(alice, "a", fd, "{'sytem': <true>}"), ERROR_INVALID_ARGS, "'sytem'");
        close_fd(&fd);
        world_assert_same(before);
}

static void test_sources(void)
{
        static const struct {
                const char *path;
                int flags;
        } bad[] = {
                {"/dev/null", O_RDONLY},
                {"/dev/null", O_RDWR},
                {"/etc/passwd", O_PATH},
                {"/etc", O_PATH | O_DIRECTORY},
        };
        g_autofree char *before = world_snapshot();
        int pair[2], ends[2];

        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                int fd = client_open(alice, bad[i].path, bad[i].flags);
                assert_fails(image_import_fails(alice, "a", fd, NULL), ERROR_INVALID_ARGS, "The source is");
                close_fd(&fd);
        }
        g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
        assert_fails(image_import_fails(alice, "a", pair[0], NULL), ERROR_INVALID_ARGS, "neither");
        close_fd(&pair[0]);
        close_fd(&pair[1]);
        make_pipe(ends);
        assert_fails(image_import_fails(alice, "a", ends[1], NULL), ERROR_INVALID_ARGS, "not open for reading");
        close_fd(&ends[0]);
        close_fd(&ends[1]);
        world_assert_same(before);
}

/* The settings of the admin hold for what is imported. */
static void test_limits(void)
{
        static const struct {
                const char *config, *script;
        } cases[] = {
                {"[Limits]\nImageBytes=1M\n", "head -c 1100000 /dev/zero >zeros"},
                {"[Limits]\nImageEntries=10\n", "touch a b c d e f g h i j k"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *large = archive_new(cases[i].script);
                int fd = client_open(alice, large, O_RDONLY);

                daemon_configure(cases[i].config);
                client_barrier(client);
                image_new(alice, "small", NULL);
                g_autofree char *before = world_snapshot(), *path = image_import(alice, "large", fd, NULL);
                reply_free(operation_wait_fails(alice, path, ERROR_GANGWAY("InvalidImage"), NULL));
                world_wait_same(before);
                assert_list(alice, " 5001/small");
                close_fd(&fd);
                images_clear();
        }
        daemon_configure(NULL);
}

static guint64 removal_freed(Client *caller, const char *name)
{
        g_autoptr(Reply) reply = image_remove(caller, name, NULL);
        g_autoptr(GVariant) results = NULL;
        guint64 freed;

        g_assert_cmpstr(reply->message, ==, NULL);
        g_variant_get(reply->body, "(@a{sv})", &results);
        g_assert_true(g_variant_lookup(results, "freed", "t", &freed));
        return freed;
}

/* What two images share stays until the second one goes, and then nothing is left. */
static void test_removed(void)
{
        images_clear(); /* the daemon has the records open from here on */
        g_autofree char *before = world_snapshot();

        image_new(alice, "one", NULL);
        assert_ok(image_tag(alice, "one", "two", NULL));
        image_new(bob, "three", NULL);
        g_assert_cmpuint(removal_freed(alice, "one"), ==, 0);
        g_assert_cmpuint(removal_freed(alice, "two"), ==, 0);
        g_assert_cmpuint(removal_freed(bob, "three"), >=, 300000);
        world_wait_same(before);
}

static char *prune(Client *caller)
{
        g_autoptr(GVariant) body =
                client_call(caller, GANGWAY_PATH, "Prune",
                            g_variant_new_parsed("({'older-than': <uint64 0>, 'keep-bytes': <uint64 0>},)"));
        char *path;

        g_variant_get(body, "(o)", &path);
        return path;
}

/* The first one takes what other tests left. */
static void test_prune(void)
{
        g_autofree char *first = prune(alice);
        g_assert_cmpuint(operation_wait_number(alice, first, "layers"), ==, 0);
        g_autofree char *second = prune(alice), *kind = client_property_string(alice, second, "Kind");
        g_assert_cmpstr(kind, ==, "prune");
        g_assert_cmpuint(operation_wait_number(alice, second, "freed"), ==, 0);
        g_assert_cmpuint(operation_wait_number(alice, second, "layers"), ==, 0);
        g_assert_cmpuint(operation_wait_number(alice, second, "caches"), ==, 0);
}

/* They are there again after a restart. */
static void test_restart(void)
{
        image_new(alice, "kept", NULL);
        daemon_restart();
        assert_list(alice, " 5001/kept");
        images_clear();
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/images/import", test_import},
                {"/images/pipe", test_pipe},
                {"/images/cut-pipe", test_cut_pipe},
                {"/images/folder", test_folder},
                {"/images/replaced", test_replaced},
                {"/images/owners", test_owners},
                {"/images/authorization", test_authorization},
                {"/images/details", test_details},
                {"/images/arguments", test_arguments},
                {"/images/sources", test_sources},
                {"/images/limits", test_limits},
                {"/images/removed", test_removed},
                {"/images/prune", test_prune},
                {"/images/restart", test_restart},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
