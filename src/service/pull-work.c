/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Two processes and a pipe between them: skopeo, which fetches, in a unit of its own, and gangway-store, which imports
 * what comes. Both must succeed for the image to be recorded, and skopeo gives no sign in what it writes that it
 * failed: also after an error it closes the archive properly, with an empty manifest. So the daemon holds the pipe's
 * writing end too, and lets go of it only when skopeo has ended well. Until then the import does not see the end of the
 * archive, and records nothing before it does; where skopeo failed, it is cancelled first.
 */

#include "service/pull-work.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "service/store-work.h"
#include "util/cleanup.h"
#include "util/error.h"

/* An archive that the import can't read may be that of a skopeo which is about to say why it failed. */
#define LAST_WORDS_USEC UINT64_C(1000000)

typedef struct PullWork {
        Service *service;
        uint32_t owner;
        char *reference;
        char *platform;
        GStrv import_strings;

        Operation *operation;
        Helper *helper;
        bool imported; /* or failed to: the helper has ended */
        PullUnit *unit;
        bool fetched; /* or failed to */
        bool stopped; /* not by itself */
        bool gone;
        int output; /* the pipe's writing end */
        sd_event_source *last_words;
        sd_bus_error error; /* what the operation ends with */
        GPtrArray *result;
} PullWork;

static void finish_if_over(PullWork *work)
{
        g_autoptr(GPtrArray) result = NULL;

        if (!work->imported || !work->gone)
                return;
        result = g_steal_pointer(&work->result);
        operation_finish(work->operation, g_steal_pointer(&result),
                         sd_bus_error_is_set(&work->error) ? &work->error : NULL);
}

/* The first error is the one that counts; the second is what follows from it. But an archive that can't be read is what
 * follows from a skopeo that failed. */
static void keep_error(PullWork *work, const sd_bus_error *error)
{
        if (sd_bus_error_has_name(&work->error, ERROR_INVALID_IMAGE) &&
            sd_bus_error_has_name(error, ERROR_PULL_FAILED) && !work->stopped)
                sd_bus_error_free(&work->error);
        if (!sd_bus_error_is_set(&work->error))
                (void) sd_bus_error_copy(&work->error, error);
}

static void stop_fetching(PullWork *work)
{
        work->last_words = sd_event_source_disable_unref(work->last_words);
        work->stopped = true;
        if (work->unit)
                pull_unit_stop(work->unit);
}

static int on_last_words(sd_event_source *source, uint64_t usec, void *userdata)
{
        stop_fetching(userdata);
        return 0;
}

static void on_progress(uint64_t done, uint64_t total, void *userdata)
{
        operation_set_progress(((PullWork *) userdata)->operation, done, total);
}

static void on_imported(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        PullWork *work = userdata;

        work->imported = true;
        if (answer)
                work->result = store_result(answer);
        else
                keep_error(work, error);
        if (error && !work->fetched) {
                if (!sd_bus_error_has_name(error, ERROR_INVALID_IMAGE) ||
                    sd_event_add_time_relative(work->service->event, &work->last_words, CLOCK_MONOTONIC,
                                               LAST_WORDS_USEC, 0, on_last_words, work) < 0)
                        stop_fetching(work);
        }
        finish_if_over(work);
}

static void on_fetched(const sd_bus_error *error, void *userdata)
{
        PullWork *work = userdata;

        work->fetched = true;
        work->last_words = sd_event_source_disable_unref(work->last_words);
        if (!error) {
                work->output = safe_close(work->output);
                return;
        }
        /* Not before the import is over: the end of the pipe would be the end of the archive. */
        keep_error(work, error);
        if (!work->imported)
                helper_cancel(work->helper);
}

static void on_gone(void *userdata)
{
        PullWork *work = userdata;

        work->gone = true;
        finish_if_over(work);
}

/* Where the unit can't be started the helper has to be brought to its end; where the helper can't, nothing was. */
static int begin(PullWork *work, sd_bus_error *error)
{
        static const HelperCallbacks store_callbacks = {.progress = on_progress, .ended = on_imported};
        static const PullCallbacks pull_callbacks = {.ended = on_fetched, .gone = on_gone};
        PullRequest request = {
                .number = operation_get_number(work->operation),
                .owner = work->owner,
                .reference = work->reference,
                .platform = work->platform,
                .max_bytes = work->service->config->max_image_bytes,
        };
        _cleanup_close_ int input = -1;
        int ends[2], r;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set(error, SD_BUS_ERROR_FAILED, "There is no pipe to be had: %s", g_strerror(errno));
        input = ends[0];
        work->output = ends[1];
        request.output = work->output;

        work->gone = true;
        work->fetched = true;
        r = helper_start(work->service->store_helpers, (const char *const *) work->import_strings, &input, 1,
                         &store_callbacks, work, &work->helper);
        if (r < 0)
                return error_set(error, SD_BUS_ERROR_FAILED, "The store's helper can't be started: %s", g_strerror(-r));
        r = pull_unit_new(work->service->pulls, &request, &pull_callbacks, work, &work->unit, &work->error);
        if (r < 0) {
                helper_cancel(work->helper);
                return 0;
        }
        work->gone = false;
        work->fetched = false;
        return 0;
}

static void start(Operation *operation, void *userdata)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        PullWork *work = userdata;

        work->operation = operation;
        if (begin(work, &error) < 0)
                operation_finish(operation, NULL, &error);
}

static void cancel(void *userdata)
{
        PullWork *work = userdata;

        if (!work->imported)
                helper_cancel(work->helper);
        stop_fetching(work);
}

static void work_free(void *userdata)
{
        PullWork *work = userdata;

        sd_event_source_disable_unref(work->last_words);
        /* In this order: the import must not see an end of the pipe. */
        helper_free(work->helper);
        pull_unit_free(work->unit);
        safe_close(work->output);
        if (work->result)
                g_ptr_array_unref(work->result);
        sd_bus_error_free(&work->error);
        g_strfreev(work->import_strings);
        g_free(work->platform);
        g_free(work->reference);
        g_free(work);
}

const OperationWork pull_work = {.start = start, .cancel = cancel, .free = work_free};

void *pull_work_new(Service *service, const PullWorkRequest *request)
{
        PullWork *work = g_new0(PullWork, 1);

        work->service = service;
        work->owner = request->owner;
        work->reference = g_strdup(request->reference);
        work->platform = g_strdup(request->platform);
        work->import_strings = g_strdupv((GStrv) request->import_strings);
        work->output = -1;
        return work;
}
