/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/*
 * The bytes of a regular file, or of one in memory, as a whole: for helpers, which may wait for a disk.
 */

/* Reads from the file's beginning, wherever the fd's offset is, to its end or size_max. Returns how many bytes, or the
 * negative errno of pread(2). */
ssize_t file_bytes_read(int fd, char *buffer, size_t size_max);

/* Writes all of them where the fd's offset is. Returns 0, or the negative errno of write(2). */
int file_bytes_write(int fd, const char *bytes, size_t size);
