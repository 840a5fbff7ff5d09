/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The texts of the fuzz targets (tests/fuzz/corpus), sorted by what a parser makes of them.
 */

#include <glib.h>
#include <string.h>

typedef void (*CorpusTry)(const char *text, gsize size, gpointer data);

/* Calls with each file of corpus/NAME/KIND, without a last newline where strip is set. There must be one. */
static inline void corpus_each(const char *name, const char *kind, gboolean strip, CorpusTry try, gpointer data)
{
        g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "fuzz", "corpus", name, kind, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(GDir) folder = g_dir_open(path, 0, &error);
        const char *file;
        guint n = 0;

        g_assert_no_error(error);
        while ((file = g_dir_read_name(folder))) {
                g_autofree char *full = g_build_filename(path, file, NULL), *text = NULL;
                gsize size;

                g_test_message("%s", full);
                g_assert_true(g_file_get_contents(full, &text, &size, &error));
                if (strip && size > 0 && text[size - 1] == '\n')
                        text[--size] = '\0';
                try(text, size, data);
                n++;
        }
        g_assert_cmpuint(n, >, 0);
}
