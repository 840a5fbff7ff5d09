/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "unpack/input.h"
#include "unpack/request.h"
#include "unpack/ring.h"

/*
 * The worker that reads a compressed archive, checks its digests, and hands on what is in it.
 */

/* A tar archive of any compression. */
typedef struct Archive {
        int fd;             /* borrowed; a regular file or a pipe */
        const char *what;   /* begins sentences: "The archive", "Layer 2 (sha256:…)" */
        const char *digest; /* that it must have as it is, or NULL */
        uint64_t size;      /* that it must have as it is, where the digest is not NULL */
        const char
                *diff_id; /* digest that it must have uncompressed, or NULL: then it must end as a tar archive does */
} Archive;

typedef struct Stream {
        const Archive *archive;
        const Limits *limits;
        Meter *meter;
        Ring *output; /* borrowed */
} Stream;

/* A WorkerFunction; data is a Stream. It reports ["ok", DIFF-ID]. That nobody reads the output to its end is no
 * error: a tar archive may end before its file does. */
int stream_run(int report, void *data, sd_bus_error *error);
