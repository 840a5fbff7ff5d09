/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gangway-store STORE [UNPACK]: changes the store, as root: one process for one operation. The daemon starts it
 * (src/backend/helper.c) with a socket as fd 3, and sends the request, a packet of strings, maybe with an fd:
 *
 *   sweep                                 makes the store where it is missing, and removes what others left behind that
 *                                         were killed
 *   import OWNER NAME UID GID PLATFORM ID-BASE MAX-BYTES MAX-ENTRIES    the fd is the source: a regular file, a pipe or
 *                                         a folder, which UID opened; an empty GID is the primary group of UID. Answers
 *                                         image, size, digest, skipped-devices
 *   tag OWNER NAME NEW-OWNER NEW-NAME     another name for an image
 *   remove OWNER NAME                     removes an image, and the layers that nobody uses. Answers freed (bytes)
 *   collect                               removes the layers that nobody refers to or uses any more. Answers freed
 *   prune OWNER OLDER-THAN KEEP           unused layers, and caches of the owner or of "all", oldest first: those that
 *                                         were not used for so many seconds, while all of them take up more than so
 *                                         many bytes. Answers freed, layers, caches
 *   cache-create OWNER CACHE-ID SEED ID-BASE    a folder for a cache; SEED is a layer or 0. Answers id, folder
 *   commit OWNER NAME PARENT ID-BASE PLATFORM STUB…    the fd is an upper folder of overlayfs: copies it to a layer on
 *                                         top of the layer PARENT (or 0), as an image for PLATFORM (or ""). A second
 *                                         fd, if there is one, is a file with its settings, KIND NUL VALUE NUL…. Paths
 *                                         that are still empty in it are left out. Answers image, size, skipped-devices
 *
 * OWNER is a uid, or -1 for the system. An image of the same name is replaced. The answers are any number of "progress
 * DONE TOTAL" (bytes; 0 where not known), then "ok KEY VALUE…" or "error NAME SENTENCE".
 *
 * When the socket is closed, or SIGTERM comes, the operation is undone. When the process is killed, what it did is
 * either there as a whole, or not at all, whatever the moment:
 *
 *   - What is made grows in a folder below incoming/, under a lock.
 *   - A change of the records is one transaction. The folders that it speaks of are renamed into place inside of it.
 *   - Folders are removed when the transaction that forgets them is on the disk.
 *   - What is new is written to the disk after the answer, and until then what it replaces stays: see settle.c.
 *
 * So a folder may be there without its row, but no row without its folder, and a sweep, which holds off other changes
 * while it compares, removes the first kind. Operations that run side by side find out about each other by the locks:
 * see store-layout.h.
 */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"
#include "model/id-ranges.h"
#include "model/image-name.h"
#include "store/database.h"
#include "store/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/log.h"

#define CONTROL_FD 3
#define NICE       10
#define SLICE_NSEC 100000

static const struct {
        const char *name;
        size_t n_min, n_max; /* arguments */
        size_t n_fds;
        Verb run;
        bool background; /* nobody holds still for it */
        bool one_more;   /* fd, or not */
} verbs[] = {
        {"sweep", 0, 0, 0, verb_sweep},
        {"import", 8, 8, 1, verb_import, .background = true},
        {"tag", 4, 4, 0, verb_tag},
        {"remove", 2, 2, 0, verb_remove},
        {"collect", 0, 0, 0, verb_collect, .background = true},
        {"prune", 3, 3, 0, verb_prune, .background = true},
        {"cache-create", 4, 4, 0, verb_cache_create},
        {"commit", 5, STRING_MESSAGE_STRINGS_MAX, 1, verb_commit, .one_more = true},
};

void answer_add_text(GStrvBuilder *answer, const char *key, const char *value)
{
        g_strv_builder_add(answer, key);
        g_strv_builder_add(answer, value);
}

void answer_add_number(GStrvBuilder *answer, const char *key, uint64_t value)
{
        g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);

        answer_add_text(answer, key, text);
}

