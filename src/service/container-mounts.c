/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/container-mounts.h"

#include <fcntl.h>
#include <string.h>

#include "model/store-layout.h"
#include "service/cache-set.h"
#include "service/mount-request.h"
#include "service/name-files.h"
#include "util/cleanup.h"
#include "util/error.h"

struct ContainerMounts {
        ContainerMountsRequest request;
        MountPlan *plan;
        guint n_done;     /* of the plan's operations */
        guint n_undone;   /* of those */
        GArray *mounts;   /* ContainerMount */
        GArray *secrets;  /* int, fds in the order of the request's secrets; -1 while not read */
        CacheSet *caches; /* NULL: none is held */
        Launcher *launcher;
        const ContainerDir *dir;
        ContainerMountsDone done;
        void *userdata;
};

static ContainerMount *get_mount(const ContainerMounts *mounts, guint index)
{
        return &g_array_index(mounts->mounts, ContainerMount, index);
}

ContainerMounts *container_mounts_new(const ContainerMountsRequest *request)
{
        ContainerMounts *mounts = g_new0(ContainerMounts, 1);
        const int none = -1;

        mounts->request = *request;
        mounts->plan = mount_plan_new(request->spec, request->owner);
        mounts->mounts = g_array_new(FALSE, TRUE, sizeof(ContainerMount));
        g_array_set_size(mounts->mounts, request->spec->mounts->len);
        for (guint i = 0; i < mounts->mounts->len; i++) {
                get_mount(mounts, i)->hold = get_mount(mounts, i)->top = -1;
                get_mount(mounts, i)->stubs = g_ptr_array_new_with_free_func(g_free);
        }
        for (guint i = 0; i < mounts->plan->operations->len; i++) {
                const MountOperation *operation = mount_plan_get(mounts->plan, i);

                if (mount_operation_is_mount(operation))
                        get_mount(mounts, operation->mount->index)->operation = operation;
        }
        mounts->secrets = g_array_new(FALSE, FALSE, sizeof(int));
        for (guint i = 0; i < request->spec->secrets->len; i++)
                g_array_append_val(mounts->secrets, none);
        return mounts;
}

ContainerMounts *container_mounts_free(ContainerMounts *mounts)
{
        if (!mounts)
                return NULL;
        container_mounts_release(mounts);
        container_mounts_release_holds(mounts);
        for (guint i = 0; i < mounts->mounts->len; i++) {
                g_ptr_array_unref(get_mount(mounts, i)->stubs);
                store_image_free(get_mount(mounts, i)->image);
                g_free(get_mount(mounts, i)->upper);
        }
        g_array_unref(mounts->mounts);
        g_array_unref(mounts->secrets);
        mount_plan_free(mounts->plan);
        g_free(mounts);
        return NULL;
}

static int hold_image(ContainerMounts *mounts, const MountSpec *spec, sd_bus_error *error)
{
        ContainerMount *mount = get_mount(mounts, spec->index);
        Store *store = mounts->request.service->store;
        int r;

        r = store_find_image(store, mounts->request.owner, spec->image, &mount->image);
        if (r >= 0) {
                const StoreLayer *top = mount->image->layers->pdata[0];

                r = store_hold_layer(store, top->folder, &mount->hold);
        }
        return r < 0 ? store_set_error(r, spec->image, error) : 0;
}

static void finish(ContainerMounts *mounts, const sd_bus_error *error)
{
        ContainerMountsDone done = mounts->done;

        mounts->done = NULL;
        done(error, mounts->userdata);
}

/* The seed of a cache, by which it is known: the image's top layer; 0 where it has none. */
static int64_t get_seed(const ContainerMounts *mounts, const MountSpec *spec)
{
        const StoreImage *image = get_mount(mounts, spec->index)->image;

        return image ? ((const StoreLayer *) image->layers->pdata[0])->id : 0;
}

