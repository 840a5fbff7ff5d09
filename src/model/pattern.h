/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * Regular expressions that a caller wrote, for texts of one line. They mean what Go's package regexp (RE2) would have
 * them mean, as that is what filters of containerd's are written for, but are GLib's, which are PCRE's; so \d, \s, \w
 * and \b know all of Unicode. What RE2 does not have is refused: back references, assertions about what is before or
 * behind, recursion, verbs, possessive repetitions and the like. So is what either reads as something else: \v, and a {
 * that begins no repetition.
 */

/* Bytes of an expression. */
#define PATTERN_LENGTH_MAX 256U

typedef struct Pattern Pattern;

/* Compiles text. max_steps: how large it may become, counted repetitions written out, as a{1000} is a thousand steps.
 * Errors: -EINVAL, with what is wrong as the end of a sentence that begins with "the regular expression"; the caller
 * frees it. */
int pattern_compile(const char *text, unsigned max_steps, Pattern **ret, char **ret_reason);

/* How many steps it has, of which even the empty one has some. To match a text takes time in proportion to its
 * characters and to the square of this, whatever either looks like. */
unsigned pattern_get_steps(const Pattern *pattern);

/* Whether it matches anywhere in text. What is no UTF-8 ends the text. */
bool pattern_matches(const Pattern *pattern, const char *text);

Pattern *pattern_free(Pattern *pattern);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pattern, pattern_free)
