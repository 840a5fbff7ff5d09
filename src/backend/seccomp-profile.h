/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The system call filter of sandbox containers: read and compiled once, at the daemon's start. */

#include <glib.h>
#include <json-glib/json-glib.h>

typedef struct SeccompProfile SeccompProfile;

/* Reads a profile in the form of `linux.seccomp` in the OCI runtime specification, and compiles it.
 * Errors: -ENOENT, -EACCES, -EIO (the file can't be read), -EINVAL (it is no such profile, or has no rules for this
 * machine's architecture); with a message PATH: SENTENCE that the caller frees. */
int seccomp_profile_load(const char *path, SeccompProfile **ret, char **ret_message);
SeccompProfile *seccomp_profile_free(SeccompProfile *profile);

/* The OCI form, for runtimes that compile it themselves. `architectures` holds only those that this machine can run.
 * It is sealed and belongs to the profile: take a json_node_ref() to put it into a config.json. */
JsonNode *seccomp_profile_get_json(const SeccompProfile *profile);

/* The compiled filter: an array of struct sock_filter. */
GBytes *seccomp_profile_get_bpf(const SeccompProfile *profile);

/* The same for crun's annotation run.oci.seccomp_bpf_data: base64 in one line. */
const char *seccomp_profile_get_bpf_base64(const SeccompProfile *profile);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SeccompProfile, seccomp_profile_free)
