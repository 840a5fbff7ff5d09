/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "backend/container-dir.h"
#include "backend/network.h"
#include "backend/scope.h"
#include "model/container-spec.h"
#include "model/lifecycle.h"
#include "model/process-spec.h"
#include "service/container-mounts.h"
#include "service/process.h"
#include "service/service.h"

/*
 * One container. It knows nothing of the bus that shows it: what happens is told to a listener, and answers come by
 * callbacks.
 */

typedef struct Container Container;

typedef struct ContainerListener {
        /* Properties have changed; the names end with NULL. */
        void (*changed)(Container *container, const char *const *properties, void *userdata);
        void (*process_ended)(Container *container, const Process *process, void *userdata);
        /* Nothing is left of it; the container is freed after this. reason is set where nobody asked for it. */
        void (*removed)(Container *container, void *userdata);
} ContainerListener;

/* error is NULL where all went well. */
typedef void (*ContainerDone)(Container *container, const sd_bus_error *error, void *userdata);
typedef void (*ContainerWaits)(Container *container, void *userdata);
/* terminal is the master or -1, and stays the container's: it is closed after the call. */
typedef void (*ContainerStarted)(Container *container, Process *process, int terminal, const sd_bus_error *error,
                                 void *userdata);

typedef struct ContainerRequest {
        ContainerSpec *spec; /* taken over */
        uint32_t owner;
        pid_t caller; /* the process that opened the folders that come as fds */
        uint32_t id_base;
        Network *network; /* taken over: one that is ready and has these ids; NULL: one is made where it is needed */
        const ContainerListener *listener;
        void *userdata; /* of the listener */
        ContainerDone created;
        ContainerWaits waits;
        void *created_userdata; /* of both */
} ContainerRequest;

/* A container that is only a name yet. */
Container *container_new(Service *service, const ContainerRequest *request);
Container *container_free(Container *container);

/* Makes it: its folders, its launcher, its mounts and its scope. created is called when it can be used; on error it has
 * been undone by then, removed has been called, and it is freed. Where that has to wait for others, waits is called
 * before, once: from then on it can be shown, and released. All may happen before this returns. */
void container_create(Container *container);

/* What its image says about the process that this call of container_start() would run. Borrowed. */
ProcessDefaults container_get_defaults(const Container *container, bool exec);

/* Runs a process: PID 1 where none was started yet and exec is false. spec is taken over. */
void container_start(Container *container, ProcessSpec *spec, bool exec, ContainerStarted started, void *userdata);

/* Freezes or thaws it; what is on its way out when a freeze is asked for goes first. */
void container_freeze(Container *container, bool freeze, ContainerDone done, void *userdata);

/* Sends a signal to all of its processes. */
void container_signal_all(Container *container, int signal, ContainerDone done, void *userdata);

/* Ends and removes it. Any number may ask; done, which may be NULL, is called after removed. reason, which may be NULL,
 * is what those get who wait for a start. */
void container_release(Container *container, const sd_bus_error *reason, ContainerDone done, void *userdata);

/* Ends a process that its caller left behind. */
void container_hang_up(Container *container, const char *id);

/* What is mounted, until it is released: for the files' methods and for Commit. */
const ContainerMounts *container_get_mounts(const Container *container);

const ContainerSpec *container_get_spec(const Container *container);
uint32_t container_get_owner(const Container *container);
const char *container_get_id(const Container *container);
ContainerState container_get_state(const Container *container);
/* The platform that it is for, normalised. */
const char *container_get_platform(const Container *container);
const char *container_get_unit(const Container *container);
/* "" until the scope has started. */
const char *container_get_cgroup(const Container *container);
/* The pid of PID 1, 0 where none runs. */
pid_t container_get_leader(const Container *container);
/* Of its interface, as "10.209.0.2/16"; none where it has none, or does not have them yet. */
const char *const *container_get_addresses(const Container *container);
/* PublishedPort, with the numbers that were chosen. */
const GArray *container_get_ports(const Container *container);
/* Process, in the order of their starts. */
GPtrArray *container_get_processes(const Container *container);
/* Errors: NoSuchProcess. */
int container_find_process(const Container *container, const char *id, Process **ret, sd_bus_error *error);
