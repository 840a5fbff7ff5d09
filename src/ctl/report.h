/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What gangwayctl says on stderr: "gangwayctl: " and one sentence.
 */

#include <systemd/sd-bus.h>

void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints error's message, or what r means where there is none. Returns the exit status that stands for it. */
int report_failure(const sd_bus_error *error, int r);

/* Flushes stdout. Returns 0, or the exit status where what was printed got lost. */
int report_flush(void);
