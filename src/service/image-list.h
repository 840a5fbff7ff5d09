/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* ListImages of the manager. The vtable's userdata is the Bus. */
int image_list_call(sd_bus_message *m, void *userdata, sd_bus_error *error);
