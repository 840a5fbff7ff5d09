/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "util/platform.h"

/*
 * A handler of the kernel's registry of binary formats, as its file in /proc/sys/fs/binfmt_misc tells it
 * (Documentation/admin-guide/binfmt-misc.rst), and what that means for containers: programs of which architecture run
 * by it.
 *
 * Only one with the flag F is of use. The kernel opened its interpreter when it was registered; that of any other is
 * looked up by its path when a program starts, which is inside of the container.
 */

/* Reads the file's text. Returns 1 where the handler is enabled, has the flag F, and runs the ELF programs of an
 * architecture that images have a name for, which becomes *ret; 0 where it does something else. Errors: -EBADMSG where
 * the text is none of a handler. */
int binfmt_entry_parse(const char *text, Platform *ret);

/* The architecture of the programs that a handler takes by the first bytes of their file, both of n bytes. Returns 1,
 * or 0 where it is none that images have a name for, or they are not all of its programs, or others' as well. */
int binfmt_magic_to_platform(const unsigned char *magic, const unsigned char *mask, size_t n, Platform *ret);

/* The status file. */
bool binfmt_status_is_enabled(const char *text);
