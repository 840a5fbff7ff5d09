/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Images: the records of one, with the chain of its layers and the defaults that it brings, or the list of many.
 */

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/store-private.h"
#include "model/store-layout.h"
#include "util/cleanup.h"
#include "util/error.h"

/* The columns of the look-ups below. */
static StoreImage *read_image(sqlite3_stmt *row)
{
        StoreImage *image = g_new0(StoreImage, 1);

        image->id = sqlite3_column_int64(row, 0);
        image->owner = sqlite3_column_int64(row, 1);
        image->name = store_copy_text(row, 2);
        image->created = sqlite3_column_int64(row, 3);
        image->size = (uint64_t) sqlite3_column_int64(row, 4);
        image->digest = store_copy_text(row, 5);
        image->platform = store_copy_text(row, 6);
        return image;
}

static void free_layer(gpointer layer)
{
        store_layer_free(layer);
}

/* The same layer further down changes nothing: the upper one says for each of its paths what is there. overlayfs
 * refuses the same folder twice. */
static bool has_folder(const StoreImage *image, const char *folder)
{
        for (unsigned i = 0; i < image->layers->len; i++)
                if (g_str_equal(((const StoreLayer *) g_ptr_array_index(image->layers, i))->folder, folder))
                        return true;
        return false;
}

static int read_layers(Store *store, StoreImage *image)
{
        _cleanup_(store_finalize) sqlite3_stmt *statement = NULL;
        int r;

        image->layers = g_ptr_array_new_with_free_func(free_layer);
        r = store_prepare(store,
                          "WITH RECURSIVE chain(depth, id, parent, folder, id_base) AS ("
                          " SELECT 0, l.id, l.parent, l.folder, l.id_base FROM layers l, images i"
                          "  WHERE i.id = ? AND l.id = i.layer"
                          " UNION ALL SELECT depth + 1, l.id, l.parent, l.folder, l.id_base FROM layers l, chain"
                          "  WHERE l.id = chain.parent)"
                          "SELECT id, folder, id_base FROM chain ORDER BY depth",
                          &statement);
        if (r < 0)
                return r;
        (void) sqlite3_bind_int64(statement, 1, image->id);
        while ((r = store_step(store, statement)) > 0) {
                StoreLayer *layer;

                if (has_folder(image, (const char *) sqlite3_column_text(statement, 1)))
                        continue;
                layer = g_new0(StoreLayer, 1);
                layer->id = sqlite3_column_int64(statement, 0);
                layer->folder = store_copy_text(statement, 1);
                layer->id_base = (uint32_t) sqlite3_column_int64(statement, 2);
                g_ptr_array_add(image->layers, layer);
        }
        return r;
}

static GStrv take_list(GPtrArray *list)
{
        g_ptr_array_add(list, NULL);
        return (GStrv) g_ptr_array_free(list, FALSE);
}

static int read_settings(Store *store, StoreImage *image)
{
        _cleanup_(store_finalize) sqlite3_stmt *statement = NULL;
        GPtrArray *env = g_ptr_array_new(), *entrypoint = g_ptr_array_new(), *cmd = g_ptr_array_new();
        int r;

        r = store_prepare(store, "SELECT kind, value FROM image_settings WHERE image = ? ORDER BY kind, position",
                          &statement);
        if (r == 0)
                (void) sqlite3_bind_int64(statement, 1, image->id);
        while (r >= 0 && (r = store_step(store, statement)) > 0) {
                const char *kind = (const char *) sqlite3_column_text(statement, 0);

                if (g_str_equal(kind, "env"))
                        g_ptr_array_add(env, store_copy_text(statement, 1));
                else if (g_str_equal(kind, "entrypoint"))
                        g_ptr_array_add(entrypoint, store_copy_text(statement, 1));
                else if (g_str_equal(kind, "cmd"))
                        g_ptr_array_add(cmd, store_copy_text(statement, 1));
                else if (g_str_equal(kind, "user") && !image->user)
                        image->user = store_copy_text(statement, 1);
                else if (g_str_equal(kind, "working-dir") && !image->working_dir)
                        image->working_dir = store_copy_text(statement, 1);
        }
        image->env = take_list(env);
        image->entrypoint = take_list(entrypoint);
        image->cmd = take_list(cmd);
        return r;
}

/* What read_image() reads, from the images for which a condition holds. The caller frees it. */
static char *select_images(const Store *store, const char *condition)
{
        return g_strdup_printf("SELECT id, owner, name, created, size, digest, %s FROM images WHERE %s",
                               store_get_version(store) >= STORE_VERSION_PLATFORMS ? "platform" : "''", condition);
}

