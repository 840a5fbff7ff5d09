/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "model/process-spec.h"

/* Reads the arguments of Start and Exec, fills in what they leave open, and checks the whole. defaults: NULL for none.
 * Errors: InvalidArgs. */
int decode_process(sd_bus_message *m, const ProcessDefaults *defaults, ProcessSpec **ret, sd_bus_error *error);
