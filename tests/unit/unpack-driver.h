/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The store's side of gangway-unpack's protocol, around the real program: a target folder beside a file that must stay
 * as it is, ids to map, answers, and an opener for folders. Needs root.
 */

#include <archive_entry.h>

#include "unit.h"

#define ID_BASE 200000U

typedef struct Unpack {
        char *tree; /* holds the target, and a sentinel */
        char *target;
        /* What to ask for. */
        const char *platform;
        guint64 bytes_max, entries_max, depth_max, ratio_max;
        const char *skip; /* the diff_id of a layer that the store has */
        /* What came. */
        GPtrArray *messages; /* GStrv, all but ready and progress */
        guint n_progress;
        char *error_name, *error_message;
        int status; /* of the program, as of waitpid(2) */
} Unpack;

Unpack *unpack_new(void);
/* Checks that nothing outside of the target has changed. */
void unpack_free(Unpack *unpack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Unpack, unpack_free)

/* Runs the program once, on an fd that stays the caller's. Any message that is none of the protocol fails the test. */
void unpack_run(Unpack *unpack, int input);
/* The same with these bytes as a file, with a folder through an opener, and with a file of the disk. */
void unpack_bytes(Unpack *unpack, GByteArray *bytes);
void unpack_folder(Unpack *unpack, const char *folder);
void unpack_file(Unpack *unpack, const char *path);

/* The same in steps: starts the program and sends the request, then takes one message. Returns FALSE at the end. */
int unpack_start(Unpack *unpack, int input, pid_t *ret_pid);
gboolean unpack_take(Unpack *unpack, int socket, pid_t pid);

/* The outcome: "done", with so many layers; or an error, whose message has part in it. */
void unpack_assert_done(Unpack *unpack, guint n_layers, guint n_skipped);
void unpack_assert_error(Unpack *unpack, const char *name, const char *part);
/* How many messages begin so: unpack_count(unpack, "setting", "env"). */
guint unpack_count_messages(const Unpack *unpack, const char *const *words);
#define unpack_count(unpack, ...) unpack_count_messages((unpack), (const char *const[]){__VA_ARGS__, NULL})
/* The last message with this first word. */
GStrv unpack_message(const Unpack *unpack, const char *word);

/* What has been made at a path of the target: type and mode in octal, owner and group (as inside), and what it is:
 * "100644 0 0 text", "120777 0 0 -> target", "040755 0 0", "020000 0 0 0:0"; or "none". Owned by the caller. */
char *unpack_show(const Unpack *unpack, const char *path);
void unpack_assert_shows(const Unpack *unpack, const char *path, const char *expected);
struct stat unpack_stat(const Unpack *unpack, const char *path);

/* An entry of a tar archive. What is 0 or NULL is left as it is usual: type '0', mode 0644 or 0755, time 1000. */
typedef struct TarEntry {
        const char *name;
        char type;
        const char *link;
        const char *data;
        gsize size; /* of data; 0: its length */
        unsigned mode;
        guint64 uid, gid;
        gint64 time;
        const char *pax; /* records "key=value\n…"; a value may have no newline */
} TarEntry;

/* Adds an entry, and the end. Names and ids that don't fit the header are cut: they come as pax records. */
void tar_add_entry(GByteArray *tar, const TarEntry *entry);
#define tar_add(tar, ...) tar_add_entry((tar), &(const TarEntry){__VA_ARGS__})
void tar_end(GByteArray *tar);
/* A number of entries and the end: tar_new((TarEntry){…}, (TarEntry){…}). */
GByteArray *tar_new_entries(const TarEntry *entries, gsize n);
#define tar_new(...)                                                                                                   \
        tar_new_entries((const TarEntry[]){__VA_ARGS__}, sizeof((const TarEntry[]){__VA_ARGS__}) / sizeof(TarEntry))

/* "gzip", "bzip2", "xz", "lzma", "zstd", "lz4", or "none". */
GByteArray *compress_bytes(const GByteArray *bytes, const char *kind);
/* sha256:… */
char *bytes_digest(const GByteArray *bytes);

/* Adds a test that skips where it can't run. */
void unpack_add_test(const char *path, void (*function)(void));
