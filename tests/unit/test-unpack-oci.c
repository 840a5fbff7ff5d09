/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* OCI image layouts: what becomes of layers and config, the choice by platform, and what is wrong with a layout. */

#include <sys/stat.h>

#include "unpack-layout.h"
#include "util/error.h"

#define LARGE  (32U * 1024 * 1024)
#define PERIOD 100003U
#define FILE(name_, data_)                                                                                             \
        {                                                                                                              \
                .name = (name_), .data = (data_)                                                                       \
        }
#define FOLDER(name_)                                                                                                  \
        {                                                                                                              \
                .name = (name_), .type = '5'                                                                           \
        }

static void assert_image(Unpack *u)
{
        unpack_assert_done(u, 3, 1);
        unpack_assert_shows(u, "0/etc/passwd", "100600 0 0 root");
        unpack_assert_shows(u, "1/etc/passwd", "020000 0 0 0:0");
        unpack_assert_shows(u, "1/etc/.wh.passwd", "none");
        unpack_assert_shows(u, "2/last", "100644 7 8 end");
        g_assert_cmpuint(unpack_count(u, "unpacked"), ==, 3);
        g_assert_cmpuint(unpack_count(u, "opaque"), ==, 0);
        g_assert_cmpuint(unpack_count(u, "setting"), ==, 7);
        g_assert_cmpuint(unpack_count(u, "setting", "env", "PATH=/bin"), ==, 1);
        g_assert_cmpuint(unpack_count(u, "setting", "env", "EMPTY="), ==, 1);
        g_assert_cmpuint(unpack_count(u, "setting", "entrypoint", "/bin/sh"), ==, 1);
        g_assert_cmpuint(unpack_count(u, "setting", "entrypoint", "-c"), ==, 1);
        g_assert_cmpuint(unpack_count(u, "setting", "cmd", "caf\xc3\xa9 \"\n"), ==, 1);
        g_assert_cmpuint(unpack_count(u, "setting", "user", "web:www"), ==, 1);
        g_assert_cmpuint(unpack_count(u, "setting", "working-dir", "/srv"), ==, 1);
}

/* As a folder, and as archives of it, one by a user that an image can't have. */
static void test_image(void)
{
        static const char *const options[] = {"", "--gzip", "--zstd", "--owner=joe:123456 --group=joe:123456"};
        g_autoptr(TestLayout) layout = test_layout_new();
        g_autofree char *descriptor = NULL;

        test_layout_add_layer(layout,
                              tar_new(FOLDER("etc"), {.name = "etc/passwd", .data = "root", .mode = 0600},
                                      {.name = "null", .type = '3'}),
                              "gzip", TYPE_LAYER);
        test_layout_add_layer(layout, tar_new(FOLDER("etc"), FILE("etc/.wh.passwd", "")), "none",
                              "application/vnd.oci.image.layer.v1.tar");
        test_layout_add_layer(layout, tar_new({.name = "last", .data = "end", .uid = 7, .gid = 8}), "zstd",
                              "application/vnd.oci.image.layer.v1.tar+zstd");
        descriptor = test_layout_add_image(
                layout,
                "\"Env\":[\"PATH=/bin\",\"EMPTY=\"],\"Entrypoint\":[\"/bin/sh\",\"-c\"],\"Cmd\":[\"caf\\u00e9 "
                "\\\"\\n\"],"
                "\"User\":\"web:www\",\"WorkingDir\":\"srv\",\"Labels\":{\"a\":\"b\"},\"Volumes\":null",
                "");
        test_layout_set_index(layout, descriptor);
        {
                g_autoptr(Unpack) u = unpack_new();

                unpack_folder(u, layout->folder);
                assert_image(u);
        }
        for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autofree char *archive = test_layout_pack(layout, options[i]);

                unpack_file(u, archive);
                assert_image(u);
        }
}

