/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/cni-record.h"

#include <errno.h>
#include <string.h>

#include "model/cni-json.h"

#define FORMAT "1"

static const char *const members[] = {"gangway", "id", "list", "pluginPath", "ports", "result"};

bool cni_id_is_valid(const char *id)
{
        size_t length = strlen(id);

        if (length < 1 || length > CNI_ID_LENGTH_MAX || !g_ascii_isalnum(id[0]))
                return false;
        for (size_t i = 1; i < length; i++)
                if (!g_ascii_isalnum(id[i]) && !strchr("_.-", id[i]))
                        return false;
        return true;
}

bool cni_plugin_path_is_valid(const char *path)
{
        g_auto(GStrv) folders = g_strsplit(path, ":", -1);

        for (char **folder = folders; *folder; folder++)
                if (**folder != '/')
                        return false;
        return *folders != NULL;
}

static void free_port(void *port)
{
        cni_port_free(port);
}

CniRecord *cni_record_new(const char *id, CniList *list, const char *plugin_path)
{
        CniRecord *record = g_new0(CniRecord, 1);

        record->id = g_strdup(id);
        record->list = list;
        record->plugin_path = g_strdup(plugin_path);
        record->ports = g_ptr_array_new_with_free_func(free_port);
        return record;
}

CniRecord *cni_record_free(CniRecord *record)
{
        if (!record)
                return NULL;
        g_free(record->id);
        cni_list_free(record->list);
        g_free(record->plugin_path);
        g_ptr_array_unref(record->ports);
        cni_result_free(record->result);
        g_free(record);
        return NULL;
}

int cni_record_add_port(CniRecord *record, const char *port)
{
        CniPort *parsed;
        int r = cni_port_parse(port, &parsed);

        if (r >= 0)
                g_ptr_array_add(record->ports, parsed);
        return r;
}

JsonArray *cni_record_get_ports(const CniRecord *record)
{
        JsonArray *array = json_array_new();

        for (guint i = 0; i < record->ports->len; i++)
                json_array_add_object_element(array, cni_port_to_json(g_ptr_array_index(record->ports, i)));
        return array;
}

char *cni_record_to_text(const CniRecord *record)
{
        g_autoptr(JsonObject) object = json_object_new();
        JsonArray *ports = json_array_new();

        for (guint i = 0; i < record->ports->len; i++) {
                g_autofree char *port = cni_port_to_text(g_ptr_array_index(record->ports, i));

                json_array_add_string_element(ports, port);
        }
        json_object_set_string_member(object, "gangway", FORMAT);
        json_object_set_string_member(object, "id", record->id);
        json_object_set_object_member(object, "list", json_object_ref(record->list->object));
        json_object_set_string_member(object, "pluginPath", record->plugin_path);
        json_object_set_array_member(object, "ports", ports);
        if (record->result)
                json_object_set_object_member(object, "result", json_object_ref(record->result->object));
        return cni_json_print(object);
}

static int fail(char **ret_why, const char *why)
{
        *ret_why = g_strdup(why);
        return -EBADMSG;
}

static bool has_unknown_member(JsonObject *object)
{
        JsonObjectIter iter;
        const char *key;

        json_object_iter_init(&iter, object);
        while (json_object_iter_next(&iter, &key, NULL)) {
                bool known = false;

                for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
                        known |= g_str_equal(members[i], key);
                if (!known)
                        return true;
        }
        return false;
}

static int read_ports(CniRecord *record, JsonArray *ports, char **ret_why)
{
        for (guint i = 0; i < json_array_get_length(ports); i++) {
                JsonNode *node = json_array_get_element(ports, i);

                if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING ||
                    cni_record_add_port(record, json_node_get_string(node)) < 0)
                        return fail(ret_why, "one of its ports is none");
        }
        return 0;
}

int cni_record_parse(const char *text, size_t size, CniRecord **ret, char **ret_why)
{
        g_autoptr(JsonObject) object = NULL;
        const char *format = NULL, *id = NULL, *path = NULL;
        JsonObject *list = NULL, *result = NULL;
        JsonArray *ports = NULL;
        CniRecord *record;
        CniList *parsed;
        int r = cni_json_parse(text, size, CNI_RECORD_DEPTH_MAX, &object, ret_why);

        if (r < 0)
                return r;
        if (has_unknown_member(object))
                return fail(ret_why, "it has a member that is not known");
        if (!cni_json_get_string(object, "gangway", &format) || g_strcmp0(format, FORMAT) != 0)
                return fail(ret_why, "it is of no known format");
        if (!cni_json_get_string(object, "id", &id) || !id || !cni_id_is_valid(id))
                return fail(ret_why, "it has no id");
        if (!cni_json_get_string(object, "pluginPath", &path) || !path || !cni_plugin_path_is_valid(path))
                return fail(ret_why, "it has no path of plugins");
        if (!cni_json_get_array(object, "ports", &ports) || !ports)
                return fail(ret_why, "its ports are no array");
        if (!cni_json_get_object(object, "result", &result))
                return fail(ret_why, "its result is no object");
        if (!cni_json_get_object(object, "list", &list) || !list)
                return fail(ret_why, "it has no list");
        r = cni_list_new(list, &parsed, ret_why);
        if (r < 0)
                return r;
        record = cni_record_new(id, parsed, path);
        r = read_ports(record, ports, ret_why);
        if (r >= 0 && result)
                r = cni_result_new(result, CNI_INTERFACE, &record->result, ret_why);
        if (r < 0) {
                cni_record_free(record);
                return r;
        }
        *ret = record;
        return 0;
}
