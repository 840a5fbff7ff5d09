/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

#include "unpack/entry.h"

/*
 * The files of a layer that say what of the layers below is gone: ".wh.NAME" hides NAME, ".wh..wh..opq" hides all that
 * is in the folder. They hide nothing of their own layer, wherever in the archive they stand (OCI image spec, "Layer
 * Filesystem Changeset"), so they are kept until the rest is unpacked.
 */

typedef struct Whiteouts {
        GPtrArray *hidden; /* paths */
        GPtrArray *opaque; /* paths of folders */
} Whiteouts;

void whiteouts_init(Whiteouts *whiteouts);
void whiteouts_done(Whiteouts *whiteouts);

/* Takes the entry where it is one of these files, or of those that AUFS kept for itself. Returns 1 where it is. */
int whiteouts_take(Whiteouts *whiteouts, const Entry *entry, const char *what, sd_bus_error *error);

/* Makes what overlayfs knows: a character device 0:0 for what is hidden, and for the folders a report ["opaque", PATH].
 * A folder that is in the layer and hidden below is opaque. Paths are below the current folder. */
int whiteouts_apply(const Whiteouts *whiteouts, int report, const char *what, sd_bus_error *error);
