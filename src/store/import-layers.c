/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A layer is stored once: what has the same digest is the same. Whether the store has it is asked twice. The first
 * time, before it is unpacked, saves the work, and the layer is held from then on. The second time, inside of the
 * change, counts: another import may have brought the same meanwhile, and then the files unpacked here go.
 */

#include "store/import-layers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "model/id-ranges.h"
#include "model/store-layout.h"
#include "store/database.h"
#include "store/placement.h"
#include "store/unpacker.h"
#include "util/cleanup.h"
#include "util/error.h"

#define TREE          "tree"
#define DIGEST_PREFIX "sha256:"
#define DIGEST_DIGITS 64

static void free_layer(gpointer data)
{
        ImportLayer *layer = data;

        g_free(layer->digest);
        g_free(layer->folder);
        safe_close(layer->hold);
        g_free(layer);
}

int import_begin(Import *import, sd_bus_error *error)
{
        int r;

        import->tree = -1;
        import->incoming = INCOMING_NONE;
        import->layers = g_ptr_array_new_with_free_func(free_layer);
        r = incoming_new(import->job, &import->incoming, error);
        if (r < 0)
                return r;
        if (mkdirat(import->incoming.fd, TREE, 0700) < 0 ||
            fchownat(import->incoming.fd, TREE, import->id_base, import->id_base, AT_SYMLINK_NOFOLLOW) < 0)
                return job_fail(import->job, -errno, "The folder for the image can't be made", error);
        import->tree = openat(import->incoming.fd, TREE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return import->tree < 0 ? job_fail(import->job, -errno, "The folder for the image can't be opened", error) : 0;
}

void import_done(Import *import)
{
        import->tree = safe_close(import->tree);
        g_clear_pointer(&import->layers, g_ptr_array_unref);
        incoming_done(&import->incoming);
}

bool import_digest_is_valid(const char *text)
{
        const char *digits = text + strlen(DIGEST_PREFIX);

        return g_str_has_prefix(text, DIGEST_PREFIX) && strspn(digits, "0123456789abcdef") == DIGEST_DIGITS &&
               strlen(digits) == DIGEST_DIGITS;
}

#define FOLDER_THAT_OWNER_SEES                                                                                         \
        "WITH RECURSIVE seen(id) AS (SELECT layer FROM images WHERE owner IN (?1, -1)"                                 \
        " UNION SELECT l.parent FROM layers l, seen WHERE l.id = seen.id AND l.parent IS NOT NULL)"                    \
        "SELECT folder FROM layers WHERE digest = ?2 AND id IN seen LIMIT 1"

static int find_folder(const Import *import, const char *digest, char **ret, sd_bus_error *error)
{
        _cleanup_(database_finalize) sqlite3_stmt *statement = NULL;
        int r;

        r = database_prepare(import->job, error, &statement, FOLDER_THAT_OWNER_SEES, "it", import->owner, digest);
        if (r >= 0)
                r = database_step(import->job, statement, error);
        if (r > 0)
                *ret = g_strdup((const char *) sqlite3_column_text(statement, 0));
        return r;
}

/* Returns 1 where it is held: then it was still there when the hold was taken. */
static int hold_existing(const Import *import, ImportLayer *layer, sd_bus_error *error)
{
        g_autofree char *folder = NULL;
        int64_t found = 0;
        int r;

        r = find_folder(import, layer->digest, &folder, error);
        if (r <= 0)
                return r;
        if (folder_lock(import->job, STORE_LAYERS, folder, LOCK_SH, &layer->hold) < 0)
                return 0;
        return database_get(import->job, error, &found, "SELECT 1 FROM layers WHERE folder = ? LIMIT 1", "t", folder);
}

/* An image may have the same layer twice. */
static bool is_in_this_image(const Import *import, const char *digest)
{
        for (unsigned i = 0; i < import->layers->len; i++) {
                const ImportLayer *layer = g_ptr_array_index(import->layers, i);

                if (layer->is_new && g_str_equal(layer->digest, digest))
                        return true;
        }
        return false;
}

int import_add_layer(Import *import, const char *digest, sd_bus_error *error)
{
        ImportLayer *layer;
        bool known = *digest && is_in_this_image(import, digest);
        int r = 0;

        if (import->layers->len >= IMPORT_LAYERS_MAX)
                return error_set(error, ERROR_INVALID_IMAGE, "The image has more than %u layers", IMPORT_LAYERS_MAX);
        layer = g_new0(ImportLayer, 1);
        layer->hold = -1;
        layer->digest = g_strdup(digest);
        g_ptr_array_add(import->layers, layer);
        if (*digest && !known) {
                r = hold_existing(import, layer, error);
                if (r < 0)
                        return r;
        }
        layer->is_new = !known && r == 0;
        return known || r > 0;
}

static ImportLayer *last_layer(const Import *import)
{
        return g_ptr_array_index(import->layers, import->layers->len - 1);
}

static int open_below(int folder, const char *path)
{
        struct open_how how = {
                .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
        };

        return (int) syscall(SYS_openat2, folder, path, &how, sizeof(how));
}

int import_set_opaque(Import *import, const char *path, sd_bus_error *error)
{
        const char *below = path + strspn(path, "/");
        g_autofree char *name = g_strdup_printf("%u", import->layers->len - 1);
        _cleanup_close_ int root = open_below(import->tree, name), fd = -1;

        if (root >= 0)
                fd = open_below(root, *below ? below : ".");
        if (fd < 0)
                return unpacker_mistrust("a folder that is none", error);
        if (fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) < 0)
                return job_fail(import->job, -errno, "A folder can't be marked", error);
        return 0;
}

