/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugins.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "figures.h"

typedef struct Chain {
        JsonParser *parser;
        JsonArray *plugins;
        const char *name, *version;
        JsonNode *previous;
        double ms;
} Chain;

static char *make_input(const Chain *chain, JsonObject *plugin)
{
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
        JsonObject *object = json_object_new();
        g_autoptr(GList) names = json_object_get_members(plugin);

        for (GList *i = names; i; i = i->next)
                json_object_set_member(object, i->data, json_node_copy(json_object_get_member(plugin, i->data)));
        json_object_set_string_member(object, "name", chain->name);
        json_object_set_string_member(object, "cniVersion", chain->version);
        if (chain->previous)
                json_object_set_member(object, "prevResult", json_node_copy(chain->previous));
        json_node_take_object(node, object);
        return json_to_string(node, FALSE);
}

static void run(Chain *chain, guint index, const char *folder, char **environment)
{
        JsonObject *plugin = json_array_get_object_element(chain->plugins, index);
        g_autofree char *input = make_input(chain, plugin), *output = NULL;
        g_autofree char *program = g_build_filename(folder, json_object_get_string_member(plugin, "type"), NULL);
        g_autoptr(GSubprocessLauncher) launcher =
                g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
        g_autoptr(GSubprocess) process = NULL;
        double begun;

        g_subprocess_launcher_set_environ(launcher, environment);
        begun = now_ms();
        process = g_subprocess_launcher_spawn(launcher, NULL, program, NULL);
        if (!process || !g_subprocess_communicate_utf8(process, input, NULL, &output, NULL, NULL) ||
            !g_subprocess_get_successful(process))
                g_error("%s: %s", program, output ?: "can't be run");
        chain->ms += now_ms() - begun;
        if (output && *output) {
                g_clear_pointer(&chain->previous, json_node_unref);
                chain->previous = json_from_string(output, NULL);
        }
}

static double run_all(const char *list, const char *folder, const char *id, const char *netns, const char *command)
{
        gboolean add = g_str_equal(command, "ADD");
        g_auto(GStrv) environment = g_get_environ();
        Chain chain = {.parser = json_parser_new()};
        JsonObject *object;
        guint n;

        if (!json_parser_load_from_file(chain.parser, list, NULL))
                g_error("%s can't be read", list);
        object = json_node_get_object(json_parser_get_root(chain.parser));
        chain.plugins = json_object_get_array_member(object, "plugins");
        chain.name = json_object_get_string_member(object, "name");
        chain.version = json_object_get_string_member(object, "cniVersion");
        environment = g_environ_setenv(environment, "CNI_COMMAND", command, TRUE);
        environment = g_environ_setenv(environment, "CNI_CONTAINERID", id, TRUE);
        environment = g_environ_setenv(environment, "CNI_NETNS", netns, TRUE);
        environment = g_environ_setenv(environment, "CNI_IFNAME", "eth0", TRUE);
        environment = g_environ_setenv(environment, "CNI_PATH", folder, TRUE);
        n = json_array_get_length(chain.plugins);
        for (guint i = 0; i < n; i++)
                run(&chain, add ? i : n - 1 - i, folder, environment);
        g_clear_pointer(&chain.previous, json_node_unref);
        g_object_unref(chain.parser);
        return chain.ms;
}

double plugins_add(const char *list, const char *folder, const char *id, const char *netns)
{
        return run_all(list, folder, id, netns, "ADD");
}

void plugins_del(const char *list, const char *folder, const char *id, const char *netns)
{
        (void) run_all(list, folder, id, netns, "DEL");
}
