/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libarchive reads and writes the files. Its own look at each component of each path for symlinks (SECURE_SYMLINKS) is
 * not used: it takes twice as long as all the rest, and refuses archives that tar takes. In place of it, the folder is
 * the root of this process, so that whatever a symlink says leads to a file of this very archive.
 *
 * Where an entry replaces an earlier one, the last wins, whatever the two are, but the archive's folders keep what is
 * in them.
 */

#include "unpack/writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "unpack/access-list.h"
#include "unpack/confine.h"
#include "unpack/entry.h"
#include "unpack/folder-list.h"
#include "unpack/sentence.h"
#include "unpack/socket-wait.h"
#include "unpack/whiteout.h"
#include "util/cleanup.h"
#include "util/error.h"

#define WRITE_FLAGS                                                                                                    \
        (ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_NODOTDOT |       \
         ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS)
#define FTW_FDS 16

typedef struct State {
        const Writer *writer;
        struct archive *in, *out;
        Whiteouts whiteouts;
        GArray *old_folders;
        GHashTable *access_lists;
        uint64_t bytes, entries, skipped;
        bool damaged; /* the error is one of reading the archive */
        sd_bus_error objection;
} State;

static void state_done(State *state)
{
        if (state->in)
                archive_read_free(state->in);
        if (state->out)
                archive_write_free(state->out);
        whiteouts_done(&state->whiteouts);
        g_clear_pointer(&state->old_folders, g_array_unref);
        g_clear_pointer(&state->access_lists, g_hash_table_unref);
        sd_bus_error_free(&state->objection);
}

static int set_damaged(State *state, const char *reason, const Entry *after, sd_bus_error *error)
{
        g_autofree char *name = *after->path ? sentence_name(after->path) : NULL;

        state->damaged = true;
        return error_set(error, ERROR_INVALID_IMAGE, "%s is no tar archive, or damaged or incomplete%s%s%s: %s",
                         state->writer->what, name ? " at or after '" : "", name ?: "", name ? "'" : "",
                         reason ?: "unknown");
}

/* What libarchive says of the disk. */
static int set_write_error(State *state, const Entry *entry, sd_bus_error *error)
{
        int errnum = archive_errno(state->out);

        /* Its own errors have negative numbers, or EINVAL and the like, and a text. */
        if (errnum > 0 && errnum != EINVAL && errnum != ENOENT && errnum != EPERM)
                return entry_disk_error(entry, state->writer->what, error, errnum);
        return entry_error(entry, state->writer->what, error, "%s", archive_error_string(state->out) ?: "unknown");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
        return remove(path) < 0 ? -1 : 0;
}

/* A folder does not replace what is none, and nothing replaces a folder, unless that is out of the way. Returns 1 where
 * a folder is there already. */
static int clear_path(const Entry *entry)
{
        struct stat st;

        if (lstat(entry->path, &st) < 0)
                return 0;
        if (!S_ISDIR(st.st_mode))
                return entry->type == AE_IFDIR && unlink(entry->path) < 0 ? -errno : 0;
        if (entry->type == AE_IFDIR)
                return 1;
        return nftw(entry->path, remove_one, FTW_FDS, FTW_DEPTH | FTW_PHYS) < 0 ? -errno : 0;
}

static int write_header(State *state, const Entry *entry, sd_bus_error *error)
{
        int64_t size = archive_entry_size(entry->archive_entry);
        int r;

        /* Folders are few. All others are tried first: mostly there is nothing in the way. */
        if (entry->type == AE_IFDIR) {
                r = clear_path(entry);
                if (r < 0)
                        return entry_disk_error(entry, state->writer->what, error, -r);
                if (r > 0)
                        folder_list_add(state->old_folders, entry);
        }
        if (archive_write_header(state->out, entry->archive_entry) == ARCHIVE_OK)
                return 0;
        if (entry->type != AE_IFDIR && archive_errno(state->out) == ENOTEMPTY) {
                /* The failed try has taken the size away. */
                archive_entry_set_size(entry->archive_entry, size);
                r = clear_path(entry);
                if (r < 0)
                        return entry_disk_error(entry, state->writer->what, error, -r);
                if (archive_write_header(state->out, entry->archive_entry) == ARCHIVE_OK)
                        return 0;
        }
        return set_write_error(state, entry, error);
}

