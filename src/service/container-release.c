/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How a container ends: everything is killed at once by its control group, then each end is awaited (the processes',
 * the scope's), then the folders go, and the last thing is that it is told. What fails while it is made goes this way
 * too, so there is one way only.
 */

#include "service/container-private.h"

#include "service/container-commit.h"
#include "service/container-files.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/log.h"

typedef struct Release {
        ContainerDone done;
        void *userdata;
} Release;

void container_launcher_end_free(void *data)
{
        LauncherEnd *end = data;

        launcher_free(end->launcher);
        g_free(end);
}

static void on_launcher_ended(void *userdata)
{
        LauncherEnd *end = userdata;
        Container *container = end->container;

        (void) g_ptr_array_remove_fast(container->ending, end);
        container_freezes_run(container);
        if (container->state == CONTAINER_RELEASING)
                container_release_continue(container);
}

void container_end_launcher(Container *container, Launcher *launcher)
{
        LauncherEnd *end;

        if (!launcher)
                return;
        end = g_new0(LauncherEnd, 1);
        end->container = container;
        end->launcher = launcher;
        end->number = ++container->last_launcher;
        if (launcher_end(launcher, on_launcher_ended, end) > 0)
                g_ptr_array_add(container->ending, end);
        else
                g_free(end);
}

static void finish(Container *container)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Release *release;

        if (!container->removed || !container->network_released)
                return;
        container->listener->removed(container, container->userdata);
        if (!container->created_told) {
                (void) sd_bus_error_set(&error, container->release_error, container->release_sentence);
                container->created(container, &error, container->created_userdata);
        }
        while ((release = g_queue_pop_head(&container->releases))) {
                if (release->done)
                        release->done(container, NULL, release->userdata);
                g_free(release);
        }
        container_free(container);
}

static void on_removed(int result, void *userdata)
{
        Container *container = userdata;

        container->removal = reaper_watch_free(container->removal);
        container->removed = true;
        if (result < 0)
                log_error("Not all of the folders of the container %s can be removed: %s, %s", container->id,
                          container->dir->run, container->dir->scratch);
        container_mounts_release_holds(container->mounts);
        finish(container);
}

static void on_network_released(const sd_bus_error *error, void *userdata)
{
        Container *container = userdata;

        container->network_released = true;
        finish(container);
}

/* Beside the folders: both take a while, and neither needs the other. */
static void release_network(Container *container)
{
        if (container->releasing_network)
                return;
        container->releasing_network = true;
        container->network_released = container_network_release(container->network, on_network_released, container) > 0;
}

void container_release_continue(Container *container)
{
        int r;

        if (container->removal || container->removed || container->n_running > 0 || container->ending->len > 0 ||
            !container_files_are_idle(container) || !container_commits_are_idle(container) ||
            (container->scope && !scope_is_gone(container->scope)))
                return;
        release_network(container);
        if (!container->dir) {
                container->removed = true;
                container_mounts_release_holds(container->mounts);
                finish(container);
                return;
        }
        /* What is mounted is in nobody's namespace any more, and these were the last to keep it. */
        container_mounts_release(container->mounts);
        r = container_dir_remove(container->dir, container->service->reaper, on_removed, container,
                                 &container->removal);
        if (r < 0)
                on_removed(r, container);
}

static void abort_calls(Container *container, const sd_bus_error *reason)
{
        _cleanup_(sd_bus_error_free) sd_bus_error released = SD_BUS_ERROR_NULL;

        if (!reason)
                (void) error_set(&released, ERROR_NOT_RUNNING, "The container '%s' was released",
                                 container->spec->name);
        container_start_jobs_abort(container, reason ? reason : &released);
        container_files_abort(container, reason ? reason : &released);
        container_freezes_abort(container, reason ? reason : &released);
        container_commits_abort(container);
}

void container_release(Container *container, const sd_bus_error *reason, ContainerDone done, void *userdata)
{
        Release *release = g_new0(Release, 1);

        release->done = done;
        release->userdata = userdata;
        g_queue_push_tail(&container->releases, release);
        if (container->state == CONTAINER_RELEASING)
                return;

        if (reason) {
                container->release_error = g_strdup(reason->name);
                container->release_sentence = g_strdup(reason->message);
                log_info("The container %s ends: %s", container->id, reason->message);
        } else if (container->state == CONTAINER_CREATING) {
                container->release_error = g_strdup(ERROR_CANCELLED);
                container->release_sentence =
                        g_strdup_printf("The container '%s' was released before it was made", container->spec->name);
        }
        container_event(container, EVENT_RELEASE);
        container_state_changed(container);
        abort_calls(container, reason);

        for (guint i = 0; i < container->processes->len; i++)
                if (!process_get_end(container->processes->pdata[i]))
                        process_mark_released(container->processes->pdata[i]);
        container_end_launcher(container, container->launcher);
        container->launcher = NULL;
        if (container->cgroup < 0 && container->scope && scope_is_started(container->scope))
                scope_stop(container->scope);
        if (container->cgroup >= 0) {
                int r = cgroup_kill(container->cgroup);

                if (r < 0 && r != -ENODEV && r != -ENOENT)
                        log_error("The processes of the container %s can't be killed: %s", container->id,
                                  g_strerror(-r));
        }
        container_release_continue(container);
}
