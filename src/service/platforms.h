/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "backend/reaper.h"
#include "model/platform-list.h"

/*
 * What can run on this machine, and its changes.
 */

typedef struct Platforms Platforms;

typedef void (*PlatformsChanged)(void *userdata);

/* It is known at once, but for whether the kernel runs 32-bit programs: that takes a child the blink of an eye, and is
 * told as a change. It is known before anybody calls, since the daemon takes its name after other children's ends. */
int platforms_new(sd_event *event, Reaper *reaper, Platforms **ret);
Platforms *platforms_free(Platforms *platforms);

/* Who is told of changes; NULL: nobody. */
void platforms_set_listener(Platforms *platforms, PlatformsChanged changed, void *userdata);

/* It stays as it is until the next change. */
const PlatformList *platforms_get(const Platforms *platforms);
