/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "model/container-spec.h"

/* Reads the arguments of CreateContainer, and checks them. Errors: InvalidArgs, NotSupported. */
int decode_container(sd_bus_message *m, ContainerSpec **ret, sd_bus_error *error);
