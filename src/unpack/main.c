/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gangway-unpack: the parser of what comes from outside. It turns an archive or an image into layers' folders, and is
 * started by gangway-store as root, with a string-message socket as fd 3. It believes nothing that it reads, and its
 * parent believes nothing that it says. Every packet is a list of strings:
 *
 *   -> unpack PLATFORM MAX-BYTES MAX-ENTRIES MAX-DEPTH MAX-RATIO   with two fds: the target folder, which belongs to
 *                              ID-BASE, and the input: a regular file, a pipe, or where the source is a folder a socket
 *                              to an opener (see source.h). PLATFORM may be empty: this machine's
 *   <- ready                   the store writes uid_map and gid_map, "0 ID-BASE 65536"
 *   -> go
 *   <- progress DONE TOTAL     bytes of input; TOTAL is 0 where it is unknown
 *   <- layer INDEX DIFF-ID     the lowest first
 *   -> skip | unpack
 *   <- unpacked INDEX DIFF-ID SIZE     the folder INDEX of the target is whole
 *   <- opaque INDEX PATH       before that: a folder of it hides what is below; PATH has no symlink, "." is its top
 *   <- setting KIND VALUE      kinds: env, entrypoint, cmd, user, working-dir
 *   <- platform PLATFORM       normalised; left out where it is not known
 *   <- done N-LAYERS SKIPPED-DEVICES, or error NAME SENTENCE
 *
 * What else stands in the target at the end (the folder "outer", layers that were not finished) is to be removed. Every
 * process of this program holds fd 3, so its end of stream says that none is left that could still write.
 *
 * This process itself only enters the confinement and looks after the first process of the new pid namespace, which
 * does the work: it says so where that one died of what it read.
 */

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "unpack/confine.h"
#include "unpack/digest.h"
#include "unpack/image.h"
#include "unpack/request.h"
#include "unpack/store-link.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/string-message.h"

static int enter_confinement(const Request *request, sd_bus_error *error)
{
        const char *step = "";
        int r;

        r = confine_enter(request->target, &step);
        if (r >= 0) {
                r = store_link_wait_go();
                if (r < 0)
                        return r;
                r = confine_drop(&step);
        }
        if (r < 0)
                return error_set(error, SD_BUS_ERROR_FAILED, "The image's parser can't be confined: failed to %s: %s",
                                 step, strerror(-r));
        return 0;
}

/* Tells the store what went wrong; without a sentence, the store is not there to hear it. Returns the exit status. */
static int conclude(int r, const sd_bus_error *error)
{
        if (r >= 0)
                return EXIT_SUCCESS;
        if (sd_bus_error_is_set(error))
                (void) store_link_send("error", error->name, error->message);
        return EXIT_FAILURE;
}

/* The first process of the pid namespace: when it ends, the kernel ends all others. */
static int work(const Request *request)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                return EXIT_FAILURE;
        r = image_unpack(request, &error);
        return conclude(r, &error);
}

static int supervise(pid_t pid)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int status;

        if (TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) < 0)
                return EXIT_FAILURE;
        if (WIFEXITED(status))
                return WEXITSTATUS(status);
        return conclude(
                error_set(&error, ERROR_INVALID_IMAGE,
                          "The image ended its parser (signal %d): it is malformed, or needs more memory than the "
                          "parser may have",
                          WTERMSIG(status)),
                &error);
}

int main(void)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(request_done) Request request = REQUEST_NULL;
        pid_t pid;
        int r;

        (void) signal(SIGPIPE, SIG_IGN);
        r = request_receive(&request);
        if (r < 0)
                return EXIT_FAILURE;
        /* It looks at files of the machine, so it comes before they are out of sight. */
        digest_prepare();

        r = enter_confinement(&request, &error);
        if (r < 0)
                return conclude(r, &error);
        pid = fork();
        if (pid < 0)
                return conclude(error_set(&error, SD_BUS_ERROR_FAILED, "The image's parser can't be started: %m"),
                                &error);
        /* Without what a program does at its end: the leak sanitizer would look for its threads in /proc, which is out
         * of sight. */
        _exit(pid == 0 ? work(&request) : supervise(pid));
}
