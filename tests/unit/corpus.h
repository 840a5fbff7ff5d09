/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A corpus: a folder of files that go through a parser, one by one, and then, changed here and there, some thousand
 * times more. The changes come from a generator of its own with a fixed seed, so a failure comes again.
 */

#include <glib.h>
#include <string.h>

typedef void (*CorpusTry)(const char *text, gsize size, gpointer data);

/* Calls with each file of corpus/NAME/KIND, without a last newline where strip is set. There must be one. */
static inline void corpus_each(const char *name, const char *kind, gboolean strip, CorpusTry try, gpointer data)
{
        g_autofree char *path = g_test_build_filename(G_TEST_DIST, "corpus", name, kind, NULL);
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

typedef struct CorpusMutation {
        CorpusTry try;
        gpointer data;
        guint rounds;
} CorpusMutation;

/* Bytes that mean something to one parser or another come more often than others. */
static inline char corpus_byte(GRand *rand)
{
        static const char special[] = "\0\n\r\t #;:.%/-_09af";

        return g_rand_boolean(rand) ? special[g_rand_int_range(rand, 0, sizeof(special) - 1)]
                                    : (char) g_rand_int_range(rand, 0, 256);
}

static inline void corpus_change(GRand *rand, GByteArray *bytes)
{
        guint at = bytes->len > 0 ? (guint) g_rand_int_range(rand, 0, (gint32) bytes->len) : 0;
        guint length = bytes->len > at ? (guint) g_rand_int_range(rand, 1, (gint32) (bytes->len - at) + 1) : 0;
        guint8 byte = (guint8) corpus_byte(rand);

        switch (bytes->len == 0 ? 0 : g_rand_int_range(rand, 0, 5)) {
        case 0:
                g_byte_array_append(bytes, &byte, 1);
                break;
        case 1:
                bytes->data[at] = byte;
                break;
        case 2:
                g_byte_array_remove_range(bytes, at, length);
                break;
        case 3: { /* a part of it once more, at the end */
                g_autofree guint8 *part = g_memdup2(bytes->data + at, length);

                g_byte_array_append(bytes, part, MIN(length, 4096));
                break;
        }
        default:
                bytes->data[at] ^= (guint8) (1U << g_rand_int_range(rand, 0, 8));
        }
}

static inline void corpus_mutate_one(const char *text, gsize size, gpointer data)
{
        const CorpusMutation *mutation = data;
        GRand *rand = g_rand_new_with_seed(1);

        for (guint i = 0; i < mutation->rounds; i++) {
                g_autoptr(GByteArray) bytes = g_byte_array_new();
                g_autofree char *copy = NULL;

                g_byte_array_append(bytes, (const guint8 *) text, (guint) size);
                for (gint32 n = g_rand_int_range(rand, 1, 8); n > 0; n--)
                        corpus_change(rand, bytes);
                /* Of its very size, so that a read beyond it is seen by whoever looks for such. */
                copy = g_malloc(MAX(bytes->len, 1));
                memcpy(copy, bytes->data, bytes->len);
                mutation->try(copy, bytes->len, mutation->data);
        }
        g_rand_free(rand);
}

/* Calls with `rounds` mutations of each file. */
static inline void corpus_mutate(const char *name, const char *kind, guint rounds, CorpusTry try, gpointer data)
{
        CorpusMutation mutation = {try, data, rounds};

        corpus_each(name, kind, FALSE, corpus_mutate_one, &mutation);
}
