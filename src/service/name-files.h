/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "model/config.h"
#include "model/container-spec.h"

/*
 * What a container's /etc/hosts, /etc/hostname and /etc/resolv.conf say, at this moment.
 */

#define NAME_FILES 3U

/* A pipe with the three in this order, one right behind the other, and their sizes. The caller closes it. Errors: of
 * pipe2(2). */
int name_files_pipe(const ContainerSpec *spec, const Config *config, size_t ret_sizes[NAME_FILES]);
