/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "model/container-spec.h"
#include "service/service.h"

/* Whether this machine, as it is and is configured now, meets one of the request's constraints, or there is none.
 * Errors: ConstraintsNotMet, with all of them. */
int constraints_check(const Service *service, const ContainerSpec *spec, sd_bus_error *error);