void import_end_layer(Import *import, const char *digest, uint64_t size)
{
        ImportLayer *layer = last_layer(import);

        g_free(layer->digest);
        layer->digest = g_strdup(digest);
        layer->size = size;
}

/* Whatever the unpacker made, this is a folder of the ids that it was given; what it lies in is root's. */
static int settle_layer(Import *import, unsigned index, ImportLayer *layer, sd_bus_error *error)
{
        g_autofree char *name = g_strdup_printf("%u", index);
        g_autofree char *folder = folder_name_new();
        g_autofree char *root = g_build_filename(folder, STORE_ROOT, NULL);
        struct stat st;

        if (fstatat(import->tree, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode) ||
            st.st_uid - import->id_base >= ID_RANGE_SIZE)
                return unpacker_mistrust("a layer that is no folder", error);
        if (mkdirat(import->incoming.fd, folder, 0700) < 0 ||
            renameat(import->tree, name, import->incoming.fd, root) < 0)
                return job_fail(import->job, -errno, "The folder of a layer can't be made", error);
        layer->folder = g_steal_pointer(&folder);
        return 0;
}

int import_settle(Import *import, sd_bus_error *error)
{
        for (unsigned i = 0; i < import->layers->len; i++) {
                ImportLayer *layer = g_ptr_array_index(import->layers, i);
                int r = layer->is_new ? settle_layer(import, i, layer, error) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

/* A row with the folder of another one of the same digest. Returns 1 where there is one. */
static int insert_shared(Import *import, const ImportLayer *layer, int64_t parent, sd_bus_error *error)
{
        return database_run(import->job, error,
                            "INSERT INTO layers (parent, folder, id_base, size, digest, boot_id)"
                            " SELECT nullif(?, 0), folder, id_base, size, digest, boot_id FROM layers"
                            " WHERE digest = ? LIMIT 1",
                            "it", parent, layer->digest);
}

static int insert_new(Import *import, Placement *placement, const ImportLayer *layer, int64_t parent,
                      sd_bus_error *error)
{
        int r = placement_add(placement, layer->folder, error);

        if (r < 0)
                return r;
        return database_run(import->job, error,
                            "INSERT INTO layers (parent, folder, id_base, size, digest, boot_id)"
                            " VALUES (nullif(?, 0), ?, ?, ?, ?, ?)",
                            "itiitt", parent, layer->folder, (int64_t) import->id_base, (int64_t) layer->size,
                            layer->digest, import->job->boot_id);
}

static int insert_layer(Import *import, Placement *placement, const ImportLayer *layer, int64_t parent, int64_t *ret,
                        sd_bus_error *error)
{
        int r;

        r = database_get(import->job, error, ret, "SELECT id FROM layers WHERE digest = ? AND ifnull(parent, 0) = ?",
                         "ti", layer->digest, parent);
        if (r != 0)
                return r;
        r = insert_shared(import, layer, parent, error);
        if (r == 0 && layer->folder)
                r = insert_new(import, placement, layer, parent, error);
        if (r == 0)
                return error_set(error, SD_BUS_ERROR_FAILED,
                                 "A layer that was held is not there any more; somebody works on the store by hand");
        if (r < 0)
                return r;
        *ret = sqlite3_last_insert_rowid(import->job->database);
        return 0;
}

/* The chain id, as the OCI image specification has it: the layers from the lowest on, each with those below it. */
static char *add_to_chain(const char *chain, const char *digest)
{
        g_autofree char *text = g_strdup_printf("%s %s", chain, digest);
        g_autofree char *digits = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

        return g_strconcat(DIGEST_PREFIX, digits, NULL);
}

int import_insert_layers(Import *import, Placement *placement, ImportResult *ret, sd_bus_error *error)
{
        g_autofree char *chain = NULL;
        int64_t parent = 0, size = 0;

        for (unsigned i = 0; i < import->layers->len; i++) {
                const ImportLayer *layer = g_ptr_array_index(import->layers, i);
                g_autofree char *next = chain ? add_to_chain(chain, layer->digest) : g_strdup(layer->digest);
                int64_t bytes = 0;
                int r = insert_layer(import, placement, layer, parent, &parent, error);

                if (r >= 0)
                        r = database_get(import->job, error, &bytes, "SELECT size FROM layers WHERE id = ?", "i",
                                         parent);
                if (r < 0)
                        return r;
                size += bytes;
                g_free(chain);
                chain = g_steal_pointer(&next);
        }
        *ret = (ImportResult){.layer = parent, .size = (uint64_t) size, .digest = g_steal_pointer(&chain)};
        return 0;
}
