/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Looks at a text from elsewhere before json-glib's parser does, which calls itself for each level of nesting, takes
 * comments and single quotes, in which brackets could hide, and several values one after another. Returns why it is not
 * one object or array of JSON, nested depth_max levels at most, as the end of a sentence ("it is no JSON"), or NULL.
 * What is right by this may still be wrong by the parser. */
const char *json_text_find_fault(const char *text, size_t size, unsigned depth_max);
