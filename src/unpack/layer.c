/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "unpack/sentence.h"
#include "unpack/store-link.h"
#include "unpack/worker.h"
#include "unpack/writer.h"
#include "util/cleanup.h"
#include "util/error.h"

#define PROGRESS_MSEC    200
#define ROOT_FOLDER_MODE 0755

typedef struct Job {
        const Layer *layer;
        Usage *usage;
        Worker stream, writer;
        LayerResult result;
        bool streamed, written;
        sd_bus_error damage; /* what the writer said, where the stream's worker may know better */
} Job;

void layer_result_done(LayerResult *result)
{
        g_clear_pointer(&result->objection, g_free);
}

static void job_done(Job *job)
{
        worker_stop(&job->stream);
        worker_stop(&job->writer);
        sd_bus_error_free(&job->damage);
        layer_result_done(&job->result);
}

static int parse(const char *text, uint64_t *ret)
{
        return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, ret, NULL) ? 0 : -EBADMSG;
}

/* Returns the negative errno of the error that a worker reported, or -EBADMSG. */
static int take_error(const StringMessage *message, sd_bus_error *error)
{
        if (message->n_strings != 3)
                return -EBADMSG;
        return error_set(error, message->strings[1], "%s", message->strings[2]);
}

static int take_stream_report(Job *job, const StringMessage *message, sd_bus_error *error)
{
        if (strcmp(message->strings[0], "ok") != 0)
                return take_error(message, error);
        if (message->n_strings != 2 || !digest_is_valid(message->strings[1]))
                return -EBADMSG;
        (void) g_strlcpy(job->result.diff_id, message->strings[1], sizeof(job->result.diff_id));
        job->streamed = true;
        return 0;
}

static bool stream_will_end(const Archive *archive)
{
        struct stat st;

        return archive->digest || archive->diff_id || (fstat(archive->fd, &st) >= 0 && S_ISREG(st.st_mode));
}

static int take_writer_report(Job *job, const StringMessage *message, sd_bus_error *error)
{
        const char *word = message->strings[0];
        uint64_t bytes, entries, skipped;

        if (strcmp(word, "opaque") == 0 && message->n_strings == 2)
                return job->layer->index ? store_link_send("opaque", job->layer->index, message->strings[1]) : -EBADMSG;
        /* That the archive is damaged may come from damaged compressed data, and a wrong digest says more. */
        if (strcmp(word, "damaged") == 0 && !job->streamed && stream_will_end(&job->layer->archive)) {
                job->written = true;
                return take_error(message, &job->damage) == -EBADMSG ? -EBADMSG : 0;
        }
        if (strcmp(word, "ok") != 0)
                return take_error(message, error);

        if (message->n_strings != 5 || parse(message->strings[1], &bytes) < 0 ||
            parse(message->strings[2], &entries) < 0 || parse(message->strings[3], &skipped) < 0)
                return -EBADMSG;
        job->usage->bytes += bytes;
        job->usage->entries += entries;
        job->usage->skipped += skipped;
        if (*message->strings[4])
                job->result.objection = g_strdup(message->strings[4]);
        job->written = true;
        return 0;
}

static int receive(Job *job, Worker *worker, sd_bus_error *error)
{
        _cleanup_(string_message_done) StringMessage message = {};
        int r = worker_receive(worker, &message, job->layer->archive.what, error);

        if (r <= 0)
                return r < 0 ? r : -EIO;
        return worker == &job->stream ? take_stream_report(job, &message, error)
                                      : take_writer_report(job, &message, error);
}

/* Looks after both until both are done. The store hanging up ends everything. */
static int watch(Job *job, sd_bus_error *error)
{
        while (!job->streamed || !job->written) {
                struct pollfd events[] = {
                        /* The stream's first: what goes wrong there makes the writer fail, too. */
                        {.fd = job->streamed ? -1 : job->stream.socket, .events = POLLIN},
                        {.fd = job->written ? -1 : job->writer.socket, .events = POLLIN},
                        {.fd = STORE_LINK_FD},
                };
                int r = poll(events, G_N_ELEMENTS(events), PROGRESS_MSEC);

                if (r < 0 && errno != EINTR)
                        return -errno;
                if (r > 0 && events[2].revents)
                        return -EPIPE;
                if (r > 0 && events[0].revents)
                        r = receive(job, &job->stream, error);
                else if (r > 0 && events[1].revents)
                        r = receive(job, &job->writer, error);
                else
                        store_link_send_progress(atomic_load(&job->usage->meter->read), job->usage->total);
                if (r < 0 && r != -EINTR)
                        return r;
        }
        if (sd_bus_error_is_set(&job->damage))
                return sd_bus_error_copy(error, &job->damage);
        return 0;
}

/* Starts both workers. The ring is theirs. */
static int start(Job *job, const Limits *limits)
{
        g_autoptr(Ring) ring = NULL;
        Stream stream = {.archive = &job->layer->archive, .limits = limits, .meter = job->usage->meter};
        Writer writer = {.what = job->layer->archive.what,
                         .folder = job->layer->folder,
                         .layer = job->layer->index != NULL,
                         .limits = limits,
                         .bytes = job->usage->bytes,
                         .entries = job->usage->entries};
        int r = ring_new(&ring);

        if (r < 0)
                return r;
        stream.output = writer.input = ring;
        r = worker_start(&job->stream, stream_run, &stream);
        return r < 0 ? r : worker_start(&job->writer, writer_run, &writer);
}

int layer_unpack(const Layer *layer, const Limits *limits, Usage *usage, LayerResult *ret, sd_bus_error *error)
{
        _cleanup_(job_done) Job job = {
                .layer = layer,
                .usage = usage,
                .stream = WORKER_NULL,
                .writer = WORKER_NULL,
        };
        int r;

        if (mkdir(layer->folder, ROOT_FOLDER_MODE) < 0)
                return sentence_disk_error(error, "A layer's folder can't be made", errno);
        r = start(&job, limits);
        if (r < 0)
                return error_set(error, SD_BUS_ERROR_FAILED, "The image's parser can't be started: %s", strerror(-r));
        r = watch(&job, error);
        if (r < 0)
                return r;
        *ret = job.result;
        job.result.objection = NULL;
        return 0;
}
