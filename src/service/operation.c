/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Progress comes as often as the work likes, and is passed on ten times a second at most: the first at once, what
 * follows when the time is up. The end does not wait for that, and tells the last progress along with the state.
 */

#include "service/operation.h"

#include <stdbool.h>

#include "util/cleanup.h"
#include "util/error.h"

#define PROGRESS_INTERVAL_USEC UINT64_C(100000)
#define PROGRESS_ACCURACY_USEC UINT64_C(10000)

struct Operation {
        sd_event *event;
        uint64_t number;
        const char *kind;
        uint32_t owner;
        OperationState state;
        bool started;
        bool cancelled; /* somebody asked for it */
        const OperationWork *work;
        void *work_userdata;
        const OperationListener *listener;
        void *userdata;

        uint64_t done, total;
        bool progress_untold;
        sd_event_source *timer; /* enabled while the last change was less than an interval ago */

        GPtrArray *result;
        sd_bus_error error;
        GQueue waiting;
};

typedef struct Waiting {
        OperationFinished finished;
        void *userdata;
} Waiting;

static const char *const states[] = {
        [OPERATION_RUNNING] = "running",
        [OPERATION_DONE] = "done",
        [OPERATION_FAILED] = "failed",
        [OPERATION_CANCELLED] = "cancelled",
};

DEFINE_WORD_TABLE(operation_state, OperationState, states)

static void free_value(gpointer data)
{
        ResultValue *value = data;

        g_free(value->key);
        g_free(value->text);
        g_free(value);
}

GPtrArray *result_new(void)
{
        return g_ptr_array_new_with_free_func(free_value);
}

static void add(GPtrArray *result, const char *key, const char *text, uint64_t number)
{
        ResultValue *value = g_new0(ResultValue, 1);

        value->key = g_strdup(key);
        value->text = g_strdup(text);
        value->number = number;
        g_ptr_array_add(result, value);
}

void result_add_text(GPtrArray *result, const char *key, const char *text)
{
        add(result, key, text, 0);
}

void result_add_number(GPtrArray *result, const char *key, uint64_t number)
{
        add(result, key, NULL, number);
}

/* Whatever it was that a cancelled one ended with, that it was cancelled is what its owner wants to read. */
static void set_error(Operation *operation, const sd_bus_error *error)
{
        if (!error || operation->cancelled || sd_bus_error_has_name(error, ERROR_CANCELLED)) {
                (void) error_set(&operation->error, ERROR_CANCELLED, "The operation was cancelled");
                operation->state = OPERATION_CANCELLED;
        } else {
                (void) sd_bus_error_copy(&operation->error, error);
                operation->state = OPERATION_FAILED;
        }
}

Operation *operation_new(sd_event *event, uint64_t number, const OperationRequest *request,
                         const OperationListener *listener, void *userdata)
{
        Operation *operation = g_new0(Operation, 1);

        operation->event = sd_event_ref(event);
        operation->number = number;
        operation->kind = request->kind;
        operation->owner = request->owner;
        operation->work = request->work;
        operation->work_userdata = request->userdata;
        operation->listener = listener;
        operation->userdata = userdata;
        operation->result = result_new();
        g_queue_init(&operation->waiting);
        return operation;
}

static void end_work(Operation *operation)
{
        const OperationWork *work = operation->work;

        operation->work = NULL;
        operation->timer = sd_event_source_disable_unref(operation->timer);
        if (work)
                work->free(operation->work_userdata);
}

static void answer_waiting(Operation *operation)
{
        Waiting *waiting;

        while ((waiting = g_queue_pop_head(&operation->waiting))) {
                waiting->finished(operation, waiting->userdata);
                g_free(waiting);
        }
}

Operation *operation_free(Operation *operation)
{
        if (!operation)
                return NULL;
        end_work(operation);
        if (operation->state == OPERATION_RUNNING) {
                set_error(operation, NULL);
                answer_waiting(operation);
        }
        g_ptr_array_unref(operation->result);
        sd_bus_error_free(&operation->error);
        sd_event_unref(operation->event);
        g_free(operation);
        return NULL;
}

