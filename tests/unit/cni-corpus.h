/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Texts that a parser goes through: corpus/NAME/valid has what it takes, corpus/NAME/invalid what it does not, and some
 * thousand mutations of both, the same ones in each run, must not make it crash or complain.
 */

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define CORPUS_MUTATIONS 6000

/* Parses, looks at what came out, and returns whether the text was taken. */
typedef bool (*CorpusParse)(const char *text, size_t size);

typedef struct CorpusText {
        char *name;
        char *bytes;
        gsize size;
} CorpusText;

static inline void corpus_text_free(void *pointer)
{
        CorpusText *text = pointer;

        g_free(text->name);
        g_free(text->bytes);
        g_free(text);
}

static inline int corpus_compare(const void *a, const void *b)
{
        return strcmp((*(CorpusText *const *) a)->name, (*(CorpusText *const *) b)->name);
}

/* Adds all files of a folder, in an order that does not depend on the file system. */
static inline void corpus_read(const char *name, const char *state, GPtrArray *texts)
{
        g_autofree char *path = g_test_build_filename(G_TEST_DIST, "corpus", name, state, NULL);
        GDir *folder = g_dir_open(path, 0, NULL);
        const char *file;

        g_assert_nonnull(folder);
        while ((file = g_dir_read_name(folder))) {
                CorpusText *text = g_new0(CorpusText, 1);

                text->name = g_build_filename(path, file, NULL);
                g_assert_true(g_file_get_contents(text->name, &text->bytes, &text->size, NULL));
                g_ptr_array_add(texts, text);
        }
        g_dir_close(folder);
        g_ptr_array_sort(texts, corpus_compare);
}

static inline void corpus_check(const char *name, const char *state, CorpusParse parse, bool expected)
{
        g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(corpus_text_free);

        corpus_read(name, state, texts);
        g_assert_cmpuint(texts->len, >, 0);
        for (guint i = 0; i < texts->len; i++) {
                const CorpusText *text = g_ptr_array_index(texts, i);

                if (parse(text->bytes, text->size) != expected)
                        g_error("%s was %s", text->name, expected ? "refused" : "taken");
        }
}

static inline void corpus_mutate(GRand *random, GString *text, const char *const *words, guint n_words)
{
        guint32 at = text->len > 0 ? (guint32) g_rand_int_range(random, 0, (gint32) text->len) : 0;
        gint32 length = g_rand_int_range(random, 1, g_rand_boolean(random) ? 4 : 40);

        /* Most texts that lost a bracket are refused early, so single characters change more often. */
        switch (g_rand_int_range(random, 0, 10)) {
        case 0:
                if (text->len > 0)
                        text->str[at] = (char) g_rand_int_range(random, 0, 256);
                break;
        case 1:
                g_string_erase(text, at, MIN(length, (gint32) (text->len - at)));
                break;
        case 2:
                g_string_truncate(text, at);
                break;
        case 3:
                g_string_insert(text, at, words[g_rand_int_range(random, 0, (gint32) n_words)]);
                break;
        case 4: {
                g_autofree char *piece = g_strndup(text->str + at, (gsize) length);

                g_string_insert(text, at, piece);
                break;
        }
        default:
                if (text->len > 0)
                        text->str[at] = (char) g_rand_int_range(random, ' ', 127);
        }
}

/* words: what the format is made of. */
static inline void corpus_fuzz(const char *name, CorpusParse parse, const char *const *words, guint n_words)
{
        g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(corpus_text_free);
        GRand *random = g_rand_new_with_seed(20260101);
        guint n_valid, n_taken = 0;

        corpus_read(name, "valid", texts);
        n_valid = texts->len;
        corpus_read(name, "invalid", texts);
        for (guint i = 0; i < CORPUS_MUTATIONS; i++) {
                /* What is not far from good gets furthest into the parser. */
                guint n = g_rand_int_range(random, 0, 4) > 0 ? n_valid : texts->len;
                const CorpusText *base = g_ptr_array_index(texts, (guint) g_rand_int_range(random, 0, (gint32) n));
                GString *text = g_string_new_len(base->bytes, (gssize) MIN(base->size, 4096));

                for (gint32 left = g_rand_int_range(random, 1, 3); left > 0; left--)
                        corpus_mutate(random, text, words, n_words);
                n_taken += parse(text->str, text->len);
                g_string_free(text, TRUE);
        }
        g_test_message("%u of %u were taken", n_taken, CORPUS_MUTATIONS);
        /* Neither all nor none, or the mutations are of no use. */
        g_assert_cmpuint(n_taken, >, CORPUS_MUTATIONS / 100);
        g_assert_cmpuint(n_taken, <, CORPUS_MUTATIONS / 2);
        g_rand_free(random);
}
