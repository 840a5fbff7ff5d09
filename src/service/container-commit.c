/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The copy is right where nobody writes meanwhile. A container that was not started, or has ended, has no processes,
 * and is kept from starting some; one that runs is paused, and resumed before the operation says that it is done, also
 * where it failed. One that its caller has paused is copied as it stands, and stays paused.
 */

#include "service/container-commit.h"

#include <fcntl.h>
#include <string.h>

#include "backend/helper.h"
#include "service/container-private.h"
#include "service/store-work.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/log.h"

/* Of a request to the store's helper: what a message holds, less the other strings. Mount points that are more than
 * that, or longer, stay in the image. */
#define STUBS_MAX       (STRING_MESSAGE_STRINGS_MAX - 5U)
#define STUBS_BYTES_MAX (STRING_MESSAGE_BYTES_MAX - 1024U)

typedef enum Phase {
        PHASE_IDLE,
        PHASE_PAUSING,
        PHASE_COPYING,
        PHASE_RESUMING,
} Phase;

typedef struct Commit {
        Container *container; /* NULL: it is over */
        uint32_t index;
        int64_t owner;
        char *image;
        Operation *operation; /* NULL: not started */
        Helper *helper;
        bool cancelled;
        GPtrArray *result; /* how it went, until it is told */
        sd_bus_error error;
} Commit;

struct ContainerCommits {
        GQueue queue; /* Commit; the first is the one that `phase` is about */
        Phase phase;
        bool paused; /* for the first */
};

ContainerCommits *container_commits_new(void)
{
        ContainerCommits *commits = g_new0(ContainerCommits, 1);

        g_queue_init(&commits->queue);
        return commits;
}

ContainerCommits *container_commits_free(ContainerCommits *commits)
{
        if (!commits)
                return NULL;
        /* The operations own what is in it. */
        for (GList *l = commits->queue.head; l; l = l->next)
                ((Commit *) l->data)->container = NULL;
        g_queue_clear(&commits->queue);
        g_free(commits);
        return NULL;
}

static const char *find_obstacle(const MountOperation *operation)
{
        if (operation->mount->type != MOUNT_BIND)
                return "only a bind mount can be";
        switch (operation->output) {
        case MOUNT_OUTPUT_CHILD:
                return NULL;
        case MOUNT_OUTPUT_FOLDER:
                return "the folder itself is what is written";
        case MOUNT_OUTPUT_INPUT:
        case MOUNT_OUTPUT_SEED:
                return "nothing can be written to it; TagImage gives its image another name";
        case MOUNT_OUTPUT_NONE:
                return "it was made without the key output";
        }
        return "it has no output";
}

int container_commit_check(const Container *container, uint32_t index, sd_bus_error *error)
{
        const ContainerMount *mount;
        const char *obstacle;
        int r;

        if (container->state == CONTAINER_RELEASING)
                return error_set(error, ERROR_NOT_RUNNING, "The container '%s' is being released",
                                 container->spec->name);
        r = container_mounts_find(container->mounts, index, &mount, error);
        if (r < 0)
                return r;
        obstacle = find_obstacle(mount->operation);
        return obstacle ? error_set(error, ERROR_NOT_COMMITTABLE,
                                    "The mount %u, of the type %s at '%s', can't be committed: %s", index,
                                    mount_type_to_string(mount->operation->mount->type),
                                    mount->operation->mount->destination, obstacle)
                        : 0;
}

static Commit *get_first(const Container *container)
{
        return g_queue_peek_head(&container->commits->queue);
}

static void fail(Commit *commit, const char *name, const char *sentence)
{
        if (!sd_bus_error_is_set(&commit->error))
                (void) error_set(&commit->error, name, "%s", sentence);
}

/* Out of the queue, and freed by that where nobody else keeps the operation. */
static void tell(Commit *commit)
{
        bool failed = sd_bus_error_is_set(&commit->error);

        (void) g_queue_remove(&commit->container->commits->queue, commit);
        commit->container = NULL;
        operation_finish(commit->operation, failed ? NULL : g_steal_pointer(&commit->result),
                         failed ? &commit->error : NULL);
}

