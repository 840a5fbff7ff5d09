/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/cni-json.h"

#include <errno.h>

#include "util/json-text.h"

static int fail(char **ret_why, const char *why)
{
        *ret_why = g_strdup(why);
        return -EBADMSG;
}

int cni_json_parse(const char *text, size_t size, unsigned depth_max, JsonObject **ret, char **ret_why)
{
        g_autoptr(JsonParser) parser = NULL;
        g_autoptr(GError) error = NULL;
        const char *fault;
        JsonNode *root;

        if (size > CNI_RECORD_SIZE_MAX) {
                *ret_why = g_strdup_printf("it is larger than %u bytes", CNI_RECORD_SIZE_MAX);
                return -EBADMSG;
        }
        if (!g_utf8_validate_len(text, size, NULL))
                return fail(ret_why, "it is no UTF-8 text");
        fault = json_text_find_fault(text, size, depth_max);
        if (fault)
                return fail(ret_why, fault);
        parser = json_parser_new_immutable();
        if (!json_parser_load_from_data(parser, text, (gssize) size, &error)) {
                *ret_why = g_strdup_printf("it is no JSON: %s", error->message);
                return -EBADMSG;
        }
        root = json_parser_get_root(parser);
        if (!root || !JSON_NODE_HOLDS_OBJECT(root))
                return fail(ret_why, "it is no JSON object");
        *ret = json_object_ref(json_node_get_object(root));
        return 0;
}

char *cni_json_print(JsonObject *object)
{
        g_autoptr(JsonGenerator) generator = json_generator_new();
        g_autoptr(JsonNode) root = json_node_init_object(json_node_alloc(), object);

        json_generator_set_root(generator, root);
        return json_generator_to_data(generator, NULL);
}

bool cni_json_get_string(JsonObject *object, const char *key, const char **ret)
{
        JsonNode *node = json_object_get_member(object, key);

        if (!node)
                return true;
        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
                return false;
        *ret = json_node_get_string(node);
        return true;
}

bool cni_json_get_array(JsonObject *object, const char *key, JsonArray **ret)
{
        JsonNode *node = json_object_get_member(object, key);

        /* Go prints lists that were never set as null. */
        if (!node || JSON_NODE_HOLDS_NULL(node))
                return true;
        if (!JSON_NODE_HOLDS_ARRAY(node))
                return false;
        *ret = json_node_get_array(node);
        return true;
}

bool cni_json_get_object(JsonObject *object, const char *key, JsonObject **ret)
{
        JsonNode *node = json_object_get_member(object, key);

        if (!node || JSON_NODE_HOLDS_NULL(node))
                return true;
        if (!JSON_NODE_HOLDS_OBJECT(node))
                return false;
        *ret = json_node_get_object(node);
        return true;
}

JsonObject *cni_json_element_object(JsonArray *array, guint index)
{
        JsonNode *node = json_array_get_element(array, index);

        return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonObject *cni_json_copy(JsonObject *object, const char *without)
{
        JsonObject *copy = json_object_new();
        JsonObjectIter iter;
        const char *key;
        JsonNode *node;

        json_object_iter_init(&iter, object);
        while (json_object_iter_next(&iter, &key, &node))
                if (g_strcmp0(key, without) != 0)
                        json_object_set_member(copy, key, json_node_ref(node));
        return copy;
}