void operation_start(Operation *operation)
{
        operation->started = true;
        operation->work->start(operation, operation->work_userdata);
}

void operation_cancel(Operation *operation)
{
        static const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(ERROR_CANCELLED, "");

        if (operation->state != OPERATION_RUNNING || operation->cancelled)
                return;
        operation->cancelled = true;
        if (operation->started)
                operation->work->cancel(operation->work_userdata);
        else
                operation_finish(operation, NULL, &error);
}

static void tell_progress(Operation *operation);

static int on_interval(sd_event_source *source, uint64_t usec, void *userdata)
{
        Operation *operation = userdata;

        if (operation->progress_untold)
                tell_progress(operation);
        return 0;
}

static void tell_progress(Operation *operation)
{
        int r;

        operation->progress_untold = false;
        if (operation->timer) {
                r = sd_event_source_set_time_relative(operation->timer, PROGRESS_INTERVAL_USEC);
                if (r >= 0)
                        (void) sd_event_source_set_enabled(operation->timer, SD_EVENT_ONESHOT);
        } else {
                (void) sd_event_add_time_relative(operation->event, &operation->timer, CLOCK_MONOTONIC,
                                                  PROGRESS_INTERVAL_USEC, PROGRESS_ACCURACY_USEC, on_interval,
                                                  operation);
        }
        operation->listener->changed(operation, (const char *const[]){"Progress", NULL}, operation->userdata);
}

static bool is_in_interval(const Operation *operation)
{
        int enabled = SD_EVENT_OFF;

        return operation->timer && sd_event_source_get_enabled(operation->timer, &enabled) >= 0 &&
               enabled != SD_EVENT_OFF;
}

void operation_set_progress(Operation *operation, uint64_t done, uint64_t total)
{
        if (operation->state != OPERATION_RUNNING || (operation->done == done && operation->total == total))
                return;
        operation->done = done;
        operation->total = total;
        operation->progress_untold = true;
        if (!is_in_interval(operation))
                tell_progress(operation);
}

void operation_finish(Operation *operation, GPtrArray *result, const sd_bus_error *error)
{
        g_return_if_fail(operation->state == OPERATION_RUNNING);
        if (error)
                set_error(operation, error);
        else
                operation->state = OPERATION_DONE;
        if (result && !error) {
                g_ptr_array_unref(operation->result);
                operation->result = g_ptr_array_ref(result);
        }
        if (result)
                g_ptr_array_unref(result);
        end_work(operation);

        answer_waiting(operation);
        operation->listener->changed(
                operation, (const char *const[]){"State", operation->progress_untold ? "Progress" : NULL, NULL},
                operation->userdata);
        /* The listener may free it. */
        operation->listener->finished(operation, operation->userdata);
}

void operation_when_finished(Operation *operation, OperationFinished finished, void *userdata)
{
        Waiting *waiting;

        if (operation->state != OPERATION_RUNNING) {
                finished(operation, userdata);
                return;
        }
        waiting = g_new0(Waiting, 1);
        waiting->finished = finished;
        waiting->userdata = userdata;
        g_queue_push_tail(&operation->waiting, waiting);
}

uint64_t operation_get_number(const Operation *operation)
{
        return operation->number;
}

const char *operation_get_kind(const Operation *operation)
{
        return operation->kind;
}

uint32_t operation_get_owner(const Operation *operation)
{
        return operation->owner;
}

OperationState operation_get_state(const Operation *operation)
{
        return operation->state;
}

void operation_get_progress(const Operation *operation, uint64_t *ret_done, uint64_t *ret_total)
{
        *ret_done = operation->done;
        *ret_total = operation->total;
}

const GPtrArray *operation_get_result(const Operation *operation)
{
        return operation->result;
}

const sd_bus_error *operation_get_error(const Operation *operation)
{
        return sd_bus_error_is_set(&operation->error) ? &operation->error : NULL;
}