/* Those who waited for the pause to end. PID 1 may have been killed in it. */
static void run_others(Container *container)
{
        _cleanup_(sd_bus_error_free) sd_bus_error ended = SD_BUS_ERROR_NULL;

        if (container->state == CONTAINER_EXITED) {
                (void) error_set(&ended, ERROR_NOT_RUNNING, "The container '%s' is not running any more",
                                 container->spec->name);
                container_start_jobs_abort(container, &ended);
        } else {
                container_start_jobs_run(container);
        }
        container_freezes_run(container);
        container_commits_run(container);
}

static void complete(Container *container)
{
        container->commits->phase = PHASE_IDLE;
        container->commits->paused = false;
        tell(get_first(container));
        if (container->state == CONTAINER_RELEASING)
                container_release_continue(container);
        else
                run_others(container);
}

static void on_resumed(Container *container, const sd_bus_error *error, void *userdata)
{
        if (container->commits->phase != PHASE_RESUMING)
                return;
        if (error && container->state == CONTAINER_PAUSED)
                log_error("The container %s stays paused after a commit: %s", container->id, error->message);
        complete(container);
}

/* Takes back what was done for the copy. */
static void undo(Container *container)
{
        if (!container->commits->paused || container->paused_by_caller || container->state != CONTAINER_PAUSED) {
                complete(container);
                return;
        }
        container->commits->phase = PHASE_RESUMING;
        container_freeze_for_commit(container, false, on_resumed);
}

static void on_progress(uint64_t done, uint64_t total, void *userdata)
{
        operation_set_progress(((Commit *) userdata)->operation, done, total);
}

static void on_copied(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        Commit *commit = userdata;

        /* One that ends by the signal is no surprise then. */
        if (error && commit->cancelled)
                fail(commit, ERROR_CANCELLED, "The commit was cancelled");
        else if (error)
                fail(commit, error->name, error->message);
        else
                commit->result = store_result(answer);
        undo(commit->container);
}

static GPtrArray *request_new(const Commit *commit, const ContainerMount *mount)
{
        const StoreLayer *parent = mount->image ? mount->image->layers->pdata[0] : NULL;
        GPtrArray *strings = g_ptr_array_new_with_free_func(g_free);
        size_t bytes = 0;

        g_ptr_array_add(strings, g_strdup("commit"));
        g_ptr_array_add(strings, g_strdup_printf("%" G_GINT64_FORMAT, commit->owner));
        g_ptr_array_add(strings, g_strdup(commit->image));
        g_ptr_array_add(strings, g_strdup_printf("%" G_GINT64_FORMAT, parent ? parent->id : 0));
        g_ptr_array_add(strings, g_strdup_printf("%u", commit->container->id_base));
        /* What was added to an image is for the same as the image, and else for what the container is. */
        g_ptr_array_add(strings, g_strdup(mount->image && *mount->image->platform ? mount->image->platform
                                                                                  : commit->container->platform));
        for (guint i = 0; i < MIN(mount->stubs->len, STUBS_MAX); i++) {
                const char *stub = mount->stubs->pdata[i];

                bytes += strlen(stub) + 1;
                if (bytes > STUBS_BYTES_MAX)
                        break;
                g_ptr_array_add(strings, g_strdup(stub));
        }
        g_ptr_array_add(strings, NULL);
        return strings;
}

/* The settings go along as they were when the container was made: its image may have been replaced since. */
static int start_copy(Commit *commit)
{
        static const HelperCallbacks callbacks = {.progress = on_progress, .ended = on_copied};
        const ContainerMount *mount = container_mounts_get(commit->container->mounts, commit->index);
        g_autoptr(GPtrArray) strings = request_new(commit, mount);
        _cleanup_close_ int upper = open(mount->upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), settings = -1;

        if (upper < 0)
                return -errno;
        settings = store_settings_to_fd(container_mounts_get_root_image(commit->container->mounts));
        if (settings < 0)
                return settings;
        return helper_start(commit->container->service->store_helpers, (const char *const *) strings->pdata,
                            (const int[]){upper, settings}, 2, &callbacks, commit, &commit->helper);
}

