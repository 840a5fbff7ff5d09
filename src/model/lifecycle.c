/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/lifecycle.h"

static const char *const states[] = {
        [CONTAINER_CREATING] = "creating",   [CONTAINER_CREATED] = "created", [CONTAINER_STARTING] = "starting",
        [CONTAINER_RUNNING] = "running",     [CONTAINER_PAUSED] = "paused",   [CONTAINER_EXITED] = "exited",
        [CONTAINER_RELEASING] = "releasing",
};

DEFINE_WORD_TABLE(container_state, ContainerState, states)

static const struct {
        ContainerState from;
        ContainerEvent event;
        ContainerState to;
} transitions[] = {
        {CONTAINER_CREATING, EVENT_CREATED, CONTAINER_CREATED},
        {CONTAINER_CREATED, EVENT_START, CONTAINER_STARTING},
        {CONTAINER_STARTING, EVENT_START_FAILED, CONTAINER_CREATED},
        {CONTAINER_STARTING, EVENT_STARTED, CONTAINER_RUNNING},
        {CONTAINER_RUNNING, EVENT_PAUSED, CONTAINER_PAUSED},
        {CONTAINER_PAUSED, EVENT_RESUMED, CONTAINER_RUNNING},
        {CONTAINER_RUNNING, EVENT_EXITED, CONTAINER_EXITED},
        /* A frozen process still dies by SIGKILL. */
        {CONTAINER_PAUSED, EVENT_EXITED, CONTAINER_EXITED},
        {CONTAINER_CREATING, EVENT_RELEASE, CONTAINER_RELEASING},
        {CONTAINER_CREATED, EVENT_RELEASE, CONTAINER_RELEASING},
        {CONTAINER_STARTING, EVENT_RELEASE, CONTAINER_RELEASING},
        {CONTAINER_RUNNING, EVENT_RELEASE, CONTAINER_RELEASING},
        {CONTAINER_PAUSED, EVENT_RELEASE, CONTAINER_RELEASING},
        {CONTAINER_EXITED, EVENT_RELEASE, CONTAINER_RELEASING},
};

int lifecycle_next(ContainerState state, ContainerEvent event)
{
        for (size_t i = 0; i < sizeof(transitions) / sizeof(transitions[0]); i++)
                if (transitions[i].from == state && transitions[i].event == event)
                        return (int) transitions[i].to;
        return -EPERM;
}
