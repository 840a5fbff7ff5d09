/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Lines of ls. Pure; freed by the caller.
 */

#include "ctl/container-file.h"

/* "drwxr-xr-x": the type and the mode, with set-id and sticky bits as ls(1) shows them. */
char *listing_mode(const char *type, uint32_t mode);

/* text with what a terminal would take for a command, line ends, and what is no UTF-8, as \ooo: a container chooses its
 * names. */
char *listing_name(const char *text);
