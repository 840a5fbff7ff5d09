/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* OCI layouts made file by file, with all that can be wrong in them. */

#include "unpack-driver.h"

#define TYPE_INDEX    "application/vnd.oci.image.index.v1+json"
#define TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define TYPE_CONFIG   "application/vnd.oci.image.config.v1+json"
#define TYPE_LAYER    "application/vnd.oci.image.layer.v1.tar+gzip"

typedef struct TestLayout {
        char *folder;
        GString *layers, *diff_ids; /* of the image under way, as JSON */
        char *layer_digest;         /* of the last one's blob */
} TestLayout;

/* With oci-layout and no index. */
TestLayout *test_layout_new(void);
void test_layout_free(TestLayout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestLayout, test_layout_free)

void test_layout_write(TestLayout *layout, const char *path, const void *bytes, gsize size);
#define test_layout_write_text(layout, path, text) test_layout_write((layout), (path), (text), strlen(text))

/* Writes a blob, and returns its descriptor; extra: further members, with a comma in front, or "". */
char *test_layout_add_blob(TestLayout *layout, const char *media_type, const void *bytes, gsize size,
                           const char *extra);
#define test_layout_add_text(layout, media_type, text, extra)                                                          \
        test_layout_add_blob((layout), (media_type), (text), strlen(text), (extra))
/* Where a blob of the layout lies. */
char *test_layout_blob_path(const char *digest);

/* Adds a layer to the image under way. Takes the archive. */
void test_layout_add_layer(TestLayout *layout, GByteArray *tar, const char *compression, const char *media_type);
/* Ends the image under way, with the members of its config's "config", and returns its descriptor. */
char *test_layout_add_image(TestLayout *layout, const char *config, const char *extra);
/* Writes index.json with these descriptors, separated by commas. */
void test_layout_set_index(TestLayout *layout, const char *descriptors);

/* A whole layout of one image with these entries in its only layer. */
TestLayout *test_layout_new_image(GByteArray *tar);
/* An archive of the folder, by tar with these options. Owned by the caller, beside the folder: tar
 * fails where what it reads changes. It goes away with the layout. */
char *test_layout_pack(TestLayout *layout, const char *options);
