/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What this machine and this build can do, in the words that the Manager's properties and constraints have for it.
 */

/* These end with NULL and are not to be freed. */
const char *const *machine_features(void);
const char *const *machine_net_modes(void);
