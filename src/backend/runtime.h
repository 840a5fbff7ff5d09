/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

/*
 * An OCI runtime as a table of functions. What differs between runtimes is here; all else speaks to this table.
 */

typedef struct RuntimeCall {
        const char *path;     /* the runtime's program */
        const char *root;     /* a folder of the container's own, for the runtime's state */
        const char *log_file; /* where it says what went wrong */
        const char *pid_file;
        const char *console; /* the console socket, or NULL */
        const char *bundle;  /* the folder of config.json; for a run */
        const char *process; /* the file of the process object; for an exec */
        const char *id;
        unsigned preserve_fds; /* how many from 3 on the process gets */
} RuntimeCall;

typedef struct Runtime {
        bool needs_cgroup;          /* it makes a group of its own, so it is given one below the scope */
        bool takes_compiled_filter; /* the annotation run.oci.seccomp_bpf_data */
        /* The command line, NULL at its end. */
        GStrv (*run_command)(const RuntimeCall *call);
        GStrv (*exec_command)(const RuntimeCall *call);
        /* Turns what the runtime said about program into NoSuchProgram, NotExecutable, InvalidArgs or RuntimeFailed.
         * Returns the negative errno of the name. */
        int (*explain)(const char *text, const char *program, sd_bus_error *error);
} Runtime;

/* The table for the program at path, by its file name: crun, or any other that speaks runc's command line. */
const Runtime *runtime_for_path(const char *path);
