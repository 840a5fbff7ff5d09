/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A caller's folder may lie on a file system that never answers, and then the launcher that looks at it can't even be
 * killed. So each call has its time, a call that is over keeps its place until its process has ended, and there are few
 * places: a container can't make processes pile up. Calls that find none wait, in order.
 */

#include "service/container-files.h"

#include <fcntl.h>

#include "model/id-ranges.h"
#include "service/container-private.h"
#include "util/cleanup.h"
#include "util/error.h"

/* At a time. */
#define RUNNING_MAX 4U
#define WAITING_MAX 256U
/* Of a call, also while it waits for others; D-Bus callers lose their patience after 25 seconds. */
#define CALL_MICROSECONDS (20 * G_USEC_PER_SEC)
/* How long a release waits for launchers that were ended. */
#define END_MICROSECONDS (5 * G_USEC_PER_SEC)

typedef struct FilesJob {
        Container *container;
        GPtrArray *strings;
        int view;
        Launcher *launcher; /* NULL: it waits for its turn */
        sd_event_source *timer;
        LauncherAnswered answered; /* NULL: it has been */
        void *userdata;
} FilesJob;

struct ContainerFiles {
        GQueue waiting; /* FilesJob */
        GQueue running; /* the same, until their launchers have ended */
        sd_event_source *end_timer;
        bool aborted;
};

static void free_job(FilesJob *job)
{
        sd_event_source_disable_unref(job->timer);
        launcher_free(job->launcher);
        safe_close(job->view);
        g_ptr_array_unref(job->strings);
        g_free(job);
}

ContainerFiles *container_files_new(void)
{
        ContainerFiles *files = g_new0(ContainerFiles, 1);

        g_queue_init(&files->waiting);
        g_queue_init(&files->running);
        return files;
}

static void free_queued(gpointer job)
{
        free_job(job);
}

ContainerFiles *container_files_free(ContainerFiles *files)
{
        if (!files)
                return NULL;
        g_queue_clear_full(&files->waiting, free_queued);
        g_queue_clear_full(&files->running, free_queued);
        sd_event_source_disable_unref(files->end_timer);
        g_free(files);
        return NULL;
}

static void run_waiting(Container *container);

static void answer(FilesJob *job, StringMessage *message, sd_bus_error *error)
{
        LauncherAnswered answered = job->answered;

        job->answered = NULL;
        job->timer = sd_event_source_disable_unref(job->timer);
        if (answered)
                answered(message, error, job->userdata);
}

static void __attribute__((format(printf, 3, 4))) answer_error(FilesJob *job, const char *name, const char *format, ...)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autofree char *sentence = NULL;
        va_list arguments;

        va_start(arguments, format);
        sentence = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        (void) error_set(&error, name, "%s", sentence);
        answer(job, NULL, &error);
}

static void on_launcher_ended(void *userdata)
{
        FilesJob *job = userdata;
        Container *container = job->container;

        (void) g_queue_remove(&container->files->running, job);
        free_job(job);
        if (container->state == CONTAINER_RELEASING)
                container_release_continue(container);
        else
                run_waiting(container);
}

/* The job keeps its place until the process has ended. */
static void end(FilesJob *job)
{
        if (launcher_end(job->launcher, on_launcher_ended, job) > 0)
                return;
        job->launcher = NULL;
        on_launcher_ended(job);
}

static void on_answered(StringMessage *message, sd_bus_error *error, void *userdata)
{
        FilesJob *job = userdata;

        if (message && g_str_equal(message->strings[0], "more")) {
                job->answered(message, NULL, job->userdata);
                return;
        }
        answer(job, message, error);
        end(job);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
        FilesJob *job = userdata;

        if (job->launcher) {
                answer_error(job, SD_BUS_ERROR_TIMEOUT,
                             "The file system of the mount does not answer; it was asked for %d seconds",
                             (int) (CALL_MICROSECONDS / G_USEC_PER_SEC));
                end(job);
        } else {
                answer_error(job, SD_BUS_ERROR_TIMEOUT,
                             "Earlier calls about files of the container '%s' still wait for a file system to answer",
                             job->container->spec->name);
                (void) g_queue_remove(&job->container->files->waiting, job);
                free_job(job);
        }
        return 0;
}

