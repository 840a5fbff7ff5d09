/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The mounts, secrets and agents of a container that is to be created, as options of CreateContainer.
 */

#include "ctl/create-options.h"
#include "ctl/mount-option.h"

/* The root and all other mounts, and those of secrets and agents that no --mount has a place for. Pure. ret is an array
 * of MountOption that belongs to the caller. */
int create_mounts_plan(const CreateOptions *options, GPtrArray **ret, sd_bus_error *error);

/* Appends the members "mounts", "secrets" and "ssh-agents" to an a{sv}. Opens what the caller hands in. */
int create_mounts_append(sd_bus_message *message, const CreateOptions *options, sd_bus_error *error);
