/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unpack/layout.h"

/* Reads an OCI image layout: index.json, other indexes that it names, the manifest that fits, its config. */
int oci_read(const Source *source, const Platform *platform, Layout **ret, sd_bus_error *error);
