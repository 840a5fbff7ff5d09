/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/oci-builder.h"

#include <string.h>

void oci_add_string(JsonBuilder *builder, const char *name, const char *value)
{
        json_builder_set_member_name(builder, name);
        json_builder_add_string_value(builder, value);
}

void oci_add_number(JsonBuilder *builder, const char *name, int64_t value)
{
        json_builder_set_member_name(builder, name);
        json_builder_add_int_value(builder, value);
}

void oci_add_unsigned(JsonBuilder *builder, const char *name, uint64_t value)
{
        oci_add_number(builder, name, (int64_t) value);
}

void oci_add_strings(JsonBuilder *builder, const char *name, const char *const *values)
{
        oci_begin_array(builder, name);
        for (; *values; values++)
                json_builder_add_string_value(builder, *values);
        json_builder_end_array(builder);
}

void oci_begin_object(JsonBuilder *builder, const char *name)
{
        if (name)
                json_builder_set_member_name(builder, name);
        json_builder_begin_object(builder);
}

void oci_begin_array(JsonBuilder *builder, const char *name)
{
        json_builder_set_member_name(builder, name);
        json_builder_begin_array(builder);
}

static gboolean print_unsigned(const GMatchInfo *match, GString *result, gpointer userdata)
{
        g_autofree char *number = g_match_info_fetch(match, 1);

        g_string_append_printf(result, "\":%" G_GUINT64_FORMAT, (guint64) g_ascii_strtoll(number, NULL, 10));
        return FALSE;
}

/* No member of ours is negative but those of oci_add_unsigned(); within a string the quotation mark would be escaped.
 */
static char *fix_unsigned(char *text)
{
        g_autoptr(GRegex) regex = NULL;
        char *fixed;

        if (!strstr(text, "\":-"))
                return text;
        regex = g_regex_new("(?<!\\\\)\":(-[0-9]+)", 0, 0, NULL);
        fixed = g_regex_replace_eval(regex, text, -1, 0, 0, print_unsigned, NULL, NULL);
        g_free(text);
        return fixed;
}

/* json-glib 1.6 leaves this one control character as it is, which no parser takes. */
static char *fix_unit_separator(char *text)
{
        g_autoptr(GString) string = NULL;

        if (!strchr(text, '\x1f'))
                return text;
        string = g_string_new(text);
        g_free(text);
        g_string_replace(string, "\x1f", "\\u001f", 0);
        return g_string_free(g_steal_pointer(&string), FALSE);
}

char *oci_to_text(JsonBuilder *builder)
{
        g_autoptr(JsonNode) root = json_builder_get_root(builder);

        return fix_unit_separator(fix_unsigned(json_to_string(root, FALSE)));
}
