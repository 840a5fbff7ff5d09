/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "store/job.h"
#include "util/string-message.h"

/*
 * The verbs, of which main.c has the list. The message has as many strings and fds as main.c's table says. A verb that
 * succeeds adds KEY and VALUE to the answer; one that fails has undone what it did, and set the error.
 */

typedef int (*Verb)(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error);

int verb_sweep(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error);
int verb_import(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error);
int verb_tag(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error);
int verb_remove(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error);
int verb_collect(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error);
int verb_prune(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error);
int verb_cache_create(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error);
int verb_commit(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error);

/* What comes after the answer: see settle.c. What goes wrong is logged. */
void store_settle(Job *job);

void answer_add_text(GStrvBuilder *answer, const char *key, const char *value);
void answer_add_number(GStrvBuilder *answer, const char *key, uint64_t value);

/* The arguments of a request, checked. Each sets InvalidArgs. An owner is a uid, or -1 for the system. */
int argument_to_number(const char *argument, uint64_t min, uint64_t max, uint64_t *ret, sd_bus_error *error);
int argument_to_owner(const char *argument, int64_t *ret, sd_bus_error *error);
int argument_to_id_base(const char *argument, uint32_t *ret, sd_bus_error *error);
int argument_check_name(const char *argument, sd_bus_error *error);
