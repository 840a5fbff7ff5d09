/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Print on stdout. Return the exit status. */

int help_overview(void);

/* The help of one verb; for a word that is none it says so on stderr. */
int help_verb(const char *verb);
