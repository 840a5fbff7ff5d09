/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/store-work.h"

#include "backend/helper.h"
#include "util/cleanup.h"
#include "util/error.h"

typedef struct StoreWork {
        Service *service;
        GStrv strings;
        int fd;
        Operation *operation;
        Helper *helper;
} StoreWork;

/* The keys of helpers' answers that are for users. */
static const struct {
        const char *key;
        bool number;
} keys[] = {
        {"image", false}, {"digest", false}, {"size", true},   {"skipped-devices", true},
        {"freed", true},  {"layers", true},  {"caches", true},
};

GPtrArray *store_result(const StringMessage *answer)
{
        GPtrArray *result = result_new();

        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                const char *value = helper_find(answer, keys[i].key);
                guint64 number;

                if (!value)
                        continue;
                if (!keys[i].number && g_utf8_validate(value, -1, NULL))
                        result_add_text(result, keys[i].key, value);
                else if (keys[i].number && g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT64, &number, NULL))
                        result_add_number(result, keys[i].key, number);
        }
        return result;
}

static void on_progress(uint64_t done, uint64_t total, void *userdata)
{
        operation_set_progress(((StoreWork *) userdata)->operation, done, total);
}

static void on_ended(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        StoreWork *work = userdata;

        operation_finish(work->operation, answer ? store_result(answer) : NULL, error);
}

static void start(Operation *operation, void *userdata)
{
        static const HelperCallbacks callbacks = {.progress = on_progress, .ended = on_ended};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        StoreWork *work = userdata;
        int r;

        work->operation = operation;
        r = helper_start(work->service->store_helpers, (const char *const *) work->strings, &work->fd,
                         work->fd >= 0 ? 1 : 0, &callbacks, work, &work->helper);
        work->fd = safe_close(work->fd);
        if (r >= 0)
                return;
        (void) error_set(&error, SD_BUS_ERROR_FAILED, "The store's helper can't be started: %s", g_strerror(-r));
        operation_finish(operation, NULL, &error);
}

static void cancel(void *userdata)
{
        helper_cancel(((StoreWork *) userdata)->helper);
}

static void work_free(void *userdata)
{
        StoreWork *work = userdata;

        helper_free(work->helper);
        g_strfreev(work->strings);
        safe_close(work->fd);
        g_free(work);
}

const OperationWork store_work = {.start = start, .cancel = cancel, .free = work_free};

void *store_work_new(Service *service, const char *const *strings, int fd)
{
        StoreWork *work = g_new0(StoreWork, 1);

        work->service = service;
        work->strings = g_strdupv((GStrv) strings);
        work->fd = fd;
        return work;
}
