/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/folders.h"

/* Copies what an image shows, of which layer is the top one, into target, an empty folder: with the ids as those of a
 * block that begins at id_base. incoming is where it may mount things meanwhile. Returns a negative errno with error
 * set; NoSuchImage where the layer is gone. It leaves the mount namespace of others. */
int seed_copy(Job *job, const Incoming *incoming, int64_t layer, uint32_t id_base, int target, sd_bus_error *error);