/* null and nothing are the same; an image may say nothing at all. */
static void test_no_settings(void)
{
        static const char *const configs[] = {"", "\"Env\":null,\"Cmd\":[],\"User\":\"\",\"WorkingDir\":\"\""};

        for (guint i = 0; i < G_N_ELEMENTS(configs); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new();
                g_autofree char *descriptor = NULL;

                test_layout_add_layer(layout, tar_new(FILE("a", "x")), "gzip", TYPE_LAYER);
                descriptor = test_layout_add_image(layout, configs[i], "");
                test_layout_set_index(layout, descriptor);
                unpack_folder(u, layout->folder);
                unpack_assert_done(u, 1, 0);
                g_assert_cmpuint(unpack_count(u, "setting"), ==, 0);
        }
}

static void test_whiteouts(void)
{
        static const struct {
                TarEntry entries[4];
                const char *path, *shows, *opaque, *error;
        } cases[] = {
                {{FILE(".wh.a", "")}, "0/a", "020000 0 0 0:0"},
                {{FILE("some/where/.wh.a", "")}, "0/some/where/a", "020000 0 0 0:0"},
                {{FILE("some/where/.wh.a", "")}, "0/some", "040755 0 0"},
                /* It hides nothing of its own layer, in any order. */
                {{FILE(".wh.a", ""), FILE("a", "x")}, "0/a", "100644 0 0 x"},
                {{FILE("a", "x"), FILE(".wh.a", "")}, "0/a", "100644 0 0 x"},
                {{{.name = "a", .type = '2', .link = "b"}, FILE(".wh.a", "")}, "0/a", "120777 0 0 -> b"},
                /* What is below a folder of that name is gone. */
                {{FILE(".wh.d", ""), FOLDER("d"), FILE("d/f", "x")}, "0/d/f", "100644 0 0 x", "d"},
                {{FOLDER("d"), FILE("d/f", "x"), FILE(".wh.d", "")}, "0/d/f", "100644 0 0 x", "d"},
                {{FILE(".wh.d", ""), FILE("d/f", "x")}, "0/d/f", "100644 0 0 x", "d"},
                {{FOLDER("a"), FOLDER("a/b"), FILE("a/b/.wh..wh..opq", ""), FILE("a/b/c", "x")},
                 "0/a/b/c",
                 "100644 0 0 x",
                 "a/b"},
                {{FILE("a/b/.wh..wh..opq", "")}, "0/a/b", "040755 0 0", "a/b"},
                {{FILE(".wh..wh..opq", ""), FILE("a", "x")}, "0/a", "100644 0 0 x", "."},
                {{FOLDER(".wh..wh.plnk"), FILE(".wh..wh.plnk/12.34", "x"), FILE(".wh..wh.aufs", "x")},
                 "0/.wh..wh.plnk",
                 "none"},
                /* The device itself is none: an archive can't make what it is not to make. */
                {{{.name = "a", .type = '3', .pax = "SCHILY.devmajor=0\nSCHILY.devminor=0\n"}}, "0/a", "none"},
                {{FILE(".wh.", "")}, .error = "whiteout"},
                {{FILE("a/.wh..", "")}, .error = "whiteout"},
                {{FILE("a/.wh...", "")}, .error = "whiteout"},
                {{{.name = "l", .type = '2', .link = "/"}, FILE("l/.wh..wh..opq", "")}, .error = "'l'"},
                {{FILE("f", "x"), FILE("f/.wh.a", "")}, .error = "'f/a'"},
        };

        for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Unpack) u = unpack_new();
                GByteArray *tar = g_byte_array_new();
                g_autoptr(TestLayout) layout = NULL;

                for (guint j = 0; j < 4 && cases[i].entries[j].name; j++)
                        tar_add_entry(tar, &cases[i].entries[j]);
                tar_end(tar);
                layout = test_layout_new_image(tar);
                g_test_message("case %u: %s", i, cases[i].entries[0].name);
                unpack_folder(u, layout->folder);
                if (cases[i].error) {
                        unpack_assert_error(u, ERROR_INVALID_IMAGE, cases[i].error);
                        continue;
                }
                unpack_assert_done(u, 1, i == 13);
                unpack_assert_shows(u, cases[i].path, cases[i].shows);
                g_assert_cmpuint(unpack_count(u, "opaque"), ==, cases[i].opaque != NULL);
                if (cases[i].opaque)
                        g_assert_cmpuint(unpack_count(u, "opaque", "0", cases[i].opaque), ==, 1);
        }
}

