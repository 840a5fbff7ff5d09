/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/container-private.h"

/*
 * One start of a process, on its way through the launcher. It sits in its container's queue of jobs until it is over.
 */

struct StartJob {
        Container *container;
        ProcessSpec *spec;
        bool first;
        bool begun;
        Launcher *launcher; /* an exec's own */
        ProcessUser user;
        ContainerStarted started;
        void *userdata;
};

/* Starts the first step; the job tells its end itself, and is freed. */
void start_job_begin(StartJob *job);
/* Takes it out of the queue, and tells nobody. */
void start_job_free(StartJob *job);
