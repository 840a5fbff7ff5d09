/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/*
 * Sockets of a container that lead to ssh agents of its caller, each with a gangway-ssh-proxy of its own behind it
 * (src/ssh-proxy/main.c). The sockets are made with the mounts; the proxies are started just before the container's
 * first process, since only then the launcher is in the scope that they are to end with.
 */

#define AGENTS_MAX 128U

typedef struct AgentSocket {
        int agent;           /* an O_PATH fd of the agent's socket, borrowed */
        uid_t caller;        /* whom the agent is to see */
        uid_t uid;           /* whose the socket is; ids of the host, as all here */
        gid_t gid;           /* its group */
        mode_t mode;         /* its permission bits */
        const char *staging; /* a folder that something may be mounted on for a moment, in this mount namespace */
} AgentSocket;

/* Makes a socket, in a file system of its own. Returns an fd of the detached mount of its file, which the caller
 * attaches where it is to be seen. The launcher must have left the mounts of others.
 * Errors: -ENOSPC above AGENTS_MAX, -ESRCH for a caller without a group; of bind(2), fsopen(2), move_mount(2). */
int agents_add(const AgentSocket *request);

/* Starts the proxies of all sockets. Errors: of posix_spawn(3); none runs then. */
int agents_start(void);

/* Ends and reaps them, where the container could not be started. */
void agents_stop(void);
