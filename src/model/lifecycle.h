/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/word-table.h"

/*
 * The life of a container: which event leads from which state to which, as one table.
 */

typedef enum ContainerState {
        CONTAINER_CREATING, /* seen only while it waits for others */
        CONTAINER_CREATED,
        CONTAINER_STARTING,
        CONTAINER_RUNNING,
        CONTAINER_PAUSED,
        CONTAINER_EXITED,
        CONTAINER_RELEASING,
} ContainerState;

typedef enum ContainerEvent {
        EVENT_CREATED,
        EVENT_START,
        EVENT_START_FAILED,
        EVENT_STARTED,
        EVENT_PAUSED,
        EVENT_RESUMED,
        EVENT_EXITED,
        EVENT_RELEASE,
} ContainerEvent;

DECLARE_WORD_TABLE(container_state, ContainerState);

/* The state after the event. Errors: -EPERM where the event can't happen in that state. */
int lifecycle_next(ContainerState state, ContainerEvent event);