static const StoreCache *get_cache(const ContainerMounts *mounts, const MountSpec *spec)
{
        return cache_set_get(mounts->caches, spec->id, get_seed(mounts, spec));
}

static guint count_holds(const ContainerMounts *mounts)
{
        guint n = 0;

        while (n < mounts->plan->operations->len && mount_operation_is_hold(mount_plan_get(mounts->plan, n)))
                n++;
        return n;
}

static void on_caches(const sd_bus_error *error, void *userdata)
{
        ContainerMounts *mounts = userdata;

        if (!error)
                mounts->n_done = count_holds(mounts);
        finish(mounts, error);
}

/* The caches come last of the holds, and are one: they are claimed and given back together. */
static int hold_caches(ContainerMounts *mounts, sd_bus_error *error)
{
        guint n = count_holds(mounts);
        int r;

        mounts->caches = cache_set_new(mounts->request.service->caches, mounts->request.owner);
        for (guint i = mounts->n_done; i < n; i++) {
                const MountSpec *spec = mount_plan_get(mounts->plan, i)->mount;

                cache_set_add(mounts->caches, spec->id, get_seed(mounts, spec), spec->sharing);
        }
        r = cache_set_claim(mounts->caches, on_caches, mounts, error);
        if (r > 0)
                mounts->n_done = n;
        return r;
}

int container_mounts_hold(ContainerMounts *mounts, ContainerMountsDone held, void *userdata, sd_bus_error *error)
{
        guint n = count_holds(mounts);

        mounts->done = held;
        mounts->userdata = userdata;
        for (; mounts->n_done < n; mounts->n_done++) {
                const MountOperation *operation = mount_plan_get(mounts->plan, mounts->n_done);
                int r;

                if (operation->type == MOUNT_OPERATION_HOLD_CACHE)
                        return hold_caches(mounts, error);
                r = hold_image(mounts, operation->mount, error);
                if (r < 0)
                        return r;
        }
        return 1;
}

static guint find_secret(const ContainerMounts *mounts, const char *id)
{
        const GPtrArray *secrets = mounts->request.spec->secrets;
        guint i = 0;

        while (i < secrets->len && strcmp(((SecretSpec *) secrets->pdata[i])->id, id) != 0)
                i++;
        return i;
}

int container_mounts_get_secret(const ContainerMounts *mounts, const char *id)
{
        guint i = find_secret(mounts, id);

        return i < mounts->secrets->len ? g_array_index(mounts->secrets, int, i) : -1;
}

static void finish_errno(ContainerMounts *mounts, int r)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) error_set(&error, ERROR_MOUNT_FAILED, "The container's mounts can't be made: %s", g_strerror(-r));
        finish(mounts, &error);
}

/* COUNT paths: the last COUNT components of path, one by one, the deepest first. */
static void note_stubs(GPtrArray *stubs, const char *path, guint64 count)
{
        g_autofree char *rest = g_strdup(path);

        for (; count > 0 && *rest; count--) {
                char *slash = strrchr(rest, '/');

                g_ptr_array_add(stubs, g_strdup(rest));
                if (!slash)
                        break;
                *slash = '\0';
        }
}

/* record: INDEX COUNT PATH. */
static void note_made(ContainerMounts *mounts, const char *const *record)
{
        guint64 index = g_ascii_strtoull(record[0], NULL, 10);

        if (index < mounts->mounts->len)
                note_stubs(get_mount(mounts, (guint) index)->stubs, record[2], g_ascii_strtoull(record[1], NULL, 10));
}

static void note_mount(ContainerMounts *mounts, const MountOperation *operation, StringMessage *answer)
{
        ContainerMount *mount = get_mount(mounts, operation->mount->index);

        if (answer->n_fds > 0)
                mount->top = steal_fd(&answer->fds[0]);
        if (operation->type == MOUNT_OPERATION_CHILD)
                mount->upper = g_strdup_printf("%s/%u/upper", mounts->dir->scratch, operation->mount->index);
        if (answer->n_strings >= 4)
                note_made(mounts, answer->strings + 1);
}

