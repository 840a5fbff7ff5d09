/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A registry on the loopback interface: Debian's docker-registry, with images that skopeo pushes. */

#define REGISTRY "localhost:5000"

void registry_start(void);
void registry_stop(void);

/* Pushes an image of what a shell script makes in an empty folder, as REGISTRY/NAME, with a second layer of what a
 * second script makes where that is not NULL. Its configuration has the environment variable FROM=NAME. */
void registry_push(const char *name, const char *script, const char *second_script);
/* Pushes an index of two such images, of linux/amd64 and linux/arm64/v8; each has its architecture in /platform. */
void registry_push_index(const char *name);

/* A server that takes connections on port 5001 and never says a word. */
#define REGISTRY_MUTE "localhost:5001"
void registry_mute_start(void);
void registry_mute_stop(void);
