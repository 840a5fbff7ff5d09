/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/container-bus.h"

/* The methods of org.gangway1.Container that are about processes. Their userdata is the ContainerBus. */

int process_call_start(sd_bus_message *m, void *userdata, sd_bus_error *error);
int process_call_exec(sd_bus_message *m, void *userdata, sd_bus_error *error);
int process_call_resize(sd_bus_message *m, void *userdata, sd_bus_error *error);
int process_call_signal(sd_bus_message *m, void *userdata, sd_bus_error *error);
int process_call_wait(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* Appends exit_code and details, as Wait answers and ProcessExited says. */
int process_call_append_end(sd_bus_message *m, const Process *process);

/* Of a process that ends when its caller leaves the bus. */
typedef struct ProcessWatch ProcessWatch;
ProcessWatch *process_watch_free(ProcessWatch *watch);
