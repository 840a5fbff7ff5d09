/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "images.h"

/* What the tests of Commit share. Options are a{sv} as text, NULL for none. */

/* Imports the tests' root file system, changed by a shell script (NULL: as it is). */
void root_image_new(Client *caller, const char *name, const char *script);

/* A container whose root is an image, which is written: mount 0. */
Container *container_of_image(Client *caller, const char *image);
/* The same, with a first process that sleeps. */
Container *container_of_image_started(Client *caller, const char *image);

/* The operation's path. */
char *commit_begin(Container *container, guint index, const char *image, const char *options);
void commit_fails(Client *caller, const Container *container, guint index, const char *image, const char *options,
                  const char *error, const char *part);
/* From begin to end. */
void commit(Container *container, guint index, const char *image);

/* Whether a path is there in mount 0. */
gboolean has_file(Container *container, const char *path);
