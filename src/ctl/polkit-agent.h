/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * polkit's text agent, pkttyagent(1), as a child: where polkit has to ask and no desktop's agent is there, the question
 * comes up on the terminal.
 */

#include <sys/types.h>

typedef struct PolkitAgent {
        pid_t pid; /* 0: none runs */
} PolkitAgent;

/* Starts the agent and returns when it is ready. Does nothing where one runs, for root, which is never asked, and
 * where there is no controlling terminal. Failures are no error: the call then fails with polkit's own words. */
void polkit_agent_start(PolkitAgent *agent);

/* Ends the agent and waits until it has put the terminal back. */
void polkit_agent_stop(PolkitAgent *agent);
