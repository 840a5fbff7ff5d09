/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "unpack/request.h"
#include "unpack/ring.h"

/*
 * The worker that is handed a tar archive and makes its files, in a root of its own.
 */

typedef struct Writer {
        const char *what;   /* begins sentences */
        const char *folder; /* a path below the root; empty and there */
        bool layer;         /* whiteouts mean something */
        const Limits *limits;
        uint64_t bytes, entries; /* that have been used up of the limits */
        Ring *input;             /* borrowed */
} Writer;

/* A WorkerFunction; data is a Writer. It reports ["opaque", PATH] for each opaque folder, and
 * ["ok", BYTES, ENTRIES, SKIPPED-DEVICES, OBJECTION] of this archive (OBJECTION: a sentence why it is no root file
 * system after all, since it has ids that an image can't have, or "": of an archive that is not a layer by its name);
 * or ["damaged", NAME, SENTENCE] where the archive is none, and who reads it may know more. */
int writer_run(int report, void *data, sd_bus_error *error);
