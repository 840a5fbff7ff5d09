/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "util/json-text.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* Outside of strings. */
static bool is_punctuation(char c)
{
        return c != '\0' && strchr(" \t\r\n{}[],:+-.", c) != NULL;
}

const char *json_text_find_fault(const char *text, size_t size, unsigned depth_max)
{
        unsigned depth = 0;
        bool quoted = false, begun = false;

        for (size_t i = 0; i < size; i++) {
                char c = text[i];

                if (quoted) {
                        if (c == '\\')
                                i++;
                        quoted = c != '"';
                        continue;
                }
                if (depth == 0 && !g_ascii_isspace(c)) {
                        if (begun || (c != '{' && c != '['))
                                return begun ? "something follows its end" : "it is no JSON object or array";
                        begun = true;
                }
                if (c == '"')
                        quoted = true;
                else if (!is_punctuation(c) && !g_ascii_isalnum(c))
                        return "it is no JSON";
                else if ((c == '[' || c == '{') && ++depth > depth_max)
                        return "it is nested too deeply";
                else if (c == ']' || c == '}')
                        depth--;
        }
        return begun && depth == 0 && !quoted ? NULL : "it is no JSON object or array, or not a whole one";
}