int argument_to_number(const char *argument, uint64_t min, uint64_t max, uint64_t *ret, sd_bus_error *error)
{
        guint64 number;

        if (!g_ascii_string_to_unsigned(argument, 10, min, max, &number, NULL))
                return error_invalid(error, "'%s' is no whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                                     argument, min, max);
        *ret = number;
        return 0;
}

int argument_to_owner(const char *argument, int64_t *ret, sd_bus_error *error)
{
        uint64_t uid = 0;
        int r;

        if (g_str_equal(argument, "-1")) {
                *ret = -1;
                return 0;
        }
        r = argument_to_number(argument, 0, UINT32_MAX - 1, &uid, error);
        if (r >= 0)
                *ret = (int64_t) uid;
        return r;
}

int argument_to_id_base(const char *argument, uint32_t *ret, sd_bus_error *error)
{
        uint64_t base = 0;
        int r = argument_to_number(argument, 0, INT32_MAX - (ID_RANGE_SIZE - 1), &base, error);

        if (r >= 0)
                *ret = (uint32_t) base;
        return r;
}

int argument_check_name(const char *argument, sd_bus_error *error)
{
        if (!image_name_is_valid(argument))
                return error_invalid(error,
                                     "'%s' is no name for an image: it has to be 1 to %u of the characters A-Z a-z 0-9 "
                                     ". _ : / @ + -, begin with a letter or a digit, and have no '..'",
                                     argument, IMAGE_NAME_LENGTH_MAX);
        return 0;
}

/* The first version of struct sched_attr of sched_setattr(2): <sched.h> has it from glibc 2.41 on, and the kernel's own
 * header can't stand beside <sched.h> before. */
typedef struct Scheduling {
        uint32_t size;
        uint32_t policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime;
        uint64_t deadline;
        uint64_t period;
} Scheduling;

/* An import keeps a processor busy for seconds. It is nothing that somebody types into, so whoever does goes first, and
 * so does the daemon, which answers others meanwhile. Where the kernel groups tasks by session (sched(7), "The
 * autogroup feature"), a nice value counts only within the group, and the daemon would be made to wait for what its
 * helper has used up: hence a session of its own, whose group steps back as well. And since a task that was chosen may
 * keep the processor for its slice, however nice it is, the slice is the shortest that there is; a Linux before 6.12
 * doesn't look at it. */
static void step_back(void)
{
        const Scheduling scheduling = {
                .size = sizeof(scheduling), .policy = SCHED_BATCH, .nice = NICE, .runtime = SLICE_NSEC};
        _cleanup_close_ int group = -1;

        (void) syscall(SYS_sched_setattr, 0, &scheduling, 0);
        (void) setsid();
        group = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
        if (group >= 0)
                (void) dprintf(group, "%d", NICE);
}

static int dispatch(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error)
{
        for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
                size_t n = request->n_strings - 1;
                int r;

                if (!g_str_equal(verbs[i].name, request->strings[0]))
                        continue;
                if (verbs[i].background)
                        step_back();
                if (n < verbs[i].n_min || n > verbs[i].n_max || request->n_fds < verbs[i].n_fds ||
                    request->n_fds > verbs[i].n_fds + verbs[i].one_more)
                        return error_invalid(error, "The request %s has %zu arguments and %zu fds", verbs[i].name, n,
                                             request->n_fds);
                r = job_open(job, error);
                if (r >= 0)
                        r = database_open(job, error);
                return r < 0 ? r : verbs[i].run(job, request, answer, error);
        }
        return error_invalid(error, "There is no request '%s'", request->strings[0]);
}

static void answer(Job *job, GStrvBuilder *result, const sd_bus_error *error)
{
        g_auto(GStrv) strings = g_strv_builder_end(result);

        if (sd_bus_error_is_set(error))
                job_answer(job, (const char *const[]){"error", error->name, error->message, NULL});
        else
                job_answer(job, (const char *const *) strings);
}

/* A copy holds some fds for each level of a tree. */
static void raise_fd_limit(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &limit);
        }
}

int main(int argc, char **argv)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(job_done) Job job = {.control = CONTROL_FD, .store = -1, .signals = -1, .unpack = GANGWAY_UNPACK};
        g_autoptr(GStrvBuilder) result = g_strv_builder_new();
        StringMessage request;

        if (argc < 2 || argc > 3 || argv[1][0] != '/' || fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) < 0) {
                log_error("gangway-store is started by gangwayd, and of no use otherwise");
                return EXIT_FAILURE;
        }
        job.path = argv[1];
        if (argc == 3)
                job.unpack = argv[2];
        (void) umask(0077);
        (void) signal(SIGPIPE, SIG_IGN);
        raise_fd_limit();
        if (string_message_receive(CONTROL_FD, 0, &request) <= 0)
                return EXIT_FAILURE;

        g_strv_builder_add(result, "ok");
        if (dispatch(&job, &request, result, &error) < 0 && !sd_bus_error_is_set(&error))
                (void) error_set(&error, SD_BUS_ERROR_FAILED, "The request %s failed", request.strings[0]);
        answer(&job, result, &error);
        if (job.database && !sd_bus_error_is_set(&error))
                store_settle(&job);
        string_message_done(&request);
        return EXIT_SUCCESS;
}
