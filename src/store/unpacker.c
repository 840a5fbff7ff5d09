/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/unpacker.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "model/id-ranges.h"
#include "store/opener.h"
#include "store/tree.h"
#include "util/cleanup.h"
#include "util/error.h"

/* How many times as large as the archive an image may be. */
#define RATIO_MAX "1000"
/* How long the unpacker may take to end, in milliseconds. */
#define END_TIMEOUT    5000
#define SENTENCE_BYTES 2048

static int fail(int r, const char *what, sd_bus_error *error)
{
        return error_set(error, SD_BUS_ERROR_FAILED, "The program that unpacks images %s: %s", what, g_strerror(-r));
}

int unpacker_mistrust(const char *what, sd_bus_error *error)
{
        (void) error_set(error, ERROR_INVALID_IMAGE,
                         "The image was refused, since the program that unpacks it said what it must not: %s", what);
        return -EIO;
}

static int write_map(pid_t pid, const char *name, uint32_t id_base)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int) pid, name);
        g_autofree char *map = g_strdup_printf("0 %u %u\n", id_base, ID_RANGE_SIZE);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd < 0 || write(fd, map, strlen(map)) < 0 ? -errno : 0;
}

static int start_program(Unpacker *unpacker)
{
        const char *const argv[] = {unpacker->job->unpack, NULL};
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        unpacker->socket = pair[0];
        r = child_start(argv, pair[1], &unpacker->child);
        safe_close(pair[1]);
        return r;
}

static int send_request(Unpacker *unpacker, const UnpackerRequest *request)
{
        const char *const strings[] = {"unpack",
                                       request->platform,
                                       request->max_bytes,
                                       request->max_entries,
                                       G_STRINGIFY(TREE_DEPTH_MAX),
                                       RATIO_MAX,
                                       NULL};
        _cleanup_close_ int opener = -1;
        int fds[] = {request->target, request->source};
        struct stat st;
        int r;

        if (fstat(request->source, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode)) {
                r = opener_start(request->source, request->uid, request->gid, &opener, &unpacker->opener);
                if (r < 0)
                        return r;
                fds[1] = opener;
        }
        return string_message_send(unpacker->socket, strings, fds, G_N_ELEMENTS(fds));
}

/* Until here it has read nothing but its orders. */
static int let_go(Unpacker *unpacker, uint32_t id_base, sd_bus_error *error)
{
        StringMessage message = {};
        int r;

        r = unpacker_receive(unpacker, &message, error);
        if (r <= 0)
                return r;
        r = g_str_equal(message.strings[0], "ready") ? 0 : unpacker_mistrust(message.strings[0], error);
        string_message_done(&message);
        if (r < 0)
                return r;
        r = write_map(unpacker->child.pid, "uid_map", id_base);
        if (r >= 0)
                r = write_map(unpacker->child.pid, "gid_map", id_base);
        return r < 0 ? fail(r, "can't be given its ids", error) : unpacker_send(unpacker, "go", error);
}

int unpacker_start(Job *job, const UnpackerRequest *request, Unpacker *ret, sd_bus_error *error)
{
        _cleanup_(unpacker_done) Unpacker unpacker = UNPACKER_NONE;
        int r;

        unpacker.job = job;
        r = start_program(&unpacker);
        if (r >= 0)
                r = send_request(&unpacker, request);
        if (r < 0)
                return fail(r, "can't be started", error);
        r = let_go(&unpacker, request->id_base, error);
        if (r < 0)
                return r;
        *ret = unpacker;
        unpacker = UNPACKER_NONE;
        return 0;
}

/* Names that it may use: it is to tell what is wrong with the image or the store, and not, say, who is denied access.
 */
static const char *check_name(const char *name)
{
        static const char *const names[] = {ERROR_INVALID_IMAGE, SD_BUS_ERROR_NOT_SUPPORTED, SD_BUS_ERROR_IO_ERROR,
                                            SD_BUS_ERROR_FAILED};

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if (g_str_equal(names[i], name))
                        return names[i];
        return ERROR_INVALID_IMAGE;
}

/* The sentence may quote the image: no control characters, and not too long. */
static int take_error(const Unpacker *unpacker, const StringMessage *message, sd_bus_error *error)
{
        g_autofree char *sentence = NULL;

        if (message->n_strings < 3)
                return unpacker_mistrust("an error without a reason", error);
        /* What to do about these, and where, the unpacker does not know. */
        if (g_str_equal(message->strings[1], ERROR_STORE_FULL))
                return job_fail(unpacker->job, -ENOSPC, "", error);
        if (g_str_equal(message->strings[1], ERROR_STORE_READ_ONLY))
                return job_fail(unpacker->job, -EROFS, "", error);
        sentence = g_strndup(message->strings[2], SENTENCE_BYTES);
        for (char *c = sentence; *c; c++)
                if (g_ascii_iscntrl(*c))
                        *c = ' ';
        return error_set(error, check_name(message->strings[1]), "%s", sentence);
}

static int take_end(Unpacker *unpacker, sd_bus_error *error)
{
        siginfo_t info;

        child_wait(&unpacker->child, END_TIMEOUT, &info);
        if (info.si_code == CLD_EXITED)
                return error_set(error, SD_BUS_ERROR_FAILED,
                                 "The program that unpacks images ended with status %d before it was done; see the "
                                 "journal of gangwayd.service",
                                 info.si_status);
        if (info.si_status == SIGKILL || info.si_status == SIGTERM)
                return error_set(error, SD_BUS_ERROR_FAILED,
                                 "The program that unpacks images was killed before it was done; try again");
        return error_set(error, ERROR_INVALID_IMAGE,
                         "The image could not be read: the program that unpacks it ended by signal %d (%s)",
                         info.si_status, strsignal(info.si_status));
}

int unpacker_receive(Unpacker *unpacker, StringMessage *ret, sd_bus_error *error)
{
        StringMessage message;
        int r;

        r = job_wait(unpacker->job, unpacker->socket, -1, error);
        if (r < 0)
                return r;
        r = string_message_receive(unpacker->socket, MSG_DONTWAIT, &message);
        if (r == 0 || r == -ECONNRESET)
                return take_end(unpacker, error);
        if (r < 0)
                return r == -EBADMSG ? unpacker_mistrust("a malformed message", error)
                                     : fail(r, "can't be heard", error);
        if (g_str_equal(message.strings[0], "error")) {
                r = take_error(unpacker, &message, error);
                string_message_done(&message);
                return r;
        }
        *ret = message;
        return 1;
}

int unpacker_send(Unpacker *unpacker, const char *word, sd_bus_error *error)
{
        int r = string_message_send(unpacker->socket, (const char *const[]){word, NULL}, NULL, 0);

        if (r == -EPIPE || r == -ECONNRESET)
                return take_end(unpacker, error);
        return r < 0 ? fail(r, "does not listen", error) : 0;
}

void unpacker_finish(Unpacker *unpacker)
{
        siginfo_t info;

        unpacker->socket = safe_close(unpacker->socket);
        child_wait(&unpacker->child, END_TIMEOUT, &info);
}

void unpacker_done(Unpacker *unpacker)
{
        unpacker->socket = safe_close(unpacker->socket);
        child_done(&unpacker->child);
        if (unpacker->opener > 0) {
                (void) kill(unpacker->opener, SIGKILL);
                (void) waitid(P_PID, (id_t) unpacker->opener, &(siginfo_t){}, WEXITED);
                unpacker->opener = 0;
        }
}
