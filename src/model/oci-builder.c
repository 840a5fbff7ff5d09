/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/oci-builder.h"

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

char *oci_to_text(JsonBuilder *builder)
{
        g_autoptr(JsonNode) root = json_builder_get_root(builder);

        return json_to_string(root, FALSE);
}