/* A folder's time is what its entry says, also where a whiteout is made in it. */
static void test_whiteout_time(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(TestLayout) layout = test_layout_new_image(tar_new(
                {.name = "./", .type = '5', .time = 5}, {.name = "d", .type = '5', .time = 7}, FILE("d/.wh.a", "")));

        unpack_folder(u, layout->folder);
        unpack_assert_done(u, 1, 0);
        g_assert_cmpint(unpack_stat(u, "0").st_mtime, ==, 5);
        g_assert_cmpint(unpack_stat(u, "0/d").st_mtime, ==, 7);
}

/* What the store has is not read; that it is there does not matter then. */
static void test_skip(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(TestLayout) layout = test_layout_new();
        GByteArray *base = tar_new(FILE("base", "x"));
        g_autofree char *diff_id = bytes_digest(base), *descriptor = NULL, *path = NULL, *full = NULL;

        test_layout_add_layer(layout, base, "gzip", TYPE_LAYER);
        path = test_layout_blob_path(layout->layer_digest);
        full = g_build_filename(layout->folder, path, NULL);
        test_layout_add_layer(layout, tar_new(FILE("top", "y")), "gzip", TYPE_LAYER);
        descriptor = test_layout_add_image(layout, "", "");
        test_layout_set_index(layout, descriptor);
        g_assert_cmpint(unlink(full), ==, 0);

        u->skip = diff_id;
        unpack_folder(u, layout->folder);
        unpack_assert_done(u, 2, 0);
        g_assert_cmpuint(unpack_count(u, "unpacked", "0"), ==, 0);
        unpack_assert_shows(u, "0", "none");
        unpack_assert_shows(u, "1/top", "100644 0 0 y");
}

static void replace(TestLayout *layout, const char *path, const char *from, const char *to)
{
        g_autofree char *full = g_build_filename(layout->folder, path, NULL), *text = NULL;
        g_auto(GStrv) parts = NULL;
        g_autofree char *changed = NULL;

        g_assert_true(g_file_get_contents(full, &text, NULL, NULL));
        g_assert_nonnull(strstr(text, from));
        parts = g_strsplit(text, from, 2);
        changed = g_strjoinv(to, parts);
        test_layout_write_text(layout, path, changed);
}

/* The path of the blob that a descriptor is of. */
static char *descriptor_path(const char *descriptor)
{
        g_autofree char *digest = g_strndup(strstr(descriptor, "sha256:"), strlen("sha256:") + 64);

        return test_layout_blob_path(digest);
}