static int write_contents(State *state, const Entry *entry, sd_bus_error *error)
{
        uint64_t bytes_max = state->writer->limits->bytes;

        for (;;) {
                const void *bytes;
                size_t size;
                la_int64_t offset;
                int r = archive_read_data_block(state->in, &bytes, &size, &offset);

                if (r == ARCHIVE_EOF)
                        return 0;
                if (r != ARCHIVE_OK)
                        return set_damaged(state, archive_error_string(state->in), entry, error);
                state->bytes += size;
                if (state->writer->bytes + state->bytes > bytes_max)
                        return entry_error(entry, state->writer->what, error,
                                           "its files have more than %" PRIu64 " bytes, which is the limit", bytes_max);
                if (archive_write_data_block(state->out, bytes, size, offset) != ARCHIVE_OK)
                        return set_write_error(state, entry, error);
        }
}

/* Owners matter in a root file system, but not in the archive of an image, and which one this is is not known yet. */
static int check_ids(State *state, const Entry *entry, sd_bus_error *error)
{
        int r;

        if (state->writer->layer)
                return entry_check_ids(entry, state->writer->what, error);
        r = entry_check_ids(entry, state->writer->what,
                            sd_bus_error_is_set(&state->objection) ? NULL : &state->objection);
        if (r < 0) {
                archive_entry_set_uid(entry->archive_entry, 0);
                archive_entry_set_gid(entry->archive_entry, 0);
                archive_entry_acl_clear(entry->archive_entry);
        }
        return 0;
}

static int write_entry(State *state, const Entry *entry, sd_bus_error *error)
{
        const char *what = state->writer->what;
        int r;

        /* tar writes such a one where it was given a file twice. */
        if (*entry->link && strcmp(entry->link, entry->path) == 0)
                return 0;
        r = check_ids(state, entry, error);
        if (r >= 0)
                r = write_header(state, entry, error);
        if (r >= 0 && archive_entry_size(entry->archive_entry) > 0)
                r = write_contents(state, entry, error);
        if (r < 0)
                return r;
        if (archive_write_finish_entry(state->out) != ARCHIVE_OK)
                return set_write_error(state, entry, error);
        r = access_lists_take(state->access_lists, entry, what, error);
        return r < 0 ? r : entry_set_attributes(entry, what, error);
}

static int take_entry(State *state, const Entry *entry, sd_bus_error *error)
{
        const Writer *writer = state->writer;
        int r;

        if (writer->entries + ++state->entries > writer->limits->entries)
                return entry_error(entry, writer->what, error,
                                   "it has more than %" PRIu64 " entries, which is the limit", writer->limits->entries);
        if (writer->layer) {
                r = whiteouts_take(&state->whiteouts, entry, writer->what, error);
                if (r != 0)
                        return r;
        }
        if (entry->type == AE_IFCHR || entry->type == AE_IFBLK) {
                state->skipped++;
                return 0;
        }
        return write_entry(state, entry, error);
}

/* Names are bytes, but libarchive tells of each that it can't convert to the characters of the locale, of which there
 * are only ASCII's here. It has kept the bytes then. */
static bool is_harmless(struct archive *archive)
{
        const char *text = archive_error_string(archive);

        return text && strstr(text, "can't be converted");
}

