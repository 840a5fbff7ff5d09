/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unpack/layout.h"

/* Reads the folder of an archive that `docker save` wrote: manifest.json, and the config and layers that it names. */
int docker_read(const Source *source, const Platform *platform, Layout **ret, sd_bus_error *error);