static void copy(Container *container)
{
        Commit *commit = get_first(container);
        int r;

        container->commits->phase = PHASE_COPYING;
        r = start_copy(commit);
        if (r >= 0)
                return;
        fail(commit, SD_BUS_ERROR_FAILED, g_strerror(-r));
        undo(container);
}

static void on_paused(Container *container, const sd_bus_error *error, void *userdata)
{
        Commit *commit = get_first(container);

        if (container->commits->phase != PHASE_PAUSING)
                return;
        container->commits->paused = !error;
        if (commit->cancelled)
                fail(commit, ERROR_CANCELLED, "The commit was cancelled");
        /* It may have ended before it could be paused. */
        else if (error && container->state != CONTAINER_EXITED)
                fail(commit, error->name, error->message);
        if (sd_bus_error_is_set(&commit->error))
                undo(container);
        else
                copy(container);
}

void container_commits_run(Container *container)
{
        ContainerCommits *commits = container->commits;

        if (commits->phase != PHASE_IDLE || g_queue_is_empty(&commits->queue))
                return;
        if (container->state == CONTAINER_RUNNING) {
                commits->phase = PHASE_PAUSING;
                container_freeze_for_commit(container, true, on_paused);
        } else if (container->state == CONTAINER_CREATED || container->state == CONTAINER_PAUSED ||
                   container->state == CONTAINER_EXITED) {
                copy(container);
        }
        /* While it starts, they wait. */
}

static void drop(Commit *commit)
{
        /* It may be done, and wait for the container to go on. */
        if (!commit->result)
                fail(commit, ERROR_CANCELLED, "The commit was cancelled");
        tell(commit);
}

static void stop(Commit *commit)
{
        commit->cancelled = true;
        if (commit->container->commits->phase == PHASE_COPYING)
                helper_cancel(commit->helper);
}

void container_commits_abort(Container *container)
{
        ContainerCommits *commits = container->commits;

        while (commits->queue.length > (commits->phase == PHASE_COPYING ? 1 : 0)) {
                Commit *commit = g_queue_peek_tail(&commits->queue);

                if (commit == get_first(container))
                        commits->phase = PHASE_IDLE;
                drop(commit);
        }
        if (commits->phase == PHASE_COPYING)
                stop(get_first(container));
}

bool container_commits_are_idle(const Container *container)
{
        return g_queue_is_empty(&container->commits->queue);
}

bool container_commits_hold_starts(const Container *container)
{
        return container->commits->phase != PHASE_IDLE;
}

bool container_commits_hold_resume(const Container *container)
{
        return container->commits->phase == PHASE_COPYING || container->commits->phase == PHASE_RESUMING;
}

static void start(Operation *operation, void *userdata)
{
        Commit *commit = userdata;

        commit->operation = operation;
        g_queue_push_tail(&commit->container->commits->queue, commit);
        container_commits_run(commit->container);
}

static void cancel(void *userdata)
{
        Commit *commit = userdata;
        Container *container = commit->container;

        if (commit != get_first(container) || container->commits->phase == PHASE_IDLE)
                drop(commit);
        else
                stop(commit);
}

static void commit_free(void *userdata)
{
        Commit *commit = userdata;

        if (commit->container)
                (void) g_queue_remove(&commit->container->commits->queue, commit);
        helper_free(commit->helper);
        g_clear_pointer(&commit->result, g_ptr_array_unref);
        sd_bus_error_free(&commit->error);
        g_free(commit->image);
        g_free(commit);
}

const OperationWork commit_work = {.start = start, .cancel = cancel, .free = commit_free};

void *commit_work_new(Container *container, uint32_t index, int64_t owner, const char *image)
{
        Commit *commit = g_new0(Commit, 1);

        commit->container = container;
        commit->index = index;
        commit->owner = owner;
        commit->image = g_strdup(image);
        return commit;
}
