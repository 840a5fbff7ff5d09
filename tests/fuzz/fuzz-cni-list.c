/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A CNI network list, and what each of its plugins is told. */

#include <string.h>

#include "fuzz.h"
#include "model/cni-json.h"
#include "model/cni-list.h"

static void look_at_plugin(const CniList *list, size_t i)
{
        g_autofree char *input = cni_list_to_input(list, i, NULL, NULL), *why = NULL;
        g_autoptr(JsonObject) object = NULL;

        g_assert_null(strchr(list->plugins[i].type, '/'));
        g_assert_cmpint(cni_json_parse(input, strlen(input), CNI_DEPTH_MAX, &object, &why), ==, 0);
        g_assert_cmpstr(json_object_get_string_member(object, "name"), ==, list->name);
        g_assert_false(json_object_has_member(object, "capabilities"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *why = NULL;
        CniList *list;

        if (cni_list_parse((const char *) data, size, &list, &why) < 0) {
                g_assert_nonnull(why);
                return 0;
        }
        for (size_t i = 0; i < list->n_plugins; i++)
                look_at_plugin(list, i);
        cni_list_free(list);
        return 0;
}
