/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The bytes of one file. */

/* Copies a regular file from its beginning into an empty regular file, holes as holes. Returns 0 or a negative errno.
 */
int file_copy_sparse(int input, int output);

/* Copies from where input is to its end, into anything. Returns 0 or a negative errno. */
int file_copy_stream(int input, int output);
