/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * What this machine and this build can do, in the words that the Manager's properties and constraints have for it.
 */

/* These end with NULL and are not to be freed. */
const char *const *machine_features(void);
const char *const *machine_net_modes(void);

/* The platform of the machine itself, alone: what else binfmt_misc can run is for the list of platforms to say, which
 * this stands in for. Empty where the machine has no name in OCI's spelling. The caller frees it. */
GStrv machine_own_platform(void);
