/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The layers are put together by overlayfs, which knows best what they mean, and each shows its ids as those of the
 * target: so the copy is one of plain files. It is made with the launcher's own means.
 */

#include "store/seed.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "launcher/overlay.h"
#include "launcher/tree.h"
#include "model/store-layout.h"
#include "store/database.h"
#include "store/tree.h"
#include "util/cleanup.h"
#include "util/error.h"

#define EMPTY_NAME "empty"
#define STAGE_NAME "stage"

typedef struct Seed {
        Job *job;
        char *folder;      /* where things are mounted, absolute */
        uint32_t id_base;  /* of the target */
        GPtrArray *lowers; /* names below folder, the topmost first */
        GHashTable *bases; /* of layers: the name below folder where those with this base are */
        int lock;          /* on the top layer */
} Seed;

static int fail(const Seed *seed, int r, sd_bus_error *error)
{
        return job_fail(seed->job, r, "The image that the cache begins with can't be read", error);
}

static void seed_done(Seed *seed)
{
        GHashTableIter iterator;
        const char *name;

        g_hash_table_iter_init(&iterator, seed->bases);
        while (g_hash_table_iter_next(&iterator, NULL, (gpointer *) &name)) {
                g_autofree char *path = g_build_filename(seed->folder, name, NULL);

                (void) umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
        }
        g_hash_table_unref(seed->bases);
        g_ptr_array_unref(seed->lowers);
        safe_close(seed->lock);
        g_free(seed->folder);
}

static int make_folder(const Seed *seed, const char *name)
{
        g_autofree char *path = g_build_filename(seed->folder, name, NULL);

        return mkdir(path, 0700) < 0 ? -errno : 0;
}

/* Mounts the folder of all layers once more, as it is to be seen for those with this base. */
static int mount_layers(const Seed *seed, uint32_t base, const char *name)
{
        const IdMap map = {
                .kind = base == seed->id_base ? ID_MAP_NONE : ID_MAP_LAYERS, .first = base, .base = seed->id_base};
        g_autofree char *layers = g_build_filename(seed->job->path, STORE_LAYERS, NULL);
        g_autofree char *path = g_build_filename(seed->folder, name, NULL);
        _cleanup_close_ int source = open(layers, O_PATH | O_DIRECTORY | O_CLOEXEC), tree = -1, target = -1;
        int r;

        if (source < 0)
                return -errno;
        tree = tree_clone(source, 0);
        if (tree < 0)
                return tree;
        r = tree_prepare(tree, &map);
        if (r >= 0)
                r = make_folder(seed, name);
        if (r < 0)
                return r;
        target = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return target < 0 ? -errno : tree_attach(tree, target);
}

static int add_layer(Seed *seed, const char *folder, uint32_t base)
{
        const char *name = g_hash_table_lookup(seed->bases, GUINT_TO_POINTER(base));

        if (!name) {
                g_autofree char *new = g_strdup_printf("m%u", g_hash_table_size(seed->bases));
                int r = mount_layers(seed, base, new);

                if (r < 0)
                        return r;
                name = new;
                g_hash_table_insert(seed->bases, GUINT_TO_POINTER(base), g_steal_pointer(&new));
        }
        g_ptr_array_add(seed->lowers, g_strdup_printf("%s/%s/" STORE_ROOT, name, folder));
        return 0;
}

/* The chain of layers; the top one is held first, and keeps the others. */
static int add_layers(Seed *seed, int64_t layer, sd_bus_error *error)
{
        _cleanup_(database_finalize) sqlite3_stmt *chain = NULL;
        int r = database_prepare(seed->job, error, &chain,
                                 "WITH RECURSIVE chain(depth, folder, id_base, parent) AS ("
                                 " SELECT 0, folder, id_base, parent FROM layers WHERE id = ?"
                                 " UNION ALL SELECT depth + 1, l.folder, l.id_base, l.parent"
                                 " FROM layers l, chain WHERE l.id = chain.parent)"
                                 " SELECT folder, id_base FROM chain ORDER BY depth",
                                 "i", layer);

        while (r >= 0 && (r = database_step(seed->job, chain, error)) > 0) {
                const char *folder = (const char *) sqlite3_column_text(chain, 0);

                if (seed->lock < 0)
                        r = folder_lock(seed->job, STORE_LAYERS, folder, LOCK_SH, &seed->lock);
                if (r >= 0)
                        r = add_layer(seed, folder, (uint32_t) sqlite3_column_int64(chain, 1));
                if (r < 0)
                        return fail(seed, r, error);
        }
        if (r >= 0 && seed->lowers->len == 0)
                return error_set(error, ERROR_NO_SUCH_IMAGE,
                                 "The image that the cache begins with was removed meanwhile; import it again");
        return r;
}

/* A read-only overlay has two lower folders at least. */
static int open_image(Seed *seed)
{
        g_autofree char *stage = g_build_filename(seed->folder, STAGE_NAME, NULL);
        OverlayRequest request = {.folder = seed->folder, .stage = stage, .owner = seed->id_base};

        if (seed->lowers->len == 1)
                g_ptr_array_add(seed->lowers, g_strdup(EMPTY_NAME));
        request.lowers = (const char *const *) seed->lowers->pdata;
        request.n_lowers = seed->lowers->len;
        return overlay_open(&request);
}

static int copy(Seed *seed, int target, sd_bus_error *error)
{
        _cleanup_close_ int image = open_image(seed);
        TreeCopy copied = {};
        int r;

        if (image < 0)
                return fail(seed, image, error);
        r = tree_measure(seed->job, image, &copied.total, error);
        if (r >= 0)
                r = tree_copy(seed->job, image, target, &copied, error);
        if (r < 0)
                return r;
        return syncfs(seed->job->store) < 0 ? job_fail(seed->job, -errno, "The cache can't be written", error) : 0;
}

int seed_copy(Job *job, const Incoming *incoming, int64_t layer, uint32_t id_base, int target, sd_bus_error *error)
{
        _cleanup_(seed_done) Seed seed = {
                .job = job,
                .folder = g_build_filename(job->path, incoming->path, NULL),
                .id_base = id_base,
                .lowers = g_ptr_array_new_with_free_func(g_free),
                .bases = g_hash_table_new_full(NULL, NULL, NULL, g_free),
                .lock = -1,
        };
        int r;

        r = unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ? -errno : 0;
        if (r >= 0)
                r = make_folder(&seed, EMPTY_NAME);
        if (r >= 0)
                r = make_folder(&seed, STAGE_NAME);
        if (r < 0)
                return fail(&seed, r, error);
        r = add_layers(&seed, layer, error);
        return r < 0 ? r : copy(&seed, target, error);
}
