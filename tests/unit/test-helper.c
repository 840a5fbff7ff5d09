/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The daemon's side of a change to the store: one answer for each, whatever becomes of the process, and a sweep after
 * one that was killed.
 */

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "backend/helper.h"
#include "store/store-run.h"
#include "unit.h"
#include "util/error.h"

#define WAIT_USEC (60 * G_USEC_PER_SEC)
#define DIGEST    "sha256:1111111111111111111111111111111111111111111111111111111111111111"

typedef struct Fixture {
        char *path;
        char *program;
        sd_event *event;
        Reaper *reaper;
        Helpers *helpers;
} Fixture;

typedef struct Operation {
        Helper *helper;
        unsigned n_progress;
        uint64_t done, total;
        int n_ended;
        char *size; /* of the answer */
        char *name; /* of the error */
} Operation;

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
        g_error("nothing came for too long");
        return 0;
}

/* The daemon starts gangway-store with the store alone; this one is to take the other unpacker. */
static char *make_program(const Fixture *f)
{
        char *path = g_build_filename(f->path, "program", NULL);
        g_autofree char *text = g_strdup_printf("#!/bin/sh\nexec '%s' \"$1\" '%s'\n", g_getenv("GANGWAY_TEST_STORE"),
                                                g_getenv("GANGWAY_TEST_UNPACK"));

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        g_assert_cmpint(chmod(path, 0755), ==, 0);
        return path;
}

static void set_up(Fixture *f, gconstpointer data)
{
        f->path = make_tree();
        f->program = make_program(f);
        g_assert_cmpint(sd_event_new(&f->event), >=, 0);
        g_assert_cmpint(reaper_new(f->event, &f->reaper), ==, 0);
        g_assert_cmpint(sd_event_add_time_relative(f->event, NULL, CLOCK_MONOTONIC, WAIT_USEC, 0, on_limit, NULL), >=,
                        0);
        f->helpers =
                helpers_new(f->event, f->reaper,
                            &(const HelperKind){.program = f->program, .what = "the store", .sweeps = true}, f->path);
}

/* Until no child is left: those that nobody asks for any more are picked up by the reaper. */
static void run_out(const Fixture *f)
{
        siginfo_t info;

        while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
                g_assert_cmpint(sd_event_run(f->event, 100000), >=, 0);
        g_assert_cmpint(errno, ==, ECHILD);
}

static void tear_down(Fixture *f, gconstpointer data)
{
        g_assert_null(helpers_free(f->helpers));
        run_out(f);
        g_assert_null(reaper_free(f->reaper));
        sd_event_unref(f->event);
        g_free(f->program);
        remove_tree(&f->path);
}

static void on_progress(uint64_t done, uint64_t total, void *userdata)
{
        Operation *operation = userdata;

        operation->n_progress++;
        operation->done = done;
        operation->total = total;
}

static void on_ended(StringMessage *result, sd_bus_error *error, void *userdata)
{
        Operation *operation = userdata;

        operation->n_ended++;
        if (result) {
                g_assert_null(error);
                operation->size = g_strdup(helper_find(result, "size"));
                g_assert_null(helper_find(result, "nonsense"));
        } else
                operation->name = g_strdup(error->name);
        operation->helper = helper_free(operation->helper);
}

static const HelperCallbacks callbacks = {.progress = on_progress, .ended = on_ended};

static void start(const Fixture *f, Operation *operation, const char *script)
{
        _cleanup_close_ int fd = store_run_script(script);
        const char *const request[] = {"import", "1000", "img", "0", "0", "", "100000000", "1000", "10", NULL};

        g_assert_cmpint(helper_start(f->helpers, request, &fd, 1, &callbacks, operation, &operation->helper), ==, 0);
}

static void wait_for_end(const Fixture *f, const Operation *operation)
{
        while (operation->n_ended == 0)
                g_assert_cmpint(sd_event_run(f->event, UINT64_MAX), >=, 0);
        g_assert_cmpint(operation->n_ended, ==, 1);
}

static void operation_done(Operation *operation)
{
        helper_free(operation->helper);
        g_free(operation->size);
        g_free(operation->name);
}

