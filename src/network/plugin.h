/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "network/job.h"

/*
 * One run of a CNI plugin, section 2 of the specification, "Execution Protocol".
 */

typedef struct PluginCall {
        const char *program; /* absolute path */
        const char *command; /* ADD, CHECK or DEL */
        const char *id, *namespace, *interface, *plugin_path;
        const char *input; /* for its standard input */
        int lock;          /* inherited as fd 3, see record.h */
} PluginCall;

/* Where the plugin of this type is, in the first folder of the path that has it; NULL where none has. The caller frees
 * it. */
char *plugin_find(const char *type, const char *plugin_path);

/* Runs it, and waits for its end: plugin_seconds, or a few more when the job is cancelled, since what is killed
 * half-way may leave what its DEL does not know of. Returns 0 with its output, which the caller frees, or -EREMOTEIO
 * with what is to follow "the plugin X …" in a sentence ("said: …"). */
int plugin_run(Job *job, const PluginCall *call, char **ret_output, size_t *ret_size, char **ret_reason);
