/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Reads a small file of the machine's own settings, as it is at this moment: below /etc or /run, so that nothing is
 * waited for. Returns NULL where it can't be read, is no regular file or is larger than most bytes: whoever asks goes
 * on without it. The caller frees it. */
GString *host_file_read(const char *path, size_t most);