static void test_digests(void)
{
        enum { LAYER_BYTE, LAYER_SIZE, LAYER_GONE, LAYER_LONGER, CONFIG, MANIFEST, N };
        static const char *const errors[] = {"Layer 1 of 1 (sha256:",
                                             "Layer 1 of 1 (sha256:",
                                             "is not in the image",
                                             "bytes long, and should be",
                                             "its config",
                                             "its manifest"};

        for (guint i = 0; i < N; i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new();
                g_autofree char *manifest = NULL, *blob = NULL, *full = NULL, *bytes = NULL, *manifest_path = NULL;
                gsize size;

                test_layout_add_layer(layout, tar_new(FILE("a", "x")), "gzip", TYPE_LAYER);
                manifest = test_layout_add_image(layout, "\"User\":\"web\"", "");
                manifest_path = descriptor_path(manifest);
                test_layout_set_index(layout, manifest);
                blob = test_layout_blob_path(layout->layer_digest);
                full = g_build_filename(layout->folder, blob, NULL);
                g_assert_true(g_file_get_contents(full, &bytes, &size, NULL));
                if (i == LAYER_BYTE) {
                        bytes[4] ^= 1; /* the time in gzip's header: what is in it is right */
                        test_layout_write(layout, blob, bytes, size);
                } else if (i == LAYER_SIZE) {
                        test_layout_write(layout, blob, bytes, size / 2);
                } else if (i == LAYER_GONE) {
                        g_assert_cmpint(unlink(full), ==, 0);
                } else if (i == LAYER_LONGER) {
                        g_autofree char *longer = g_malloc0(size + 512);

                        memcpy(longer, bytes, size);
                        test_layout_write(layout, blob, longer, size + 512);
                } else if (i == CONFIG) {
                        g_autofree char *text = NULL, *path = NULL,
                                        *manifest_full = g_build_filename(layout->folder, manifest_path, NULL);

                        g_assert_true(g_file_get_contents(manifest_full, &text, NULL, NULL));
                        path = descriptor_path(text);
                        replace(layout, path, "web", "bew");
                } else
                        replace(layout, manifest_path, "layers", "Layers");
                g_test_message("case %u", i);
                unpack_folder(u, layout->folder);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, errors[i]);
        }
}

