/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack-layout.h"

#include <sys/stat.h>

static char *archive_path(const TestLayout *layout)
{
        return g_strconcat(layout->folder, ".archive", NULL);
}

TestLayout *test_layout_new(void)
{
        TestLayout *layout = g_new0(TestLayout, 1);
        g_autofree char *blobs = NULL;

        layout->folder = make_tree();
        layout->layers = g_string_new(NULL);
        layout->diff_ids = g_string_new(NULL);
        blobs = g_build_filename(layout->folder, "blobs/sha256", NULL);
        g_assert_cmpint(g_mkdir_with_parents(blobs, 0755), ==, 0);
        test_layout_write_text(layout, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
        return layout;
}

void test_layout_free(TestLayout *layout)
{
        g_autofree char *archive = NULL;

        if (!layout)
                return;
        archive = archive_path(layout);
        (void) unlink(archive);
        g_string_free(layout->layers, TRUE);
        g_string_free(layout->diff_ids, TRUE);
        g_free(layout->layer_digest);
        remove_tree(&layout->folder);
        g_free(layout);
}

void test_layout_write(TestLayout *layout, const char *path, const void *bytes, gsize size)
{
        g_autofree char *full = g_build_filename(layout->folder, path, NULL);

        g_assert_true(g_file_set_contents(full, bytes, (gssize) size, NULL));
}

char *test_layout_blob_path(const char *digest)
{
        return g_strdup_printf("blobs/sha256/%s", digest + strlen("sha256:"));
}

char *test_layout_add_blob(TestLayout *layout, const char *media_type, const void *bytes, gsize size, const char *extra)
{
        g_autoptr(GByteArray) array = g_byte_array_new();
        g_autofree char *digest = NULL, *path = NULL;

        g_byte_array_append(array, bytes, (guint) size);
        digest = bytes_digest(array);
        path = test_layout_blob_path(digest);
        test_layout_write(layout, path, bytes, size);
        return g_strdup_printf("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%" G_GSIZE_FORMAT "%s}", media_type,
                               digest, size, extra);
}

void test_layout_add_layer(TestLayout *layout, GByteArray *tar, const char *compression, const char *media_type)
{
        g_autoptr(GByteArray) compressed = compress_bytes(tar, compression);
        g_autofree char *diff_id = bytes_digest(tar), *descriptor = NULL;

        g_free(layout->layer_digest);
        layout->layer_digest = bytes_digest(compressed);
        descriptor = test_layout_add_blob(layout, media_type, compressed->data, compressed->len, "");
        g_string_append_printf(layout->layers, "%s%s", layout->layers->len > 0 ? "," : "", descriptor);
        g_string_append_printf(layout->diff_ids, "%s\"%s\"", layout->diff_ids->len > 0 ? "," : "", diff_id);
        g_byte_array_unref(tar);
}

char *test_layout_add_image(TestLayout *layout, const char *config, const char *extra)
{
        g_autofree char *text =
                g_strdup_printf("{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{%s},\"rootfs\":{"
                                "\"type\":\"layers\",\"diff_ids\":[%s]}}",
                                config, layout->diff_ids->str);
        g_autofree char *descriptor = test_layout_add_text(layout, TYPE_CONFIG, text, "");
        g_autofree char *manifest = g_strdup_printf("{\"schemaVersion\":2,\"mediaType\":\"" TYPE_MANIFEST
                                                    "\",\"config\":%s,\"layers\":[%s]}",
                                                    descriptor, layout->layers->str);

        g_string_truncate(layout->layers, 0);
        g_string_truncate(layout->diff_ids, 0);
        return test_layout_add_text(layout, TYPE_MANIFEST, manifest, extra);
}

void test_layout_set_index(TestLayout *layout, const char *descriptors)
{
        g_autofree char *text = g_strdup_printf("{\"schemaVersion\":2,\"manifests\":[%s]}", descriptors);

        test_layout_write_text(layout, "index.json", text);
}

TestLayout *test_layout_new_image(GByteArray *tar)
{
        TestLayout *layout = test_layout_new();
        g_autofree char *descriptor = NULL;

        test_layout_add_layer(layout, tar, "gzip", TYPE_LAYER);
        descriptor = test_layout_add_image(layout, "", "");
        test_layout_set_index(layout, descriptor);
        return layout;
}

char *test_layout_pack(TestLayout *layout, const char *options)
{
        char *archive = archive_path(layout);
        g_autofree char *command = g_strdup_printf("tar -C %s %s -cf %s .", layout->folder, options, archive);
        int status;

        g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, &status, NULL));
        g_assert_cmpint(status, ==, 0);
        return archive;
}
