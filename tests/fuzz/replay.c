/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stands in for libFuzzer in a build without it: each file of a target's corpus goes through the target, as a test. */

#include <glib.h>

#include "fuzz.h"

static void replay(gconstpointer data)
{
        g_autofree char *bytes = NULL, *copy = NULL;
        gsize size;

        g_assert_true(g_file_get_contents(data, &bytes, &size, NULL));
        /* Of its very size, so that a read beyond it is seen by whoever looks for such. */
        copy = size > 0 ? g_memdup2(bytes, size) : g_malloc(1);
        (void) LLVMFuzzerTestOneInput((const uint8_t *) copy, size);
}

/* A test for each file of corpus/TARGET/KIND. */
static void add_folder(const char *target, const char *kind)
{
        g_autofree char *path = g_test_build_filename(G_TEST_DIST, "corpus", target, kind, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(GDir) folder = g_dir_open(path, 0, &error);
        const char *file;

        g_assert_no_error(error);
        while ((file = g_dir_read_name(folder))) {
                g_autofree char *name = g_strdup_printf("/fuzz-%s/%s/%s", target, kind, file);

                g_test_add_data_func_full(name, g_build_filename(path, file, NULL), replay, g_free);
        }
}

int main(int argc, char *argv[])
{
        g_autoptr(GDir) folder = NULL;
        g_autofree char *path = NULL;
        const char *kind;

        g_test_init(&argc, &argv, NULL);
        if (argc != 2)
                g_error("The name of a target is wanted");
        path = g_test_build_filename(G_TEST_DIST, "corpus", argv[1], NULL);
        folder = g_dir_open(path, 0, NULL);
        g_assert_nonnull(folder);
        while ((kind = g_dir_read_name(folder)))
                add_folder(argv[1], kind);
        return g_test_run();
}
