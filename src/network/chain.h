/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/cni-record.h"
#include "network/job.h"

/*
 * The plugins of a network list, one after another: sections 3 to 5 of CNI's specification.
 */

/* Fails with NetworkUnavailable where one is not installed. file: the list, for the message. */
int chain_find(const CniRecord *record, const char *file, sd_bus_error *error);

/* ADD, in order. After each plugin the record is saved with its result. Fails with NetworkFailed and what the plugin
 * said, or ERROR_CANCELLED; what was done up to there is not undone. lock: of the record, for the plugins. */
int chain_add(Job *job, CniRecord *record, int lock, sd_bus_error *error);

/* CHECK, in order, up to the first that fails, with NetworkFailed. */
int chain_check(Job *job, const CniRecord *record, int lock, sd_bus_error *error);

/* DEL, in reverse order, all of them. Fails with NetworkFailed and what the first that failed said. */
int chain_del(Job *job, const CniRecord *record, int lock, sd_bus_error *error);
