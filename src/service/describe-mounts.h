/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/container-spec.h"

/*
 * What a person reads in polkit's dialog about the mounts of a request, and what an administrator's rules see: one
 * line, without control characters, and cut where that can be seen. Each host path stands in it, whatever else does:
 * nothing is agreed to that was not shown.
 */

/* What the root is made from: "image NAME", the host path, "-" for a folder of the caller's own or none. The caller
 * frees these. */
char *describe_root(const ContainerSpec *spec);

/* "PATH", "PATH (read-only)", "PATH (written)", …, separated by ", "; "-" where there is none. */
char *describe_host_paths(const ContainerSpec *spec);

/* All mounts but the root: "DESTINATION: image NAME", "DESTINATION: memory" …; "-" where there is none. */
char *describe_mounts(const ContainerSpec *spec);

/* The ports of this machine that lead to it, "ADDRESS:PORT/PROTOCOL", …; "-" where there is none. */
char *describe_ports(const ContainerSpec *spec);
