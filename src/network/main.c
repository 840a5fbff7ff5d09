/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gangway-network FOLDER [SECONDS]: sets networks up and takes them down, as root: one process for one change. The
 * daemon starts it (src/backend/helper.c) with a socket as fd 3, and sends the request, a packet of strings:
 *
 *   add ID ID-BASE CONFLIST PLUGIN-PATH PORT…
 *       makes a network namespace with an interface in it, by the plugins of the CNI network list CONFLIST, which are
 *       looked for in the folders of PLUGIN-PATH. It belongs to a user namespace of its own with the ids from ID-BASE
 *       on, or with "host" to the machine's. PORT: "tcp|udp|sctp,HOST-IP,HOST-PORT,CONTAINER-PORT". Answers network,
 *       netns-path, any number of address ("10.209.0.5/16") and gateway, and mac where there is one; with the fds of
 *       the network namespace, and of the user namespace if there is one
 *   check ID
 *       whether it is still as it was set up: fails where it is not
 *   del ID
 *       takes it down. One that is not there is none to take down
 *   sweep
 *       takes down all. Answers count
 *
 * FOLDER has a record of each. SECONDS is how long one run of a plugin may take. The answers are "ok KEY VALUE…" or
 * "error NAME SENTENCE": NetworkUnavailable where nothing was tried, NetworkFailed where something was.
 *
 * When the socket is closed, or SIGTERM comes, an add is undone. The others go on to their end. When the process is
 * killed, what it did stays as it is, and a del or an add of the same ID, or a sweep, removes it.
 */

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "network/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/log.h"
#include "util/string-message.h"

#define CONTROL_FD     3
#define PLUGIN_SECONDS 60

static const struct {
        const char *name;
        size_t n_min, n_max; /* arguments */
        Verb run;
} verbs[] = {
        {"add", 4, STRING_MESSAGE_STRINGS_MAX, verb_add},
        {"check", 1, 1, verb_check},
        {"del", 1, 1, verb_del},
        {"sweep", 0, 0, verb_sweep},
};

static int dispatch(Job *job, const StringMessage *request, Answer *answer, sd_bus_error *error)
{
        for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
                size_t n = request->n_strings - 1;
                int r;

                if (!g_str_equal(verbs[i].name, request->strings[0]))
                        continue;
                if (n < verbs[i].n_min || n > verbs[i].n_max || request->n_fds != 0)
                        return error_invalid(error, "The request %s has %zu arguments and %zu fds", verbs[i].name, n,
                                             request->n_fds);
                r = job_open(job, error);
                return r < 0 ? r : verbs[i].run(job, request->strings + 1, answer, error);
        }
        return error_invalid(error, "There is no request '%s'", request->strings[0]);
}

static int send_answer(Job *job, Answer *answer, const sd_bus_error *error)
{
        g_auto(GStrv) strings = g_strv_builder_end(answer->strings);
        int fds[] = {answer->namespaces.net, answer->namespaces.user};
        size_t n = fds[0] < 0 ? 0 : fds[1] < 0 ? 1 : 2;

        if (sd_bus_error_is_set(error))
                return job_answer(job, (const char *const[]){"error", error->name, error->message, NULL}, NULL, 0);
        return job_answer(job, (const char *const *) strings, fds, n);
}

static bool read_seconds(const char *text, unsigned *ret)
{
        guint64 seconds;

        if (!g_ascii_string_to_unsigned(text, 10, 1, 3600, &seconds, NULL))
                return false;
        *ret = (unsigned) seconds;
        return true;
}

int main(int argc, char **argv)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(job_done)
                Job job = {.control = CONTROL_FD, .folder = -1, .signals = -1, .plugin_seconds = PLUGIN_SECONDS};
        g_autoptr(GStrvBuilder) strings = g_strv_builder_new();
        Answer answer = {.strings = strings, .namespaces = NAMESPACES_NONE};
        StringMessage request;
        bool added;

        if (argc < 2 || argc > 3 || argv[1][0] != '/' || (argc == 3 && !read_seconds(argv[2], &job.plugin_seconds)) ||
            fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) < 0) {
                log_error("gangway-network is started by gangwayd, and of no use otherwise");
                return EXIT_FAILURE;
        }
        job.path = argv[1];
        /* Plugins inherit it. */
        (void) umask(0022);
        (void) signal(SIGPIPE, SIG_IGN);
        if (string_message_receive(CONTROL_FD, 0, &request) <= 0)
                return EXIT_FAILURE;

        g_strv_builder_add(strings, "ok");
        if (dispatch(&job, &request, &answer, &error) < 0 && !sd_bus_error_is_set(&error))
                (void) error_set(&error, SD_BUS_ERROR_FAILED, "The request %s failed", request.strings[0]);
        added = answer.namespaces.net >= 0 && !sd_bus_error_is_set(&error);
        if (send_answer(&job, &answer, &error) < 0 && added)
                verb_add_undo(&job, request.strings[1]);
        namespaces_done(&answer.namespaces);
        string_message_done(&request);
        return EXIT_SUCCESS;
}
