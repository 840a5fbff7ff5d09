/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Operations with a work that does nothing by itself: states, who is told what and when, limits, what is kept. */

#include "service/operations.h"
#include "unit.h"
#include "util/error.h"

typedef struct Work {
        Operation *operation; /* once it was started */
        unsigned cancelled;
        bool *freed;
} Work;

typedef struct Fixture {
        sd_event *event;
        Operations *operations;
        GString *log; /* what the listener was told */
        unsigned progress;
        unsigned empty;
} Fixture;

static void work_start(Operation *operation, void *userdata)
{
        ((Work *) userdata)->operation = operation;
}

static void work_cancel(void *userdata)
{
        ((Work *) userdata)->cancelled++;
}

static void work_free(void *userdata)
{
        Work *work = userdata;

        if (work->freed) {
                g_assert_false(*work->freed);
                *work->freed = true;
        }
        g_free(work);
}

static const OperationWork plain_work = {.start = work_start, .cancel = work_cancel, .free = work_free};

static void on_changed(Operation *operation, const char *const *properties, void *userdata)
{
        Fixture *f = userdata;

        for (; *properties; properties++) {
                if (g_str_equal(*properties, "Progress"))
                        f->progress++;
                g_string_append_printf(f->log, "%s ", *properties);
        }
}

static void on_finished(Operation *operation, void *userdata)
{
        g_string_append(((Fixture *) userdata)->log, "finished ");
}

static void on_removed(Operation *operation, void *userdata)
{
        g_string_append_printf(((Fixture *) userdata)->log, "removed-%" G_GUINT64_FORMAT " ",
                               operation_get_number(operation));
}

static void on_empty(void *userdata)
{
        ((Fixture *) userdata)->empty++;
}

static void set_up(Fixture *f, gconstpointer data)
{
        static const OperationsListener listener = {
                .changed = on_changed, .finished = on_finished, .removed = on_removed};

        g_assert_cmpint(sd_event_new(&f->event), >=, 0);
        f->operations = operations_new(f->event);
        f->log = g_string_new(NULL);
        operations_set_listener(f->operations, &listener, f);
}

static void tear_down(Fixture *f, gconstpointer data)
{
        operations_free(f->operations);
        sd_event_unref(f->event);
        g_string_free(f->log, TRUE);
}

static int try_add(Fixture *f, uint32_t owner, bool hidden, bool *freed, Operation **ret, sd_bus_error *error)
{
        Work *work = g_new0(Work, 1);
        const OperationRequest request = {.kind = "test", .owner = owner, .work = &plain_work, .userdata = work};

        work->freed = freed;
        return operations_add(f->operations, &request, hidden, ret, error);
}

static Operation *add(Fixture *f, uint32_t owner, bool hidden)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Operation *operation = NULL;
        int r = try_add(f, owner, hidden, NULL, &operation, &error);

        g_assert_cmpint(r, ==, 0);
        return operation;
}

static void assert_log(Fixture *f, const char *wanted)
{
        g_assert_cmpstr(f->log->str, ==, wanted);
        g_string_truncate(f->log, 0);
}

static void note_finished(const Operation *operation, void *userdata)
{
        const sd_bus_error *error = operation_get_error(operation);

        g_string_append_printf(userdata, "%s:%s ", operation_state_to_string(operation_get_state(operation)),
                               error ? error->name : "");
}

static void test_done(Fixture *f, gconstpointer data)
{
        Operation *operation = add(f, 1000, false);
        GPtrArray *result = result_new();
        const ResultValue *value;
        uint64_t done, total;

        g_assert_true(operations_find(f->operations, operation_get_number(operation)) == operation);
        g_assert_cmpstr(operation_get_kind(operation), ==, "test");
        g_assert_cmpuint(operation_get_owner(operation), ==, 1000);
        operation_start(operation);
        g_assert_cmpint(operation_get_state(operation), ==, OPERATION_RUNNING);
        operation_when_finished(operation, note_finished, f->log);
        operation_set_progress(operation, 5, 10);
        assert_log(f, "Progress ");
        operation_get_progress(operation, &done, &total);
        g_assert_cmpuint(done, ==, 5);
        g_assert_cmpuint(total, ==, 10);

        /* Who waits is answered before anybody is told, and the last progress comes along with the state. */
        operation_set_progress(operation, 10, 10);
        result_add_text(result, "image", "x");
        result_add_number(result, "size", 7);
        operation_finish(operation, result, NULL);
        assert_log(f, "done: State Progress finished ");
        operation_when_finished(operation, note_finished, f->log);
        assert_log(f, "done: ");
        operation_cancel(operation);
        assert_log(f, "");
        g_assert_cmpuint(operation_get_result(operation)->len, ==, 2);
        value = operation_get_result(operation)->pdata[1];
        g_assert_cmpstr(value->key, ==, "size");
        g_assert_null(value->text);
        g_assert_cmpuint(value->number, ==, 7);
}

