/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/util/bad.c */

int bad_space(void)
{
	return 0; /* want: whitespace */
} /* want: whitespace */ 
