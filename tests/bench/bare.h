/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The runtime without gangway: the same documents that the daemon writes, in folders of the benchmark's own. */

typedef enum BareProfile {
        BARE_NONE,
        BARE_OCI,
} BareProfile;

/* Makes a bundle for each profile below folder, around a root whose files belong to the container's ids. */
void bare_prepare(const char *folder, const char *root, const char *seccomp_path);

/* Runs a program and waits for it; output goes to /dev/null. Returns the milliseconds. Ends the process where it fails.
 */
double bare_spawn(const char *const *argv);

/* `crun run --detach` of the bundle under a new id, and its milliseconds. ret_id is the caller's. */
double bare_run(const char *folder, BareProfile profile, char **ret_id);
double bare_exec(const char *folder, const char *id);
void bare_delete(const char *folder, const char *id);
int bare_pid(const char *folder, const char *id);
/* Starts n containers, `parallel` at a time, and returns the milliseconds; they are deleted after the clock stopped. */
double bare_burst(const char *folder, BareProfile profile, unsigned n, unsigned parallel);
