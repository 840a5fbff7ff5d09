/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Only what this side needs is looked at; all else is the plugins' business, and handed to them as it stands there.
 */

#include "model/cni-list.h"

#include <errno.h>
#include <glib.h>
#include <stdarg.h>
#include <string.h>

#include "model/cni-json.h"

#define NAME_LENGTH_MAX 128U
#define TYPE_LENGTH_MAX 128U
#define PORTS           "portMappings"

static const char *const versions[] = {"0.3.0", "0.3.1", "0.4.0", "1.0.0"};
#define FIRST_WITH_CHECK 2U

static int fail(char **ret_why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(char **ret_why, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        *ret_why = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        return -EBADMSG;
}

static size_t find_version(const char *version)
{
        size_t i = 0;

        while (i < G_N_ELEMENTS(versions) && strcmp(versions[i], version) != 0)
                i++;
        return i;
}

/* The rule of section 1: it becomes a part of file names and of firewall rules. */
static bool is_name(const char *name)
{
        size_t length = strlen(name);

        if (length < 1 || length > NAME_LENGTH_MAX || !g_ascii_isalnum(name[0]))
                return false;
        for (size_t i = 1; i < length; i++)
                if (!g_ascii_isalnum(name[i]) && !strchr("_.-", name[i]))
                        return false;
        return true;
}

static bool is_type(const char *type)
{
        size_t length = strlen(type);

        return length >= 1 && length <= TYPE_LENGTH_MAX && !strchr(type, '/') && strcmp(type, ".") != 0 &&
               strcmp(type, "..") != 0;
}

/* Some tools write it as a string. */
static bool get_flag(JsonObject *object, const char *key, bool *ret)
{
        JsonNode *node = json_object_get_member(object, key);
        const char *text = NULL;

        if (!node)
                return true;
        if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_BOOLEAN) {
                *ret = json_node_get_boolean(node);
                return true;
        }
        if (!cni_json_get_string(object, key, &text) || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0))
                return false;
        *ret = strcmp(text, "true") == 0;
        return true;
}

static int read_plugin(JsonArray *array, guint index, CniPlugin *ret, char **ret_why)
{
        JsonObject *config = cni_json_element_object(array, index), *capabilities = NULL;
        CniPlugin plugin = {.config = config};

        if (!config)
                return fail(ret_why, "plugin %u is no object", index + 1);
        if (!cni_json_get_string(config, "type", &plugin.type) || !plugin.type)
                return fail(ret_why, "plugin %u has no type", index + 1);
        if (!is_type(plugin.type))
                return fail(ret_why, "the type '%s' of plugin %u is no file name", plugin.type, index + 1);
        if (!cni_json_get_object(config, "capabilities", &capabilities) ||
            (capabilities && !get_flag(capabilities, PORTS, &plugin.maps_ports)))
                return fail(ret_why, "the capabilities of the plugin %s are no object of booleans", plugin.type);
        *ret = plugin;
        return 0;
}

static int read_list(CniList *list, char **ret_why)
{
        JsonArray *plugins = NULL;
        guint n;
        int r = 0;

        if (!cni_json_get_string(list->object, "cniVersion", &list->version) || !list->version)
                return fail(ret_why, "it has no cniVersion");
        if (find_version(list->version) == G_N_ELEMENTS(versions))
                return fail(ret_why, "it has the cniVersion '%s', and 0.3.0, 0.3.1, 0.4.0 and 1.0.0 are understood",
                            list->version);
        if (!cni_json_get_string(list->object, "name", &list->name) || !list->name)
                return fail(ret_why, "it has no name");
        if (!is_name(list->name))
                return fail(ret_why,
                            "its name '%s' has to be 1 to %u of the characters A-Z a-z 0-9 _ . - and begin with a "
                            "letter or a digit",
                            list->name, NAME_LENGTH_MAX);
        if (!get_flag(list->object, "disableCheck", &list->disable_check))
                return fail(ret_why, "its disableCheck is no boolean");
        if (!cni_json_get_array(list->object, "plugins", &plugins) || !plugins)
                return fail(ret_why, "its plugins are no array");
        n = json_array_get_length(plugins);
        if (n < 1 || n > CNI_PLUGINS_MAX)
                return fail(ret_why, "it has %u plugins, and 1 to %u are possible", n, CNI_PLUGINS_MAX);
        for (guint i = 0; i < n && r >= 0; i++)
                r = read_plugin(plugins, i, &list->plugins[i], ret_why);
        list->n_plugins = n;
        return r;
}

/* A single plugin has the members of its list, too. */
static JsonObject *wrap(JsonObject *plugin)
{
        static const char *const shared[] = {"cniVersion", "name"};
        JsonObject *list = json_object_new();
        JsonArray *plugins = json_array_new();

        for (size_t i = 0; i < G_N_ELEMENTS(shared); i++)
                if (json_object_has_member(plugin, shared[i]))
                        json_object_set_member(list, shared[i],
                                               json_node_ref(json_object_get_member(plugin, shared[i])));
        json_array_add_object_element(plugins, json_object_ref(plugin));
        json_object_set_array_member(list, "plugins", plugins);
        return list;
}

int cni_list_new(JsonObject *object, CniList **ret, char **ret_why)
{
        bool single = json_object_has_member(object, "type") && !json_object_has_member(object, "plugins");
        CniList *list = g_new0(CniList, 1);
        int r;

        list->object = single ? wrap(object) : json_object_ref(object);
        r = read_list(list, ret_why);
        if (r < 0) {
                cni_list_free(list);
                return r;
        }
        *ret = list;
        return 0;
}

int cni_list_parse(const char *text, size_t size, CniList **ret, char **ret_why)
{
        g_autoptr(JsonObject) object = NULL;
        int r = cni_json_parse(text, size, CNI_DEPTH_MAX, &object, ret_why);

        return r < 0 ? r : cni_list_new(object, ret, ret_why);
}

CniList *cni_list_free(CniList *list)
{
        if (!list)
                return NULL;
        json_object_unref(list->object);
        g_free(list);
        return NULL;
}

bool cni_list_maps_ports(const CniList *list)
{
        for (size_t i = 0; i < list->n_plugins; i++)
                if (list->plugins[i].maps_ports)
                        return true;
        return false;
}

bool cni_list_has_check(const CniList *list)
{
        return !list->disable_check && find_version(list->version) >= FIRST_WITH_CHECK;
}

bool cni_list_has_result_in_del(const CniList *list)
{
        return find_version(list->version) >= FIRST_WITH_CHECK;
}

char *cni_list_to_input(const CniList *list, size_t index, JsonArray *ports, JsonObject *result)
{
        const CniPlugin *plugin = &list->plugins[index];
        g_autoptr(JsonObject) input = cni_json_copy(plugin->config, "capabilities");

        json_object_set_string_member(input, "cniVersion", list->version);
        json_object_set_string_member(input, "name", list->name);
        if (plugin->maps_ports && ports && json_array_get_length(ports) > 0) {
                JsonObject *runtime = NULL;

                /* What the administrator wrote there stays. */
                (void) cni_json_get_object(input, "runtimeConfig", &runtime);
                runtime = runtime ? cni_json_copy(runtime, PORTS) : json_object_new();
                json_object_set_array_member(runtime, PORTS, json_array_ref(ports));
                json_object_set_object_member(input, "runtimeConfig", runtime);
        }
        if (result)
                json_object_set_object_member(input, "prevResult", json_object_ref(result));
        return cni_json_print(input);
}
