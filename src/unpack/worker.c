/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/worker.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unpack/socket-wait.h"
#include "util/cleanup.h"
#include "util/error.h"

static void __attribute__((noreturn)) run(int report, WorkerFunction function, void *data)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = function(report, data, &error);

        if (r < 0 && sd_bus_error_is_set(&error))
                r = socket_send(report, (const char *const[]){"error", error.name, error.message, NULL});
        /* Nothing is to be flushed or freed twice. */
        _exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

int worker_start(Worker *worker, WorkerFunction function, void *data)
{
        int pair[2];
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        pid = fork();
        if (pid == 0) {
                safe_close(pair[0]);
                run(pair[1], function, data);
        }
        safe_close(pair[1]);
        if (pid < 0) {
                int r = -errno;

                safe_close(pair[0]);
                return r;
        }
        *worker = (Worker){.pid = pid, .socket = pair[0]};
        return 0;
}

static int reap(Worker *worker)
{
        int status = 0;

        while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
                ;
        worker->pid = 0;
        return status;
}

int worker_receive(Worker *worker, StringMessage *ret, const char *what, sd_bus_error *error)
{
        int status, r = string_message_receive(worker->socket, 0, ret);

        if (r != 0)
                return r;
        status = reap(worker);
        if (WIFSIGNALED(status))
                (void) error_set(
                        error, ERROR_INVALID_IMAGE,
                        "%s ended its parser (signal %d): it is malformed, or needs more memory than the parser may "
                        "have",
                        what, WTERMSIG(status));
        else
                (void) error_set(error, SD_BUS_ERROR_FAILED, "%s can't be unpacked: its parser ended with status %d",
                                 what, WEXITSTATUS(status));
        return 0;
}

void worker_stop(Worker *worker)
{
        if (worker->pid > 0) {
                (void) kill(worker->pid, SIGKILL);
                (void) reap(worker);
        }
        worker->socket = safe_close(worker->socket);
}