static void test_ok(Fixture *f, gconstpointer data)
{
        _cleanup_(operation_done) Operation operation = {};

        start(f, &operation,
              "say progress 3 7\nlayer 0 " DIGEST "\nfolder 0\nsay unpacked 0 " DIGEST " 5\nend\nsay done 1 0\n");
        wait_for_end(f, &operation);
        g_assert_cmpstr(operation.size, ==, "5");
        g_assert_cmpuint(operation.n_progress, ==, 1);
        g_assert_cmpuint(operation.done, ==, 3);
        g_assert_cmpuint(operation.total, ==, 7);
}

static void test_error(Fixture *f, gconstpointer data)
{
        _cleanup_(operation_done) Operation operation = {};

        start(f, &operation, "say error org.gangway1.Error.InvalidImage why\n");
        wait_for_end(f, &operation);
        g_assert_cmpstr(operation.name, ==, ERROR_INVALID_IMAGE);
        g_assert_null(operation.size);
}

/* Runs the loop until the import has told that it is at work. */
static void wait_for_progress(const Fixture *f, const Operation *operation)
{
        while (operation->n_progress == 0)
                g_assert_cmpint(sd_event_run(f->event, UINT64_MAX), >=, 0);
}

#define STALLS "layer 0 " DIGEST "\nfolder 0\nsay progress 1 0\nstall\n"

static void test_cancel(Fixture *f, gconstpointer data)
{
        _cleanup_(operation_done) Operation operation = {};

        start(f, &operation, STALLS);
        wait_for_progress(f, &operation);
        helper_cancel(operation.helper);
        wait_for_end(f, &operation);
        g_assert_cmpstr(operation.name, ==, ERROR_CANCELLED);
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 0);
}

/* Nobody is told of the end, and nothing is left. */
static void test_free(Fixture *f, gconstpointer data)
{
        _cleanup_(operation_done) Operation operation = {};

        start(f, &operation, STALLS);
        wait_for_progress(f, &operation);
        operation.helper = helper_free(operation.helper);
        run_out(f);
        g_assert_cmpint(operation.n_ended, ==, 0);
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 0);
}

static void test_free_all(Fixture *f, gconstpointer data)
{
        _cleanup_(operation_done) Operation operation = {};

        start(f, &operation, STALLS);
        wait_for_progress(f, &operation);
        f->helpers = helpers_free(f->helpers);
        operation.helper = NULL;
        run_out(f);
        g_assert_cmpint(operation.n_ended, ==, 0);
}

static pid_t find_child(void)
{
        g_autofree char *text = NULL;

        g_assert_true(g_file_get_contents("/proc/thread-self/children", &text, NULL, NULL));
        return (pid_t) g_ascii_strtoll(text, NULL, 10);
}

static void test_killed(Fixture *f, gconstpointer data)
{
        _cleanup_(operation_done) Operation operation = {};

        start(f, &operation, STALLS);
        wait_for_progress(f, &operation);
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 1);
        g_assert_cmpint(kill(find_child(), SIGKILL), ==, 0);
        wait_for_end(f, &operation);
        g_assert_cmpstr(operation.name, ==, SD_BUS_ERROR_FAILED);
        /* The sweep comes by itself. */
        run_out(f);
        g_assert_cmpuint(store_run_count(f->path, "incoming"), ==, 0);
}

static void test_no_program(Fixture *f, gconstpointer data)
{
        _cleanup_(operation_done) Operation operation = {};

        g_assert_cmpint(chmod(f->program, 0), ==, 0);
        start(f, &operation, "");
        wait_for_end(f, &operation);
        g_assert_cmpstr(operation.name, ==, SD_BUS_ERROR_FAILED);
}

int main(int argc, char **argv)
{
        sigset_t mask;

        g_test_init(&argc, &argv, NULL);
        sigemptyset(&mask);
        sigaddset(&mask, SIGCHLD);
        g_assert_cmpint(sigprocmask(SIG_BLOCK, &mask, NULL), ==, 0);
#define ADD(name, function) g_test_add("/helper/" name, Fixture, NULL, set_up, function, tear_down)
        if (!store_run_is_possible())
                return 0;
        ADD("ok", test_ok);
        ADD("error", test_error);
        ADD("cancel", test_cancel);
        ADD("free", test_free);
        ADD("free-all", test_free_all);
        ADD("killed", test_killed);
        ADD("no-program", test_no_program);
        return g_test_run();
}