static int find_image(Store *store, const char *condition, int64_t owner, const char *name, StoreImage **ret)
{
        g_autofree char *sql = select_images(store, condition);
        g_autoptr(StoreImage) image = NULL;
        _cleanup_(store_finalize) sqlite3_stmt *statement = NULL;
        int r;

        r = store_prepare(store, sql, &statement);
        if (r < 0)
                return r;
        (void) sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        (void) sqlite3_bind_int64(statement, 2, owner);
        r = store_step(store, statement);
        if (r <= 0)
                return r < 0 ? r : -ENOENT;
        image = read_image(statement);

        r = read_layers(store, image);
        if (r >= 0)
                r = read_settings(store, image);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&image);
        return 0;
}

int store_find_image(Store *store, uint32_t uid, const char *name, StoreImage **ret)
{
        int r = store_begin(store);

        if (r <= 0)
                return r < 0 ? r : -ENOENT;
        return store_end(store, find_image(store,
                                           "name = ? AND owner IN (?, -1) AND superseded = 0"
                                           " ORDER BY owner DESC LIMIT 1",
                                           uid, name, ret));
}

int store_find_image_of(Store *store, int64_t owner, const char *name, StoreImage **ret)
{
        int r = store_begin(store);

        if (r <= 0)
                return r < 0 ? r : -ENOENT;
        return store_end(store, find_image(store, "name = ? AND owner = ? AND superseded = 0", owner, name, ret));
}

static void add_setting(GString *text, const char *kind, const char *value)
{
        if (!value)
                return;
        g_string_append_len(text, kind, (gssize) strlen(kind) + 1);
        g_string_append_len(text, value, (gssize) strlen(value) + 1);
}

static void add_settings(GString *text, const char *kind, char *const *values)
{
        for (; *values; values++)
                add_setting(text, kind, *values);
}

int store_settings_to_fd(const StoreImage *image)
{
        g_autoptr(GString) text = g_string_new(NULL);
        _cleanup_close_ int fd = memfd_create("settings", MFD_CLOEXEC);

        if (fd < 0)
                return -errno;
        if (image) {
                add_settings(text, "env", image->env);
                add_settings(text, "entrypoint", image->entrypoint);
                add_settings(text, "cmd", image->cmd);
                add_setting(text, "user", image->user);
                add_setting(text, "working-dir", image->working_dir);
        }
        /* pwrite(2) leaves the position where it is. */
        for (size_t done = 0; done < text->len;) {
                ssize_t n = pwrite(fd, text->str + done, text->len - done, (off_t) done);

                if (n < 0)
                        return -errno;
                done += (size_t) n;
        }
        return steal_fd(&fd);
}

static void free_image(gpointer image)
{
        store_image_free(image);
}

static int list_images(Store *store, uint32_t uid, GPtrArray *images)
{
        g_autofree char *sql = select_images(store, "superseded = 0 AND (?1 = 4294967295 OR owner IN (?1, -1))"
                                                    " ORDER BY owner, name");
        _cleanup_(store_finalize) sqlite3_stmt *statement = NULL;
        int r;

        r = store_prepare(store, sql, &statement);
        if (r < 0)
                return r;
        (void) sqlite3_bind_int64(statement, 1, uid);
        while ((r = store_step(store, statement)) > 0)
                g_ptr_array_add(images, read_image(statement));
        return r;
}

int store_list_images(Store *store, uint32_t uid, GPtrArray **ret)
{
        g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func(free_image);
        int r = store_begin(store);

        if (r > 0)
                r = store_end(store, list_images(store, uid, images));
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&images);
        return 0;
}

int store_set_error(int r, const char *name, sd_bus_error *error)
{
        if (r == -ENOENT)
                return error_set(error, ERROR_NO_SUCH_IMAGE,
                                 "There is no image '%s', neither of the caller nor of the system; ListImages tells "
                                 "which there are",
                                 name);
        return error_set(error, SD_BUS_ERROR_IO_ERROR,
                         "The image '%s' can't be looked up, since the store can't be "
                         "read: %s; see the journal of gangwayd.service",
                         name, g_strerror(-r));
}

StoreLayer *store_layer_free(StoreLayer *layer)
{
        if (!layer)
                return NULL;
        g_free(layer->folder);
        g_free(layer);
        return NULL;
}

StoreImage *store_image_free(StoreImage *image)
{
        if (!image)
                return NULL;
        g_free(image->name);
        g_free(image->digest);
        g_free(image->platform);
        g_clear_pointer(&image->layers, g_ptr_array_unref);
        g_strfreev(image->env);
        g_strfreev(image->entrypoint);
        g_strfreev(image->cmd);
        g_free(image->user);
        g_free(image->working_dir);
        g_free(image);
        return NULL;
}
