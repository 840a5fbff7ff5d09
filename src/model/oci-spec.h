/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "model/container-spec.h"
#include "model/process-spec.h"

/*
 * config.json and process.json of the OCI runtime specification 1.0, from what was asked for. Pure: the same request
 * gives the same text, which the golden tests hold.
 */

typedef struct OciRoot {
        const char *path;         /* where the prepared root is mounted */
        const char *const *binds; /* destination, source, …, NULL: prepared mounts below /dev; NULL: none */
        const char *network;      /* a file that the network namespace to join is bound to; NULL: a new one is made */
        const char *user;         /* the same for the user namespace, which has the container's ids then */
        uint32_t id_base;         /* the first of the container's ids on the host; not used in insecure mode */
        const char *cgroups_path; /* below the scope, for a runtime that can't do without; NULL: none is written */
        /* The filter, in one of two forms, or none: */
        const char *seccomp_bpf; /* compiled, base64: crun's annotation run.oci.seccomp_bpf_data */
        JsonNode *seccomp_json;  /* the object linux.seccomp, borrowed */
        unsigned n_loop_devices; /* how many /dev/loopN an insecure container gets */
} OciRoot;

/* The text of config.json. available: the capabilities that there are to give, a bit each by its number; all of them go
 * to an insecure container. The caller frees the text. */
char *oci_spec_config(const ContainerSpec *container, const OciRoot *root, const ProcessSpec *process,
                      const ProcessUser *user, uint64_t available);

/* The text of the process object alone, for an exec. The caller frees it. */
char *oci_spec_process(const ContainerSpec *container, const ProcessSpec *process, const ProcessUser *user,
                       uint64_t available);
