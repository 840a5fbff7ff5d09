/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/bus.h"

/* The method CreateContainer: reads, asks polkit, makes. */
int create_call(Bus *bus, sd_bus_message *m, sd_bus_error *error);
