/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* The methods of org.gangway1.Container that read what lies in its mounts. Their userdata is the ContainerBus. */

int files_call_open(sd_bus_message *m, void *userdata, sd_bus_error *error);
int files_call_stat(sd_bus_message *m, void *userdata, sd_bus_error *error);
int files_call_read_directory(sd_bus_message *m, void *userdata, sd_bus_error *error);
