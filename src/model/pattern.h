/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * Regular expressions that a caller wrote, for texts of one line, in the syntax of Go's package regexp (RE2's): that is
 * what filters of containerd's mean. Known are . [ ] ( ) (?:) (?i) | * + ? {N,M} ^ $ \d \s \w \b and their opposites,
 * \A \z, and \ before \a, \f, \n, \r, \t, \v and all that is no letter or digit; the rest is refused, never read as
 * something else.
 */

/* Bytes of an expression, which may name far more steps: a{1000} is one of a thousand. */
#define PATTERN_LENGTH_MAX 256U

typedef struct Pattern Pattern;

/* Compiles text. max_steps: how large it may become. The time that it takes is linear in both.
 * Errors: -EINVAL, with what is wrong as the end of a sentence that begins with "the regular expression". */
int pattern_compile(const char *text, unsigned max_steps, Pattern **ret, const char **ret_reason);

/* How many steps it has. To match a text takes at most (its characters + 1) * steps operations, whatever either looks
 * like: nothing is ever tried a second time. */
unsigned pattern_get_steps(const Pattern *pattern);

/* Whether it matches anywhere in text. What is no UTF-8 ends the text. */
bool pattern_matches(const Pattern *pattern, const char *text);

Pattern *pattern_free(Pattern *pattern);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pattern, pattern_free)