static int begin(FilesJob *job)
{
        const Service *service = job->container->service;
        int r;

        r = launcher_new(service->event, service->reaper, &job->launcher);
        return r < 0 ? r
                     : launcher_request(job->launcher, (const char *const *) job->strings->pdata, &job->view, 1,
                                        on_answered, job);
}

static void run_waiting(Container *container)
{
        ContainerFiles *files = container->files;
        FilesJob *job;

        while (files->running.length < RUNNING_MAX && (job = g_queue_pop_head(&files->waiting))) {
                int r = begin(job);

                if (r >= 0) {
                        g_queue_push_tail(&files->running, job);
                        continue;
                }
                answer_error(job, SD_BUS_ERROR_FAILED, "The launcher can't be started: %s", g_strerror(-r));
                free_job(job);
        }
}

/* Returns the view, borrowed. */
static int check(const Container *container, const FilesRequest *request, sd_bus_error *error)
{
        const ContainerFiles *files = container->files;
        const char *name = container->spec->name;
        const ContainerMount *mount;
        int r;

        if (files->aborted)
                return error_set(error, ERROR_NOT_RUNNING, "The container '%s' is being released", name);
        r = container_mounts_find(container->mounts, request->index, &mount, error);
        if (r < 0)
                return r;
        if (files->waiting.length >= WAITING_MAX)
                return error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                 "%u calls about files of the container '%s' wait already", WAITING_MAX, name);
        return mount->top;
}

static FilesJob *job_new(Container *container, const FilesRequest *request)
{
        bool insecure = container->spec->security_mode == SECURITY_INSECURE;
        FilesJob *job = g_new0(FilesJob, 1);

        job->container = container;
        job->view = -1;
        job->strings = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(job->strings, g_strdup(request->verb));
        g_ptr_array_add(job->strings, g_strdup(request->path));
        g_ptr_array_add(job->strings, g_strdup_printf("%u", insecure ? 0 : container->id_base));
        g_ptr_array_add(job->strings, g_strdup_printf("%u", insecure ? UINT32_MAX : ID_RANGE_SIZE));
        for (const char *const *argument = request->arguments; *argument; argument++)
                g_ptr_array_add(job->strings, g_strdup(*argument));
        g_ptr_array_add(job->strings, NULL);
        return job;
}

void container_files_ask(Container *container, const FilesRequest *request, LauncherAnswered answered, void *userdata)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        FilesJob *job;
        int r;

        r = check(container, request, &error);
        if (r < 0) {
                answered(NULL, &error, userdata);
                return;
        }
        job = job_new(container, request);
        job->answered = answered;
        job->userdata = userdata;
        job->view = fcntl(r, F_DUPFD_CLOEXEC, 3);
        r = job->view < 0 ? -errno
                          : sd_event_add_time_relative(container->service->event, &job->timer, CLOCK_MONOTONIC,
                                                       CALL_MICROSECONDS, 0, on_time, job);
        if (r < 0) {
                answer_error(job, SD_BUS_ERROR_FAILED, "The call can't be taken up: %s", g_strerror(-r));
                free_job(job);
                return;
        }
        g_queue_push_tail(&container->files->waiting, job);
        run_waiting(container);
}

static int on_end_time(sd_event_source *source, uint64_t usec, void *userdata)
{
        Container *container = userdata;

        /* They are left to the reaper. */
        g_queue_clear_full(&container->files->running, free_queued);
        container_release_continue(container);
        return 0;
}

void container_files_abort(Container *container, const sd_bus_error *error)
{
        ContainerFiles *files = container->files;
        FilesJob *job;

        files->aborted = true;
        while ((job = g_queue_pop_head(&files->waiting))) {
                answer_error(job, error->name, "%s", error->message);
                free_job(job);
        }
        for (GList *l = files->running.head, *next; l; l = next) {
                next = l->next;
                job = l->data;
                if (!job->answered)
                        continue;
                answer_error(job, error->name, "%s", error->message);
                if (launcher_end(job->launcher, on_launcher_ended, job) == 0) {
                        job->launcher = NULL;
                        g_queue_delete_link(&files->running, l);
                        free_job(job);
                }
        }
        if (files->running.length > 0 &&
            sd_event_add_time_relative(container->service->event, &files->end_timer, CLOCK_MONOTONIC, END_MICROSECONDS,
                                       0, on_end_time, container) < 0)
                g_queue_clear_full(&files->running, free_queued);
}

bool container_files_are_idle(const Container *container)
{
        return container->files->running.length == 0;
}
