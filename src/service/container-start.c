/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who may start what, and when: the first start waits for the scope, later ones for the first one's process.
 */

#include <string.h>

#include "service/container-commit.h"
#include "service/start-job.h"
#include "util/cleanup.h"
#include "util/error.h"

#define PROCESSES_KEPT_MAX 65536U

/* The next job that may begin: the first one when the scope is there, all others when PID 1 runs. */
static StartJob *find_ready(const Container *container)
{
        if (container_commits_hold_starts(container))
                return NULL;
        for (GList *l = container->jobs.head; l; l = l->next) {
                StartJob *job = l->data;

                if (job->begun)
                        continue;
                if (job->first ? container->scope_started : container->state == CONTAINER_RUNNING)
                        return job;
        }
        return NULL;
}

void container_start_jobs_run(Container *container)
{
        StartJob *job;

        while ((job = find_ready(container)))
                start_job_begin(job);
}

void container_start_jobs_abort(Container *container, const sd_bus_error *error)
{
        StartJob *job;

        while ((job = g_queue_pop_head(&container->jobs))) {
                if (error)
                        job->started(container, NULL, -1, error, job->userdata);
                start_job_free(job);
        }
}

static bool is_id_taken(const Container *container, const char *id)
{
        for (GList *l = container->jobs.head; l; l = l->next)
                if (strcmp(((StartJob *) l->data)->spec->id, id) == 0)
                        return true;
        return g_hash_table_contains(container->by_id, id);
}

static int check_id(Container *container, ProcessSpec *spec, sd_bus_error *error)
{
        if (spec->id && is_id_taken(container, spec->id))
                return error_set(error, ERROR_PROCESS_EXISTS, "The container '%s' already has a process '%s'",
                                 container->spec->name, spec->id);
        while (!spec->id || is_id_taken(container, spec->id)) {
                g_free(spec->id);
                spec->id = g_strdup_printf("p%" G_GUINT64_FORMAT, ++container->last_number);
        }
        return 0;
}

static int check_limits(const Container *container, sd_bus_error *error)
{
        unsigned most = container->service->config->max_processes_per_container;

        if (container->n_running + g_queue_get_length((GQueue *) &container->jobs) >= most)
                return error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                 "The container '%s' has %u processes already; wait for one, or raise "
                                 "ProcessesPerContainer in gangwayd.conf",
                                 container->spec->name, most);
        if (container->processes->len >= PROCESSES_KEPT_MAX)
                return error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                 "The container '%s' keeps the exit codes of %u processes already; release it",
                                 container->spec->name, PROCESSES_KEPT_MAX);
        return 0;
}

static int check_state(const Container *container, bool exec, sd_bus_error *error)
{
        const char *name = container->spec->name;

        switch (container->state) {
        case CONTAINER_CREATING:
                return error_set(error, ERROR_NOT_STARTED,
                                 "The container '%s' is not made yet; wait for the answer of CreateContainer", name);
        case CONTAINER_CREATED:
                return exec ? error_set(error, ERROR_NOT_STARTED, "The container '%s' is not started; call Start first",
                                        name)
                            : 0;
        case CONTAINER_STARTING:
        case CONTAINER_RUNNING:
                return 0;
        case CONTAINER_PAUSED:
                /* One that is paused for a commit goes on by itself. */
                if (container_commits_hold_starts(container) && !container->paused_by_caller)
                        return 0;
                return error_set(error, ERROR_PAUSED, "The container '%s' is paused; call Resume first", name);
        default:
                return error_set(error, ERROR_NOT_RUNNING, "The container '%s' is not running any more", name);
        }
}

typedef struct Value {
        size_t size;
        char bytes[SECRET_SIZE_MAX];
} Value;

static void wipe(gpointer data)
{
        explicit_bzero(data, sizeof(Value));
        g_free(data);
}

/* It is memory that it is read from, which does not wait. */
static GBytes *read_secret(const char *id, void *userdata)
{
        const Container *container = userdata;
        int fd = container_mounts_get_secret(container->mounts, id);
        Value *value;
        ssize_t n;

        if (fd < 0)
                return NULL;
        value = g_new0(Value, 1);
        while (value->size < SECRET_SIZE_MAX &&
               (n = pread(fd, value->bytes + value->size, SECRET_SIZE_MAX - value->size, (off_t) value->size)) > 0)
                value->size += (size_t) n;
        return g_bytes_new_with_free_func(value->bytes, value->size, wipe, value);
}

ProcessDefaults container_get_defaults(const Container *container, bool exec)
{
        const StoreImage *image = container_mounts_get_root_image(container->mounts);
        bool first = !exec && container->state == CONTAINER_CREATED;

        if (!image)
                return (ProcessDefaults){};
        return (ProcessDefaults){
                .env = (const char *const *) image->env,
                .entrypoint = first ? (const char *const *) image->entrypoint : NULL,
                .cmd = first ? (const char *const *) image->cmd : NULL,
                .user = image->user,
                .working_dir = image->working_dir,
        };
}

void container_start(Container *container, ProcessSpec *spec, bool exec, ContainerStarted started, void *userdata)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        StartJob *job;
        int r;

        r = check_state(container, exec, &error);
        if (r >= 0)
                r = check_limits(container, &error);
        if (r >= 0)
                r = check_id(container, spec, &error);
        if (r >= 0)
                r = process_spec_set_secrets(spec, read_secret, container, &error);
        if (r < 0) {
                process_spec_free(spec);
                started(container, NULL, -1, &error, userdata);
                return;
        }

        job = g_new0(StartJob, 1);
        job->container = container;
        job->spec = spec;
        job->first = container->state == CONTAINER_CREATED;
        job->started = started;
        job->userdata = userdata;
        g_queue_push_tail(&container->jobs, job);
        if (job->first) {
                container_event(container, EVENT_START);
                container_state_changed(container);
        }
        container_start_jobs_run(container);
}
