/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/*
 * One call of the OCI runtime, which starts a process, detaches, and exits. What the runtime inherits as its fds, the
 * process inherits.
 */

#define RUN_FDS_MAX 64U

typedef struct RunRequest {
        const char *identifier;        /* the name in the journal */
        const char *unit;              /* the scope, for the journal */
        const char *pid_file;          /* written by the runtime */
        const char *log_file;          /* where the runtime says what went wrong */
        const char *console;           /* the path of the console socket, or "" */
        const char *const *argv;       /* the runtime's, NULL at its end; the first is its absolute path */
        int cgroup;                    /* the folder of the group that the runtime is born in, or -1: our own */
        const int *fds;                /* borrowed */
        unsigned numbers[RUN_FDS_MAX]; /* what they are to be in the process, below RUN_FDS_MAX, each once */
        size_t n_fds;
} RunRequest;

typedef struct RunResult {
        pid_t pid;        /* the process, 0 where the runtime failed */
        int status;       /* the runtime's, as of waitpid(2) */
        int terminal;     /* the master, or -1 */
        int slave_path;   /* O_PATH, or -1 */
        char error[4096]; /* what the runtime said, "" where nothing */
} RunResult;

/* Runs it and waits for it. Returns a negative errno where the runtime could not be run at all. */
int run_runtime(const RunRequest *request, RunResult *ret);

/* After a failed run: what it left behind is this process's child now, and must not stay. */
void run_end_children(void);
