/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/job.h"

/*
 * Keeps the machine's loopback addresses out of reach of containers whose ports are published.
 */

/* Adds the rule where it is missing; it stays. Without iptables nothing is done: portmap fails then, and says why.
 * Fails with NetworkFailed. */
int guard_loopback(Job *job, sd_bus_error *error);
