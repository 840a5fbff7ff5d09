/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/child.h"
#include "store/job.h"
#include "util/string-message.h"

/*
 * The process gangway-unpack, which parses what a caller handed in: starting it, and what is said to it and by it, word
 * by word. What its words mean is import.c's matter. It is not trusted: it may be led by what it parses.
 */

typedef struct Unpacker {
        Job *job;
        Child child;
        int socket;
        pid_t opener; /* 0: none */
} Unpacker;

#define UNPACKER_NONE ((Unpacker){.child = CHILD_NONE, .socket = -1})

typedef struct UnpackerRequest {
        int source; /* a regular file, a pipe or a folder */
        uid_t uid;  /* who opened it, for a folder */
        gid_t gid;
        int target; /* a folder of its own */
        uint32_t id_base;
        const char *platform;
        const char *max_bytes;
        const char *max_entries;
} UnpackerRequest;

/* Starts it, and brings it to where it begins to parse: with the ids id_base to id_base + 65535 and no others. Sets the
 * error. */
int unpacker_start(Job *job, const UnpackerRequest *request, Unpacker *ret, sd_bus_error *error);

/* The next message; returns 1. Fails when the process ends, says "error", or the operation is cancelled. */
int unpacker_receive(Unpacker *unpacker, StringMessage *ret, sd_bus_error *error);

/* Says a word: "skip" or "unpack". */
int unpacker_send(Unpacker *unpacker, const char *word, sd_bus_error *error);

/* InvalidImage: the unpacker said something that makes no sense. */
int unpacker_mistrust(const char *what, sd_bus_error *error);

/* Waits for its end, once it has said that it is done. */
void unpacker_finish(Unpacker *unpacker);

/* Ends it, by force where need be, with all that it started: nobody writes to the target afterwards. For _cleanup_().
 */
void unpacker_done(Unpacker *unpacker);