static int copy(State *state, sd_bus_error *error)
{
        Entry entry = {};

        for (;;) {
                struct archive_entry *archive_entry;
                int r = archive_read_next_header(state->in, &archive_entry);

                if (r == ARCHIVE_EOF)
                        return 0;
                if (r != ARCHIVE_OK && !(r == ARCHIVE_WARN && is_harmless(state->in)))
                        return set_damaged(state, archive_error_string(state->in), &entry, error);
                r = entry_read(&entry, archive_entry, state->writer->limits->depth, state->writer->what, error);
                if (r >= 0)
                        r = take_entry(state, &entry, error);
                if (r < 0)
                        return r;
        }
}

/* As with the ids: names that mean nobody are an objection only against a root file system. */
static int finish_access_lists(State *state, sd_bus_error *error)
{
        const Writer *writer = state->writer;

        if (writer->layer)
                return access_lists_apply(state->access_lists, writer->what, error);
        if (!sd_bus_error_is_set(&state->objection))
                (void) access_lists_apply(state->access_lists, writer->what, &state->objection);
        return 0;
}

static ssize_t receive(struct archive *archive, void *data, const void **ret)
{
        ssize_t size = ring_receive(data, ret);

        if (size < 0)
                archive_set_error(archive, -(int) size, "%s", strerror(-(int) size));
        return size < 0 ? -1 : size;
}

static int unpack(State *state, int report, sd_bus_error *error)
{
        const Writer *writer = state->writer;
        Entry none = {};
        int r;

        state->in = archive_read_new();
        state->out = archive_write_disk_new();
        if (!state->in || !state->out)
                return -ENOMEM;
        if (archive_read_support_format_tar(state->in) != ARCHIVE_OK ||
            archive_write_disk_set_options(state->out, WRITE_FLAGS) != ARCHIVE_OK)
                return -EOPNOTSUPP;
        if (archive_read_open(state->in, writer->input, NULL, receive, NULL) != ARCHIVE_OK)
                return set_damaged(state, archive_error_string(state->in), &none, error);

        r = copy(state, error);
        if (r >= 0)
                r = finish_access_lists(state, error);
        if (r >= 0)
                r = whiteouts_apply(&state->whiteouts, report, writer->what, error);
        if (r < 0)
                return r;
        /* Sets modes and times of folders, now that nothing is made in them any more. */
        if (archive_write_close(state->out) != ARCHIVE_OK)
                return error_set(error, SD_BUS_ERROR_IO_ERROR,
                                 "%s can't be unpacked: its folders can't be finished: %s", writer->what,
                                 archive_error_string(state->out));
        r = folder_list_apply(state->old_folders);
        if (r < 0)
                return error_set(error, SD_BUS_ERROR_IO_ERROR,
                                 "%s can't be unpacked: its folders can't be finished: %s", writer->what, strerror(-r));
        return 0;
}

int writer_run(int report, void *data, sd_bus_error *error)
{
        Writer *writer = data;
        _cleanup_(state_done) State state = {.writer = writer};
        char numbers[3][24];
        int r;

        whiteouts_init(&state.whiteouts);
        state.old_folders = folder_list_new();
        state.access_lists = access_lists_new();
        ring_be_sink(writer->input);
        r = confine_change_root(writer->folder);
        if (r < 0)
                return error_set(error, SD_BUS_ERROR_FAILED, "The folder '%s' can't become a parser's root: %s",
                                 writer->folder, strerror(-r));

        r = unpack(&state, report, error);
        if (r < 0 && state.damaged)
                return socket_send(report, (const char *const[]){"damaged", error->name, error->message, NULL});
        if (r < 0)
                return r;
        (void) snprintf(numbers[0], sizeof(numbers[0]), "%" PRIu64, state.bytes);
        (void) snprintf(numbers[1], sizeof(numbers[1]), "%" PRIu64, state.entries);
        (void) snprintf(numbers[2], sizeof(numbers[2]), "%" PRIu64, state.skipped);
        return socket_send(report, (const char *const[]){"ok", numbers[0], numbers[1], numbers[2],
                                                         state.objection.message ?: "", NULL});
}
