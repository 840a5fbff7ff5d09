/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A stream to the journal. The launcher sits in the container's scope, so the journal files what is written to it under
 * that unit. libsystemd is loaded only here, since loading it costs more than all else that the launcher does.
 * Returns the fd. */
int journal_open(const char *identifier, int priority);
