/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A stream to the journal, each line of which is filed under the unit. Returns the fd. */
int journal_open(const char *identifier, const char *unit, int priority);