static void test_failed(Fixture *f, gconstpointer data)
{
        static const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST("org.example.Bad", "It is bad");
        Operation *operation = add(f, 1000, false);
        GPtrArray *result = result_new();

        operation_start(operation);
        result_add_number(result, "size", 7);
        operation_finish(operation, result, &error);
        operation_when_finished(operation, note_finished, f->log);
        assert_log(f, "State finished failed:org.example.Bad ");
        g_assert_cmpuint(operation_get_result(operation)->len, ==, 0);
}

static void test_cancel(Fixture *f, gconstpointer data)
{
        static const sd_bus_error killed = SD_BUS_ERROR_MAKE_CONST("org.example.Killed", "It was killed");
        bool freed = false;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Operation *operation = NULL, *before = add(f, 1000, false);
        int r = try_add(f, 1000, false, &freed, &operation, &error);

        g_assert_cmpint(r, ==, 0);
        operation_start(operation);
        operation_cancel(operation);
        operation_cancel(operation);
        g_assert_cmpint(operation_get_state(operation), ==, OPERATION_RUNNING);
        g_assert_false(freed);
        operation_when_finished(operation, note_finished, f->log);
        /* However the work ends then. */
        operation_finish(operation, NULL, &killed);
        assert_log(f, "cancelled:" ERROR_CANCELLED " State finished ");
        g_assert_true(freed);

        operation_cancel(before);
        g_assert_cmpint(operation_get_state(before), ==, OPERATION_CANCELLED);
}

/* One that was done before the cancelling reached it is done. */
static void test_cancel_too_late(Fixture *f, gconstpointer data)
{
        Operation *operation = add(f, 1000, false);

        operation_start(operation);
        operation_cancel(operation);
        operation_finish(operation, NULL, NULL);
        g_assert_cmpint(operation_get_state(operation), ==, OPERATION_DONE);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* Much progress is told at once, and then ten times a second; the last of it is always told. */
static void test_progress_rate(Fixture *f, gconstpointer data)
{
        Operation *operation = add(f, 1000, false);
        sd_event_source *end = NULL;
        uint64_t done, total;

        operation_start(operation);
        for (uint64_t i = 1; i <= 1000; i++)
                operation_set_progress(operation, i, 0);
        g_assert_cmpuint(f->progress, ==, 1);
        g_assert_cmpint(sd_event_add_time_relative(f->event, &end, CLOCK_MONOTONIC, 350000, 1000, on_time, NULL), >=,
                        0);
        g_assert_cmpint(sd_event_loop(f->event), >=, 0);
        /* Once more for what came since, and not again where nothing comes. */
        g_assert_cmpuint(f->progress, ==, 2);
        operation_get_progress(operation, &done, &total);
        g_assert_cmpuint(done, ==, 1000);
        operation_set_progress(operation, 1000, 0);
        g_assert_cmpuint(f->progress, ==, 2);
        operation_set_progress(operation, 1001, 0);
        g_assert_cmpuint(f->progress, ==, 3);
        sd_event_source_unref(end);
}

static void test_limits(Fixture *f, gconstpointer data)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Operation *first = NULL, *operation = NULL;
        bool freed = false;
        int r;

        for (unsigned i = 0; i < OPERATIONS_RUNNING_MAX; i++) {
                operation = add(f, 1000, false);
                first = first ?: operation;
                operation_start(operation);
        }
        operation = NULL;
        r = try_add(f, 1000, false, &freed, &operation, &error);
        assert_refused(r, &error, SD_BUS_ERROR_LIMITS_EXCEEDED, "1000");
        g_assert_null(operation);
        g_assert_true(freed);
        /* Another user, short ones, and one more when one has ended. */
        g_assert_nonnull(add(f, 1001, false));
        for (unsigned i = 0; i < OPERATIONS_HIDDEN_MAX; i++)
                g_assert_nonnull(add(f, 1000, true));
        freed = false;
        r = try_add(f, 1000, true, &freed, &operation, &error);
        assert_refused(r, &error, SD_BUS_ERROR_LIMITS_EXCEEDED, "1000");
        g_assert_true(freed);
        operation_finish(first, NULL, NULL);
        g_assert_nonnull(add(f, 1000, false));
}

