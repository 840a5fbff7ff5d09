/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "backend/store.h"
#include "model/container-spec.h"
#include "model/platform-list.h"

/* Says which platform a container is for: the one that was asked for, else that of its root's image, where it is
 * known, else the machine's own. image is what the root is made from, or NULL. *ret_platform is normalised, the caller
 * frees it. Errors: PlatformNotSupported where it can't run here, or the image is for another. */
int container_platform_find(const PlatformList *list, const ContainerSpec *spec, const StoreImage *image,
                            char **ret_platform, sd_bus_error *error);