/* A compressed layer that is what the manifest says, but not what the config says. */
static void test_diff_id(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(TestLayout) layout = test_layout_new();
        g_autofree char *descriptor = NULL;

        test_layout_add_layer(layout, tar_new(FILE("a", "x")), "gzip", TYPE_LAYER);
        g_string_assign(layout->diff_ids,
                        "\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"");
        descriptor = test_layout_add_image(layout, "", "");
        test_layout_set_index(layout, descriptor);
        unpack_folder(u, layout->folder);
        unpack_assert_error(u, ERROR_INVALID_IMAGE, "uncompressed, and should have sha256:0000");
        g_assert_cmpuint(unpack_count(u, "unpacked"), ==, 0);
}

/* Easy to compress, so that reading them is faster than digesting, and no two parts of the ring are the same. */
static GByteArray *repeated_bytes(void)
{
        guint32 state = 1;
        GByteArray *bytes = g_byte_array_sized_new(LARGE);

        g_byte_array_set_size(bytes, LARGE);
        for (guint i = 0; i < LARGE; i++) {
                state = state * 1664525 + 1013904223;
                bytes->data[i] = i < PERIOD ? (guint8) (state >> 24) : bytes->data[i - PERIOD];
        }
        return bytes;
}

static void assert_large(const Unpack *u, const char *path, const GByteArray *expected)
{
        g_autofree char *file = g_build_filename(u->target, path, NULL), *contents = NULL;
        gsize size;

        g_assert_true(g_file_get_contents(file, &contents, &size, NULL));
        g_assert_cmpmem(contents, size, expected->data, expected->len);
}

/* Many times what fits between the processes: in a file, and after the archive's end, where nobody but the digests
 * wants it. */
static void test_large(void)
{
        static const char *const kinds[] = {"none", "gzip", "zstd"};
        g_autoptr(GByteArray) bytes = repeated_bytes();

        for (guint i = 0; i < 2 * G_N_ELEMENTS(kinds); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new();
                g_autofree char *descriptor = NULL;
                gboolean in_file = i % 2 == 0;
                GByteArray *tar =
                        in_file ? tar_new({.name = "file", .data = (const char *) bytes->data, .size = bytes->len})
                                : tar_new(FILE("file", "x"));

                if (!in_file)
                        g_byte_array_append(tar, bytes->data, bytes->len);
                test_layout_add_layer(layout, tar, kinds[i / 2], TYPE_LAYER);
                descriptor = test_layout_add_image(layout, "", "");
                test_layout_set_index(layout, descriptor);
                unpack_folder(u, layout->folder);
                unpack_assert_done(u, 1, 0);
                if (in_file)
                        assert_large(u, "0/file", bytes);
        }
}

/* Layers that may not be in the image, since somebody's license does not let them. */
static void test_foreign_layer(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(TestLayout) layout = test_layout_new();
        g_autofree char *descriptor = NULL;

        g_string_assign(layout->layers,
                        "{\"mediaType\":\"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip\",\"digest\":"
                        "\"sha256:0000000000000000000000000000000000000000000000000000000000000000\",\"size\":7,"
                        "\"urls\":[\"https://example.com/layer\"]}");
        g_string_assign(layout->diff_ids,
                        "\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"");
        descriptor = test_layout_add_image(layout, "", "");
        test_layout_set_index(layout, descriptor);
        unpack_folder(u, layout->folder);
        unpack_assert_error(u, ERROR_INVALID_IMAGE, "https://example.com/layer");
}

/* The limits are those of all layers together. */
static void test_limits(void)
{
        for (guint i = 0; i < 3; i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new();
                g_autofree char *descriptor = NULL;

                test_layout_add_layer(layout, tar_new(FILE("a", "12345")), "gzip", TYPE_LAYER);
                test_layout_add_layer(layout, tar_new(FILE("b", "12345")), "gzip", TYPE_LAYER);
                descriptor = test_layout_add_image(layout, "", "");
                test_layout_set_index(layout, descriptor);
                u->bytes_max = i == 1 ? 9 : 10;
                u->entries_max = i == 2 ? 1 : 2;
                unpack_folder(u, layout->folder);
                if (i == 0)
                        unpack_assert_done(u, 2, 0);
                else
                        unpack_assert_error(u, ERROR_INVALID_IMAGE,
                                            i == 1 ? "more than 9 bytes" : "more than 1 entries");
        }
}

/* Nothing of the folder is opened but regular files in it. */
static void test_tricks(void)
{
        for (guint i = 0; i < 4; i++) {
                g_autoptr(Unpack) u = unpack_new(), archived = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new_image(tar_new(FILE("a", "x")));
                g_autofree char *index = g_build_filename(layout->folder, "index.json", NULL);
                g_autofree char *blobs = g_build_filename(layout->folder, "blobs/sha256", NULL);
                g_autofree char *moved = g_build_filename(layout->folder, "moved", NULL), *archive = NULL;

                if (i == 0) {
                        g_assert_cmpint(unlink(index), ==, 0);
                        g_assert_cmpint(mkfifo(index, 0644), ==, 0);
                } else if (i == 1) {
                        g_assert_cmpint(unlink(index), ==, 0);
                        g_assert_cmpint(symlink("/etc/passwd", index), ==, 0);
                } else {
                        /* In the folder a symlink is fine: some tools share blobs so. */
                        g_assert_cmpint(rename(blobs, moved), ==, 0);
                        g_assert_cmpint(symlink(i == 2 ? moved : "../moved", blobs), ==, 0);
                }
                unpack_folder(u, layout->folder);
                if (i == 3)
                        unpack_assert_done(u, 1, 0);
                else
                        unpack_assert_error(u, ERROR_INVALID_IMAGE, i == 2 ? "is not there" : "is no image");
                archive = test_layout_pack(layout, "");
                unpack_file(archived, archive);
                if (i == 2)
                        unpack_assert_error(archived, ERROR_INVALID_IMAGE, "is not there");
                else
                        unpack_assert_done(archived, 1, 0);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        unpack_add_test("/unpack-oci/image", test_image);
        unpack_add_test("/unpack-oci/no-settings", test_no_settings);
        unpack_add_test("/unpack-oci/whiteouts", test_whiteouts);
        unpack_add_test("/unpack-oci/whiteout-time", test_whiteout_time);
        unpack_add_test("/unpack-oci/skip", test_skip);
        unpack_add_test("/unpack-oci/digests", test_digests);
        unpack_add_test("/unpack-oci/diff-id", test_diff_id);
        unpack_add_test("/unpack-oci/large", test_large);
        unpack_add_test("/unpack-oci/foreign-layer", test_foreign_layer);
        unpack_add_test("/unpack-oci/limits", test_limits);
        unpack_add_test("/unpack-oci/tricks", test_tricks);
        return g_test_run();
}