static void test_kept(Fixture *f, gconstpointer data)
{
        Operation *slow = add(f, 1000, false), *other = add(f, 1001, false);
        uint64_t number = operation_get_number(slow), first = 0;
        g_autofree char *removed = NULL;
        g_autoptr(GPtrArray) list = NULL;

        operation_start(slow);
        operation_start(other);
        operation_finish(other, NULL, NULL);
        for (unsigned i = 0; i < OPERATIONS_FINISHED_MAX; i++) {
                Operation *operation = add(f, 1000, false);

                first = first ?: operation_get_number(operation);
                operation_start(operation);
                operation_finish(operation, NULL, NULL);
        }
        g_string_truncate(f->log, 0);
        /* The one that ended last stays, though its number is the lowest. */
        operation_finish(slow, NULL, NULL);
        removed = g_strdup_printf("State finished removed-%" G_GUINT64_FORMAT " ", first);
        assert_log(f, removed);
        g_assert_null(operations_find(f->operations, first));
        g_assert_true(operations_find(f->operations, number) == slow);
        g_assert_nonnull(operations_find(f->operations, operation_get_number(other)));
        list = operations_list(f->operations);
        g_assert_cmpuint(list->len, ==, OPERATIONS_FINISHED_MAX + 1);
}

static void test_hidden(Fixture *f, gconstpointer data)
{
        Operation *operation = add(f, 1000, true);
        uint64_t number = operation_get_number(operation);
        g_autoptr(GPtrArray) list = operations_list(f->operations);

        g_assert_null(operations_find(f->operations, number));
        g_assert_cmpuint(list->len, ==, 0);
        operation_when_finished(operation, note_finished, f->log);
        operation_start(operation);
        operation_set_progress(operation, 1, 2);
        operation_finish(operation, NULL, NULL);
        assert_log(f, "done: ");
}

static void test_stop(Fixture *f, gconstpointer data)
{
        static const sd_bus_error cancelled = SD_BUS_ERROR_MAKE_CONST(ERROR_CANCELLED, "");
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Operation *shown = add(f, 1000, false), *hidden = add(f, 1000, true), *unstarted = add(f, 1000, false);
        Operation *operation = NULL;
        int r;

        operation_start(shown);
        operation_start(hidden);
        operations_stop(f->operations, on_empty, f);
        g_assert_cmpint(operation_get_state(unstarted), ==, OPERATION_CANCELLED);
        g_assert_cmpuint(f->empty, ==, 0);
        r = try_add(f, 1001, false, NULL, &operation, &error);
        assert_refused(r, &error, SD_BUS_ERROR_LIMITS_EXCEEDED, "stopping");
        operation_finish(shown, NULL, &cancelled);
        g_assert_cmpuint(f->empty, ==, 0);
        operation_finish(hidden, NULL, NULL);
        g_assert_cmpuint(f->empty, ==, 1);
}

static void test_stop_idle(Fixture *f, gconstpointer data)
{
        operations_stop(f->operations, on_empty, f);
        g_assert_cmpuint(f->empty, ==, 1);
}

/* Who waits for one that is freed gets an answer all the same. */
static void test_freed(Fixture *f, gconstpointer data)
{
        bool freed = false;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Operation *operation = NULL;
        int r = try_add(f, 1000, false, &freed, &operation, &error);

        g_assert_cmpint(r, ==, 0);
        operation_start(operation);
        operation_when_finished(operation, note_finished, f->log);
        f->operations = operations_free(f->operations);
        g_assert_true(freed);
        assert_log(f, "cancelled:" ERROR_CANCELLED " ");
}

int main(int argc, char **argv)
{
        static const struct {
                const char *path;
                void (*run)(Fixture *f, gconstpointer data);
        } tests[] = {
                {"/operations/done", test_done},
                {"/operations/failed", test_failed},
                {"/operations/cancel", test_cancel},
                {"/operations/cancel-too-late", test_cancel_too_late},
                {"/operations/progress-rate", test_progress_rate},
                {"/operations/limits", test_limits},
                {"/operations/kept", test_kept},
                {"/operations/hidden", test_hidden},
                {"/operations/stop", test_stop},
                {"/operations/stop-idle", test_stop_idle},
                {"/operations/freed", test_freed},
        };

        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
                g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].run, tear_down);
        return g_test_run();
}
