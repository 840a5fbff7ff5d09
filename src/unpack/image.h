/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "unpack/request.h"

/* Unpacks what the request names, in the confinement, and tells the store of it up to "done". Errors with a sentence,
 * or without one where the store is gone. */
int image_unpack(const Request *request, sd_bus_error *error);
