/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/string-message.h"

/*
 * The requests about files, of which a launcher answers one and ends. Numbers are decimal. The packet's fd is the
 * mount, as files_open_view() gives it; ID-BASE and ID-COUNT are the container's ids.
 *
 *   open-file PATH ID-BASE ID-COUNT                      answers "ok", with the file's fd
 *   stat PATH ID-BASE ID-COUNT FOLLOW                    FOLLOW is "follow" or ""; answers "ok" and an entry
 *   read-directory PATH ID-BASE ID-COUNT LIMIT AFTER     answers "more" and entries, any number of times, then "ok"
 *
 * An entry is three strings: name ("" of stat), "TYPE SIZE MODE UID GID MTIME", target.
 */

/* Answers one. Returns a negative errno where the daemon is gone, or is not understood. */
int files_request(int control, const StringMessage *message);
