/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/*
 * Sentences about what stands in an archive, which may be any bytes, and about the disk that it is to be written to.
 */

/* A name for a sentence: printable UTF-8, what is none as \xHH, cut with "…" where it is long. Owned by the caller. */
char *sentence_name(const char *bytes);

/* An error of writing a thing of an archive, by its errno: a full or read-only store, names and sizes that the file
 * system does not take (these are the image's fault), or anything else. `what` begins the sentence: "Layer 2 can't be
 * unpacked at 'a/b'". Returns the negative errno of the error. */
int sentence_disk_error(sd_bus_error *error, const char *what, int errnum);