static void on_sealed(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        ContainerMounts *mounts = userdata;

        for (size_t i = 1; answer && i + 3 <= answer->n_strings; i += 3)
                note_made(mounts, answer->strings + i);
        finish(mounts, error);
}

static int request_next(ContainerMounts *mounts);

static void on_answer(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        ContainerMounts *mounts = userdata;
        const MountOperation *operation = mount_plan_get(mounts->plan, mounts->n_done);
        int r;

        if (error) {
                finish(mounts, error);
                return;
        }
        if (operation->type == MOUNT_OPERATION_READ_SECRET) {
                if (answer->n_fds > 0)
                        g_array_index(mounts->secrets, int, find_secret(mounts, operation->secret->id)) =
                                steal_fd(&answer->fds[0]);
        } else {
                note_mount(mounts, operation, answer);
        }
        mounts->n_done++;
        r = request_next(mounts);
        if (r < 0)
                finish_errno(mounts, r);
}

/* What goes along with the request for a mount: it is somebody else's. -1: nothing. */
static int get_fd(const ContainerMounts *mounts, const MountSpec *spec)
{
        switch (spec->type) {
        case MOUNT_SECRET:
                return container_mounts_get_secret(mounts, spec->id);
        case MOUNT_SSH:
                return container_spec_find_agent(mounts->request.spec, spec->id)->fd;
        default:
                return spec->source;
        }
}

static int request_mount(ContainerMounts *mounts, const MountOperation *operation)
{
        const MountSpec *spec = operation->mount;
        const StoreCache *cache = spec->type == MOUNT_CACHE ? get_cache(mounts, spec) : NULL;
        g_autofree char *path = cache ? store_cache_path(mounts->request.service->store, cache->folder) : NULL;
        const MountSource source = {
                .image = get_mount(mounts, spec->index)->image,
                .cache = path,
                .cache_id_base = cache ? cache->id_base : 0,
        };
        g_autoptr(GPtrArray) strings =
                mount_request_new(operation, mounts->request.owner, mounts->request.id_base, &source);
        int fd = get_fd(mounts, spec);

        return launcher_request(mounts->launcher, (const char *const *) strings->pdata, &fd, fd >= 0 ? 1 : 0, on_answer,
                                mounts);
}

static int request_secret(ContainerMounts *mounts, const SecretSpec *secret)
{
        const char *const strings[] = {"secret", secret->id, NULL};
        _cleanup_close_ int pipe = -1;
        int fd = secret->fd;

        if (fd < 0) {
                pipe = mount_request_pipe(secret->bytes);
                if (pipe < 0)
                        return pipe;
                fd = pipe;
        }
        return launcher_request(mounts->launcher, strings, &fd, 1, on_answer, mounts);
}

/* The last word, with what the container is to know about names. */
static int request_seal(ContainerMounts *mounts)
{
        char numbers[NAME_FILES][24];
        const char *const strings[] = {"seal", numbers[0], numbers[1], numbers[2], NULL};
        size_t sizes[NAME_FILES];
        _cleanup_close_ int pipe = name_files_pipe(mounts->request.spec, mounts->request.service->config, sizes);

        if (pipe < 0)
                return pipe;
        for (size_t i = 0; i < NAME_FILES; i++)
                (void) g_snprintf(numbers[i], sizeof(numbers[i]), "%zu", sizes[i]);
        return launcher_request(mounts->launcher, strings, &pipe, 1, on_sealed, mounts);
}

static int request_next(ContainerMounts *mounts)
{
        const MountOperation *operation;

        if (mounts->n_done == mounts->plan->operations->len)
                return request_seal(mounts);
        operation = mount_plan_get(mounts->plan, mounts->n_done);
        return operation->type == MOUNT_OPERATION_READ_SECRET ? request_secret(mounts, operation->secret)
                                                              : request_mount(mounts, operation);
}

