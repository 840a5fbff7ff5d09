/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/*
 * The daemon's view of the store: images, layers and caches, read from the records in gangway.db, which nobody but
 * gangway-store processes writes (src/store, and helper.h to start one). A look-up is a few reads of a small
 * local file, and never waits for a writer: the records are in WAL form.
 *
 * Layers and caches are plain folders, and whoever mounts one holds it, so that it is not removed meanwhile.
 */

/* The owner of an image of the system, which all may see. */
#define STORE_OWNER_SYSTEM (-1)
/* In place of a uid: all owners. */
#define STORE_UID_ALL UINT32_MAX

typedef struct Store Store;

/* A layer: store_layer_path() of its folder, whose files' ids on disk are id_base to id_base + 65535. */
typedef struct StoreLayer {
        char *folder;
        uint32_t id_base;
        int64_t id;
} StoreLayer;

typedef struct StoreImage {
        int64_t id;
        int64_t owner; /* a uid, or STORE_OWNER_SYSTEM */
        char *name;
        int64_t created;   /* seconds since 1970 */
        uint64_t size;     /* bytes of all its layers, those that it shares with other images too */
        char *digest;      /* the OCI chain id of its layers, "sha256:…"; "" where one of them was committed here */
        char *platform;    /* normalised; "" where it is not known */
        GPtrArray *layers; /* of StoreLayer, top first, no folder twice; at least one. NULL in a list */
        /* The defaults of Start. All NULL in a list; otherwise lists are never NULL. */
        GStrv env; /* NAME=VALUE */
        GStrv entrypoint;
        GStrv cmd;
        char *user;        /* NULL: not set, as below */
        char *working_dir; /* absolute */
} StoreImage;

typedef struct StoreCache {
        int64_t id;
        char *folder;
        uint32_t id_base;
} StoreCache;

/* path is the store's folder. The records are opened when they are first asked for, and again after a failure, so a
 * store that is not there yet, or is unreadable for a while, is no error here. Returns 0. */
int store_open(const char *path, Store **ret);

/* Opens the records now: what SQLite needs beside them takes room, which a full disk may not have later. Errors: as
 * those of a look-up, and nothing follows from them. */
int store_connect(Store *store);

Store *store_close(Store *store);

const char *store_get_path(const Store *store);

/* The image that a caller means by a name: its own one, else that of the system. With layers and settings.
 * Errors: -ENOENT; -EBUSY, -EIO, -EBADMSG … where the records can't be read. See store_set_error(). */
int store_find_image(Store *store, uint32_t uid, const char *name, StoreImage **ret);

/* The image of exactly this owner, a uid or STORE_OWNER_SYSTEM. Otherwise as store_find_image(). */
int store_find_image_of(Store *store, int64_t owner, const char *name, StoreImage **ret);

/* The settings of an image as gangway-store takes them (the verb commit): KIND NUL VALUE NUL…, in a file in memory that
 * is at its beginning. NULL: of no image, so none. Returns the fd, which belongs to the caller. */
int store_settings_to_fd(const StoreImage *image);

/* The images that uid may see, its own and those of the system, or all for STORE_UID_ALL: StoreImage without layers and
 * settings, by owner (that of the system first) and name. A name may be there twice: the system's, and the caller's. */
int store_list_images(Store *store, uint32_t uid, GPtrArray **ret);

/* Takes hold of a layer, as a user of it: it stays until the fd, which belongs to the caller, is closed, whatever
 * happens to its image. To hold the top layer of an image keeps all below it. Notes the time of the use. Does not
 * block. Errors: -ENOENT where it has been removed, or is being removed, since it was looked up. */
int store_hold_layer(Store *store, const char *folder, int *ret_fd);

/* The folders of a cache of (owner, cache id, id of the seed's top layer or 0): StoreCache, oldest first. There is more
 * than one where several holders wanted a private one at a time; none where the cache is still to be made (the verb
 * cache-create). */
int store_find_caches(Store *store, uint32_t owner, const char *cache_id, int64_t seed, GPtrArray **ret);

/* As store_hold_layer(). Who may use a cache beside whom is for the caller to know: all hold it in the same way. */
int store_hold_cache(Store *store, const char *folder, int *ret_fd);

/* The absolute path of the files themselves, STORE/layers/FOLDER/root or STORE/caches/FOLDER/root. The caller frees it.
 */
char *store_layer_path(const Store *store, const char *folder);
char *store_cache_path(const Store *store, const char *folder);

/* Says what became of a look-up of the image name that answered r < 0: NoSuchImage, or that the store can't be read.
 * Returns the negative errno of the error's name. */
int store_set_error(int r, const char *name, sd_bus_error *error);

StoreLayer *store_layer_free(StoreLayer *layer);
StoreImage *store_image_free(StoreImage *image);
StoreCache *store_cache_free(StoreCache *cache);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreLayer, store_layer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreImage, store_image_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreCache, store_cache_free)
