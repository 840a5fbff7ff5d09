/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Sizes, counts, time spans, percentages and CPU lists as people write them in unit files, see systemd.syntax(7),
 * systemd.time(7) and systemd.resource-control(5). Pure. Each function answers 0, -EINVAL for what it can't read, or
 * -ERANGE for what does not fit; "infinity" is UINT64_MAX.
 */

#include <glib.h>
#include <stdint.h>

/* Bytes: "1048576", "512M", with the suffixes B, K, M, G, T, P, E to the base of 1024. */
int quantity_parse_size(const char *text, uint64_t *ret);

/* Bytes as users of container tools write them: "64m", "64M", "64mb", "64MiB", all to the base of 1024. */
int quantity_parse_bytes(const char *text, uint64_t *ret);

/* A plain number. */
int quantity_parse_count(const char *text, uint64_t *ret);

/* A weight from 1 to 10000; "infinity" is none. */
int quantity_parse_weight(const char *text, uint64_t *ret);

/* Microseconds: "30" are seconds, "5min", "1h 30min", "250ms". */
int quantity_parse_time_span(const char *text, uint64_t *ret);

/* Microseconds of CPU time in each second: "50%" are 500000. At most two digits after the point. */
int quantity_parse_cpu_quota(const char *text, uint64_t *ret);

/* A bit mask, the first byte holds the CPUs 0 to 7: "0-1,4" or "0 1 4". */
int quantity_parse_cpu_list(const char *text, GByteArray **ret);

/* For people: "999B", "1.5K", "120M". Freed by the caller. */
char *quantity_format_size(uint64_t bytes);

/* Microseconds as a clock: "0:07", "1:02:03". Freed by the caller. */
char *quantity_format_clock(uint64_t usec);
