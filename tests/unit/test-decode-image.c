/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The arguments of the methods for images, from real messages: what is read, and what is refused by name. */

#include <fcntl.h>

#include "decode-fixture.h"
#include "service/decode-image.h"

static ImageRequest *decode_ok(sd_bus_message *m, ImageVerb verb)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        ImageRequest *request = NULL;
        int r = decode_image(m, verb, &request, &error);

        g_assert_cmpstr(error.message, ==, NULL);
        g_assert_cmpint(r, ==, 0);
        g_assert_cmpint(sd_bus_message_at_end(m, true), >, 0);
        g_assert_cmpint(request->verb, ==, verb);
        return request;
}

static void decode_fails(sd_bus_message *m, ImageVerb verb, const char *part)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        ImageRequest *request = NULL;
        int r = decode_image(m, verb, &request, &error);

        g_assert_null(request);
        assert_refused(r, &error, INVALID, part);
}

static void test_import(Fixture *f, gconstpointer data)
{
        static const char *const sources[] = {"/dev/null", "/etc", "/etc/passwd"};
        g_autoptr(ImageRequest) plain = NULL, full = NULL;
        _cleanup_close_ int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        plain = decode_ok(make_message(f, "sha{sv}", "a:1", folder, 0), IMAGE_IMPORT);
        g_assert_cmpstr(plain->name, ==, "a:1");
        g_assert_cmpint(plain->source, >=, 0);
        g_assert_cmpint(plain->source, !=, folder);
        g_assert_false(plain->system);
        g_assert_null(plain->platform);
        full = decode_ok(make_message(f, "sha{sv}", "a", folder, 2, "system", "b", 1, "platform", "s", "linux/arm/v7"),
                         IMAGE_IMPORT);
        g_assert_true(full->system);
        g_assert_cmpstr(full->platform, ==, "linux/arm/v7");

        for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
                _cleanup_close_ int path = open(sources[i], O_PATH | O_CLOEXEC);

                decode_fails(make_message(f, "sha{sv}", "a", path, 0), IMAGE_IMPORT,
                             i == 0 ? "neither a regular file" : "not open for reading");
        }
        decode_fails(make_message(f, "sha{sv}", "-a", folder, 0), IMAGE_IMPORT, "'-a' can't be an image's name");
        decode_fails(make_message(f, "sha{sv}", "a", folder, 1, "name", "s", "b"), IMAGE_IMPORT,
                     "There is no option 'name'");
        decode_fails(make_message(f, "sha{sv}", "a", folder, 1, "platform", "s", "--x"), IMAGE_IMPORT,
                     "'--x' is no platform");
        decode_fails(make_message(f, "sha{sv}", "a", folder, 1, "system", "s", "yes"), IMAGE_IMPORT,
                     "of the type 'b', not 's'");
        decode_fails(make_message(f, "sha{sv}", "a", folder, 2, "system", "b", 1, "system", "b", 1), IMAGE_IMPORT,
                     "given twice");
}

static void test_sources(Fixture *f, gconstpointer data)
{
        _cleanup_close_ int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int ends[2];

        g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
        image_request_free(decode_ok(make_message(f, "sha{sv}", "a", ends[0], 0), IMAGE_IMPORT));
        decode_fails(make_message(f, "sha{sv}", "a", ends[1], 0), IMAGE_IMPORT, "not open for reading");
        decode_fails(make_message(f, "sha{sv}", "a", socket_fd, 0), IMAGE_IMPORT, "neither a regular file");
        safe_close(ends[0]);
        safe_close(ends[1]);
}

static void test_pull(Fixture *f, gconstpointer data)
{
        g_autoptr(ImageRequest) plain = NULL, named = NULL;

        plain = decode_ok(make_message(f, "sa{sv}", "localhost:5000/a/b:1", 0), IMAGE_PULL);
        g_assert_cmpstr(plain->reference, ==, "localhost:5000/a/b:1");
        g_assert_cmpstr(plain->name, ==, "localhost:5000/a/b:1");
        g_assert_cmpint(plain->source, ==, -1);
        named = decode_ok(make_message(f, "sa{sv}", "a:1", 1, "name", "s", "b"), IMAGE_PULL);
        g_assert_cmpstr(named->reference, ==, "a:1");
        g_assert_cmpstr(named->name, ==, "b");
        decode_fails(make_message(f, "sa{sv}", "a:1", 1, "name", "s", ""), IMAGE_PULL, "can't be an image's name");
        decode_fails(make_message(f, "sa{sv}", "docker://a", 0), IMAGE_PULL, "'docker://a' can't be fetched");
        decode_fails(make_message(f, "sa{sv}", "--help", 0), IMAGE_PULL, "'--help' can't be fetched");
        decode_fails(make_message(f, "sa{sv}", "a", 1, "insecure", "b", 1), IMAGE_PULL, "'insecure'");
}

static void test_tag_and_remove(Fixture *f, gconstpointer data)
{
        g_autoptr(ImageRequest) tag = decode_ok(make_message(f, "ssa{sv}", "a", "b", 1, "system", "b", 1), IMAGE_TAG);
        g_autoptr(ImageRequest) removal = decode_ok(make_message(f, "sa{sv}", "a", 0), IMAGE_REMOVE);

        g_assert_cmpstr(tag->name, ==, "a");
        g_assert_cmpstr(tag->new_name, ==, "b");
        g_assert_true(tag->system);
        g_assert_cmpstr(removal->name, ==, "a");
        decode_fails(make_message(f, "ssa{sv}", "a", "b c", 0), IMAGE_TAG, "'b c'");
        decode_fails(make_message(f, "ssa{sv}", "..", "b", 0), IMAGE_TAG, "'..'");
        decode_fails(make_message(f, "ssa{sv}", "a", "b", 1, "force", "b", 1), IMAGE_TAG, "'force'");
        decode_fails(make_message(f, "sa{sv}", "a/../b", 0), IMAGE_REMOVE, "'a/../b'");
        decode_fails(make_message(f, "sa{sv}", "a", 1, "force", "b", 1), IMAGE_REMOVE, "'force'");
}

static void test_prune(Fixture *f, gconstpointer data)
{
        g_autoptr(ImageRequest) plain = decode_ok(make_message(f, "a{sv}", 0), IMAGE_PRUNE), full = NULL;

        g_assert_cmpuint(plain->older_than, ==, 0);
        g_assert_cmpuint(plain->keep_bytes, ==, 0);
        g_assert_false(plain->all_users);
        full = decode_ok(make_message(f, "a{sv}", 3, "older-than", "t", UINT64_C(60), "keep-bytes", "t", UINT64_MAX,
                                      "all-users", "b", 1),
                         IMAGE_PRUNE);
        g_assert_cmpuint(full->older_than, ==, 60);
        g_assert_cmpuint(full->keep_bytes, ==, G_MAXUINT64);
        g_assert_true(full->all_users);
        decode_fails(make_message(f, "a{sv}", 1, "older-than", "u", 60), IMAGE_PRUNE, "of the type 't', not 'u'");
        decode_fails(make_message(f, "a{sv}", 1, "system", "b", 1), IMAGE_PRUNE, "'system'");
}

int main(int argc, char **argv)
{
        static const struct {
                const char *path;
                void (*run)(Fixture *f, gconstpointer data);
        } tests[] = {
                {"/decode-image/import", test_import}, {"/decode-image/sources", test_sources},
                {"/decode-image/pull", test_pull},     {"/decode-image/tag-and-remove", test_tag_and_remove},
                {"/decode-image/prune", test_prune},
        };

        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
                add(tests[i].path, tests[i].run);
        return g_test_run();
}
