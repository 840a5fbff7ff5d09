/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* Reads the option "mounts" of CreateContainer, aa{sv}, into a ContainerSpec; for a table of options. Which keys go
 * together is for container_spec_check(). */
int decode_mounts(sd_bus_message *m, void *target, sd_bus_error *error);
