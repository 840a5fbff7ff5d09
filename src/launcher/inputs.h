/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "launcher/mounts.h"

/*
 * What a mount shows that was there before it: the layers of an image, a folder, a file; by itself, or below a writable
 * child. Each is a detached tree, of which the fd is returned; on failure space->step says at what.
 */

/* The input itself. An image without a child is read-only by nature. */
int input_open(MountSpace *space, const MountRequest *request);

/* A child of the input in scratch/INDEX: an overlay with upper/ and work/ there, or upper/ alone where there is no
 * input. */
int child_open(MountSpace *space, const MountRequest *request);

/* Unmounts the layers from the staging folder. */
void inputs_hide(MountSpace *space);
