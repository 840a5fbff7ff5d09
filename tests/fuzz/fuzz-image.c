/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The documents of an image, with NULs between them: the first one is index.json, and manifest.json, too; the others
 * are blobs of an OCI layout, and the last one is also the file `config`. A fuzzer knows no digests: an @ stands for
 * that of the next document, with its size, as in {"digest": "@"}.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "unpack/digest.h"
#include "unpack/layout.h"
#include "unpack/settings.h"
#include "util/cleanup.h"
#include "util/file-bytes.h"

#define DOCUMENTS_MAX 4U

static char folder_path[] = "/tmp/gangway-fuzz-XXXXXX";
static int folder = -1;

static void remove_folder(void)
{
        static const char *const files[] = {"oci-layout", "index.json", "manifest.json", "config"};

        for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
                (void) unlinkat(folder, files[i], 0);
        (void) unlinkat(folder, "blobs/sha256", AT_REMOVEDIR);
        (void) unlinkat(folder, "blobs", AT_REMOVEDIR);
        (void) rmdir(folder_path);
        safe_close(folder);
}

static void write_file(const char *path, const char *text, size_t size)
{
        _cleanup_close_ int fd = openat(folder, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(file_bytes_write(fd, text, size), ==, 0);
}

static void make_folder(void)
{
        static const char version[] = "{\"imageLayoutVersion\": \"1.0.0\"}";

        digest_prepare();
        g_assert_nonnull(g_mkdtemp(folder_path));
        folder = open(folder_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        g_assert_cmpint(folder, >=, 0);
        g_assert_cmpint(mkdirat(folder, "blobs", 0700), ==, 0);
        g_assert_cmpint(mkdirat(folder, "blobs/sha256", 0700), ==, 0);
        write_file("oci-layout", version, strlen(version));
        (void) atexit(remove_folder);
}

static char *write_blob(const GString *document, char **ret_descriptor)
{
        g_autoptr(Digest) digest = digest_new();
        char text[DIGEST_TEXT_SIZE], *path;

        digest_update(digest, document->str, document->len);
        digest_text(digest, text);
        *ret_descriptor = g_strdup_printf("%s\",\"size\":%zu,\"@\":\"", text, document->len);
        path = g_strconcat("blobs/sha256/", strchr(text, ':') + 1, NULL);
        write_file(path, document->str, document->len);
        return path;
}

/* Writes all. Returns the paths of the blobs. */
static GPtrArray *write_documents(const char *text, size_t size)
{
        GPtrArray *blobs = g_ptr_array_new_with_free_func(g_free);
        const char *parts[DOCUMENTS_MAX] = {text};
        g_autofree char *descriptor = NULL;
        size_t n = 1;

        for (const char *c = text; c < text + size && n < DOCUMENTS_MAX; c++)
                if (*c == '\0')
                        parts[n++] = c + 1;
        for (size_t i = n; i-- > 0;) {
                const char *end = i + 1 < n ? parts[i + 1] - 1 : text + size;
                GString *document = g_string_new_len(parts[i], end - parts[i]);

                (void) g_string_replace(document, "@", descriptor ?: "", 0);
                g_clear_pointer(&descriptor, g_free);
                if (i == n - 1)
                        write_file("config", document->str, document->len);
                if (i > 0)
                        g_ptr_array_add(blobs, write_blob(document, &descriptor));
                else {
                        write_file("index.json", document->str, document->len);
                        write_file("manifest.json", document->str, document->len);
                }
                g_string_free(document, TRUE);
        }
        return blobs;
}

static void look_at(const Layout *layout)
{
        for (guint i = 0; i < layout->layers->len; i++) {
                const LayoutLayer *layer = layout->layers->pdata[i];

                g_assert_nonnull(layer->path);
                g_assert_true(digest_is_valid(layer->diff_id));
                g_assert_true(!layer->digest || digest_is_valid(layer->digest));
        }
        g_assert_true(!layout->has_platform || platform_is_valid(&layout->platform));
}

static void read_as(LayoutKind kind, const Platform *platform)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(Settings) settings = NULL;
        g_autoptr(Layout) layout = NULL;
        int r = layout_read(&(const Source){.folder = folder, .opener = -1}, kind, platform, &layout, &error);

        if (r >= 0) {
                look_at(layout);
                r = settings_read(layout->config, &settings, &error);
        }
        if (r < 0)
                g_assert_true(error.message && g_utf8_validate(error.message, -1, NULL));
}

static void remove_blob(void *path, void *userdata)
{
        (void) unlinkat(folder, path, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autoptr(GPtrArray) blobs = NULL;
        Platform platform;

        if (folder < 0)
                make_folder();
        platform_set_machine(&platform, "x86_64");
        blobs = write_documents((const char *) data, size);
        read_as(LAYOUT_OCI, &platform);
        read_as(LAYOUT_DOCKER, &platform);
        g_ptr_array_foreach(blobs, remove_blob, NULL);
        return 0;
}
