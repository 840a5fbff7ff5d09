/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* gangwayd.conf from the file system; the runtime that it names is looked at, too. */

#include "model/config.h"

/* Reads the file; one that is not there sets nothing, so all defaults hold.
 * Errors: -EINVAL (the content), -EIO (the file can't be read), -ENOENT, -EACCES (the runtime is not there, or can't
 * be executed). Each comes with a message, of the form FILE:LINE: SENTENCE where a line is to blame (the caller frees
 * it). */
int config_load(const char *path, Config **ret, char **ret_message);
