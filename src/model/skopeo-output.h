/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/*
 * What skopeo says on its standard error when it fails: lines of the form time="…" level=fatal msg="…".
 */

/* The message of the last line that is not empty, in the form of a program's own words otherwise; cut where it is long,
 * valid UTF-8 without control characters. NULL where there is none. The caller frees it. */
char *skopeo_output_reason(const char *text, size_t size);
