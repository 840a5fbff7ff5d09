/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/container-spec.h"
#include "model/oci-builder.h"
#include "model/process-spec.h"

/* Writes the members of the OCI process object (runtime-spec, config.md, "Process") into the object begun last.
 * available: as in oci_spec_process(). */
void oci_build_process(JsonBuilder *builder, const ContainerSpec *container, const ProcessSpec *process,
                       const ProcessUser *user, uint64_t available);
