/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "backend/reaper.h"

/*
 * What this machine's processor and kernel run by themselves.
 */

/* As uname(2) calls it. The caller frees it. */
char *processor_get_machine(void);

/* Of an x86-64 processor, as x86_level() counts; 0 for others. */
unsigned processor_get_level(void);

typedef struct ProcessorProbe ProcessorProbe;

typedef void (*ProcessorProbed)(bool runs, void *userdata);

/* Tries whether a 32-bit program of an architecture ("386", "arm") runs, by running one in a child. done is called from
 * the loop, once. Errors: -ENOTSUP for another architecture, those of making a file or a child; then done is not
 * called. */
int processor_probe(Reaper *reaper, const char *architecture, ProcessorProbed done, void *userdata,
                    ProcessorProbe **ret);
ProcessorProbe *processor_probe_free(ProcessorProbe *probe);
