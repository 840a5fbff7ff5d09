/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* The manager's methods that change images: decoded, authorized, and begun. The vtable's userdata is the Bus. */

int image_call_import(sd_bus_message *m, void *userdata, sd_bus_error *error);
int image_call_pull(sd_bus_message *m, void *userdata, sd_bus_error *error);
int image_call_tag(sd_bus_message *m, void *userdata, sd_bus_error *error);
int image_call_remove(sd_bus_message *m, void *userdata, sd_bus_error *error);
int image_call_prune(sd_bus_message *m, void *userdata, sd_bus_error *error);