static void on_prepared(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        ContainerMounts *mounts = userdata;
        int r = error ? 0 : request_next(mounts);

        if (error)
                finish(mounts, error);
        else if (r < 0)
                finish_errno(mounts, r);
}

int container_mounts_make(ContainerMounts *mounts, Launcher *launcher, const ContainerDir *dir,
                          ContainerMountsDone done, void *userdata)
{
        g_autofree char *layers = g_build_filename(store_get_path(mounts->request.service->store), STORE_LAYERS, NULL);
        g_autofree char *base = g_strdup_printf("%u", mounts->request.id_base);
        g_autofree char *caller = g_strdup_printf("%d", (int) mounts->request.caller);
        const char *const strings[] = {"prepare", dir->rootfs, dir->staging, dir->scratch, layers, base, caller, NULL};

        mounts->launcher = launcher;
        mounts->dir = dir;
        mounts->done = done;
        mounts->userdata = userdata;
        return launcher_request(launcher, strings, NULL, 0, on_prepared, mounts);
}

static void undo(ContainerMounts *mounts, const MountOperation *operation)
{
        if (operation->type == MOUNT_OPERATION_READ_SECRET) {
                int *fd = &g_array_index(mounts->secrets, int, find_secret(mounts, operation->secret->id));

                *fd = safe_close(*fd);
        } else if (operation->type == MOUNT_OPERATION_HOLD_CACHE) {
                mounts->caches = cache_set_free(mounts->caches);
        } else if (mount_operation_is_hold(operation)) {
                ContainerMount *mount = get_mount(mounts, operation->mount->index);

                mount->hold = safe_close(mount->hold);
        } else {
                ContainerMount *mount = get_mount(mounts, operation->mount->index);

                mount->top = safe_close(mount->top);
        }
}

static void release_until(ContainerMounts *mounts, bool holds)
{
        const MountOperation *operation;

        while ((operation = mount_plan_next_release(mounts->plan, mounts->n_done, mounts->n_undone)) &&
               (holds || !mount_operation_is_hold(operation))) {
                undo(mounts, operation);
                mounts->n_undone++;
        }
}

void container_mounts_release(ContainerMounts *mounts)
{
        release_until(mounts, false);
}

void container_mounts_release_holds(ContainerMounts *mounts)
{
        /* Those that are still waited for. */
        if (mounts->n_done < count_holds(mounts))
                mounts->caches = cache_set_free(mounts->caches);
        release_until(mounts, true);
}

guint container_mounts_count(const ContainerMounts *mounts)
{
        return mounts->mounts->len;
}

const ContainerMount *container_mounts_get(const ContainerMounts *mounts, guint index)
{
        return index < mounts->mounts->len ? get_mount(mounts, index) : NULL;
}

int container_mounts_find(const ContainerMounts *mounts, guint index, const ContainerMount **ret, sd_bus_error *error)
{
        const ContainerMount *mount = container_mounts_get(mounts, index);
        const char *name = mounts->request.spec->name;

        if (!mount)
                return error_set(error, ERROR_NO_SUCH_MOUNT,
                                 "There is no mount %u: the container '%s' has %u, counted from 0", index, name,
                                 mounts->mounts->len);
        if (mount->top < 0)
                return error_set(error, ERROR_NO_SUCH_MOUNT, "The mount %u of the container '%s' is not there%s", index,
                                 name, mount->operation ? " yet" : ": it is optional, and was left out");
        *ret = mount;
        return 0;
}

const StoreImage *container_mounts_get_root_image(const ContainerMounts *mounts)
{
        return get_mount(mounts, container_spec_get_root(mounts->request.spec)->index)->image;
}

GStrv container_mounts_list_binds(const ContainerMounts *mounts)
{
        return mount_plan_list_binds(mounts->plan, mounts->dir->staging);
}
