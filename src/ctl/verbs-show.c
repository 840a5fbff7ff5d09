/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * list and show: what there is, as text for people or as JSON for programs. Both are made of the same JSON values, so
 * they can't tell different things.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "ctl/bus-call.h"
#include "ctl/bus-json.h"
#include "ctl/list.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "util/cleanup.h"

#define INDENT "               "

static int read_list(sd_bus_message *reply, JsonArray *list)
{
        const char *name, *path, *state;
        uint32_t owner;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(sous)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(reply, "(sous)", &name, &path, &owner, &state)) > 0) {
                JsonObject *object = json_object_new();

                json_object_set_string_member(object, "name", name);
                json_object_set_string_member(object, "path", path);
                json_object_set_int_member(object, "owner", owner);
                json_object_set_string_member(object, "state", state);
                json_array_add_object_element(list, object);
        }
        return r;
}

/* The first column is what the other verbs take as NAME. */
static void print_list(JsonArray *list)
{
        guint n = json_array_get_length(list);
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        int width = (int) strlen("NAME");

        for (guint i = 0; i < n; i++) {
                JsonObject *object = json_array_get_object_element(list, i);
                char *name = ctl_container_name(json_object_get_string_member(object, "path"));

                g_ptr_array_add(names, name ?: g_strdup(json_object_get_string_member(object, "name")));
                width = MAX(width, (int) strlen(names->pdata[i]));
        }
        printf("%-*s %-10s %s\n", width, "NAME", "STATE", "OWNER");
        for (guint i = 0; i < n; i++) {
                JsonObject *object = json_array_get_object_element(list, i);

                printf("%-*s %-10s %" G_GINT64_FORMAT "\n", width, (const char *) names->pdata[i],
                       json_object_get_string_member(object, "state"), json_object_get_int_member(object, "owner"));
        }
}

int verb_list(Ctl *ctl, int argc, char **argv)
{
        return list_run(ctl, argc, argv, &(const ListVerb){"ListContainers", read_list, print_list});
}

/* (ssu) as an object, whose last member depends on the state. */
static JsonNode *process_to_object(JsonArray *process)
{
        JsonObject *object = json_object_new();
        const char *state = json_array_get_string_element(process, 1);
        JsonNode *node = json_node_new(JSON_NODE_OBJECT);

        json_object_set_string_member(object, "id", json_array_get_string_element(process, 0));
        json_object_set_string_member(object, "state", state);
        json_object_set_int_member(object, strcmp(state, "exited") == 0 ? "exit-code" : "pid",
                                   json_array_get_int_element(process, 2));
        json_node_take_object(node, object);
        return node;
}

static JsonNode *processes_to_objects(JsonNode *processes)
{
        JsonArray *array = json_node_get_array(processes), *objects = json_array_new();
        JsonNode *node = json_node_new(JSON_NODE_ARRAY);

        for (guint i = 0; i < json_array_get_length(array); i++)
                json_array_add_element(objects, process_to_object(json_array_get_array_element(array, i)));
        json_node_take_array(node, objects);
        return node;
}

/* (ssqq) as an object. */
static JsonNode *ports_to_objects(JsonNode *ports)
{
        JsonArray *array = json_node_get_array(ports), *objects = json_array_new();
        JsonNode *node = json_node_new(JSON_NODE_ARRAY);

        for (guint i = 0; i < json_array_get_length(array); i++) {
                JsonArray *port = json_array_get_array_element(array, i);
                JsonObject *object = json_object_new();

                json_object_set_string_member(object, "protocol", json_array_get_string_element(port, 0));
                json_object_set_string_member(object, "address", json_array_get_string_element(port, 1));
                json_object_set_int_member(object, "port", json_array_get_int_element(port, 2));
                json_object_set_int_member(object, "container-port", json_array_get_int_element(port, 3));
                json_array_add_object_element(objects, object);
        }
        json_node_take_array(node, objects);
        return node;
}

/* What is easier to read than the tuples that come over the bus. */
static JsonNode *convert(const char *key, JsonNode *value)
{
        if (strcmp(key, "processes") == 0)
                return processes_to_objects(value);
        if (strcmp(key, "ports") == 0)
                return ports_to_objects(value);
        return json_node_copy(value);
}

static int read_properties(sd_bus_message *reply, JsonObject *object)
{
        g_autoptr(JsonNode) node = NULL;
        g_autoptr(GList) names = NULL;
        JsonObject *properties;
        int r;

        r = bus_json_read(reply, &node);
        if (r < 0)
                return r;
        properties = json_node_get_object(node);
        names = json_object_get_members(properties);
        for (GList *i = names; i; i = i->next) {
                g_autofree char *key = bus_json_key(i->data);
                JsonNode *value = json_object_get_member(properties, i->data);

                json_object_set_member(object, key, convert(key, value));
        }
        return 0;
}

static void print_process(JsonArray *array, guint i, JsonNode *node, gpointer userdata)
{
        JsonObject *process = json_node_get_object(node);
        const char *number = json_object_has_member(process, "pid") ? "pid" : "exit-code";

        printf("%s%s %s, %s %" G_GINT64_FORMAT "\n", i > 0 ? INDENT : "", json_object_get_string_member(process, "id"),
               json_object_get_string_member(process, "state"), number, json_object_get_int_member(process, number));
}

static void print_port(JsonArray *array, guint i, JsonNode *node, gpointer userdata)
{
        JsonObject *port = json_node_get_object(node);

        printf("%s%s:%" G_GINT64_FORMAT " -> %" G_GINT64_FORMAT "/%s\n", i > 0 ? INDENT : "",
               json_object_get_string_member(port, "address"), json_object_get_int_member(port, "port"),
               json_object_get_int_member(port, "container-port"), json_object_get_string_member(port, "protocol"));
}

static void print_text(JsonArray *array, guint i, JsonNode *node, gpointer userdata)
{
        printf("%s%s\n", i > 0 ? INDENT : "", json_node_get_string(node));
}

/* Each on a line of its own; NULL where the value is none of these lists. */
static JsonArrayForeach find_printer(const char *key)
{
        if (strcmp(key, "processes") == 0)
                return print_process;
        if (strcmp(key, "ports") == 0)
                return print_port;
        return strcmp(key, "addresses") == 0 ? print_text : NULL;
}

static void print_properties(JsonObject *object)
{
        g_autoptr(GList) names = json_object_get_members(object);

        for (GList *i = names; i; i = i->next) {
                const char *key = i->data;
                JsonNode *value = json_object_get_member(object, key);
                JsonArrayForeach print = find_printer(key);

                printf("%13s: ", key);
                if (print) {
                        json_array_foreach_element(json_node_get_array(value), print, NULL);
                        if (json_array_get_length(json_node_get_array(value)) == 0)
                                puts("-");
                } else if (json_node_get_value_type(value) == G_TYPE_STRING)
                        puts(json_node_get_string(value));
                else
                        bus_json_print(value, FALSE);
        }
}

static int get_properties(Ctl *ctl, const char *path, sd_bus_message **ret, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = sd_bus_message_new_method_call(ctl->bus, &message, CTL_SERVICE, path, "org.freedesktop.DBus.Properties",
                                           "GetAll");
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "s", CTL_CONTAINER);
        if (r < 0)
                return r;
        return ctl_call(ctl, message, ret, error);
}

int verb_show(Ctl *ctl, int argc, char **argv)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        g_autoptr(JsonNode) node = json_node_alloc();
        g_autoptr(JsonObject) object = json_object_new();
        g_autofree char *path = NULL;
        bool json;
        int r;

        if (list_parse_option(ctl, argc, argv, &json, &r))
                return r;
        if (argc - optind != 1)
                return option_usage(argv, _("it takes one NAME"));
        r = ctl_find_container(ctl, argv[optind], &path, &error);
        if (r >= 0)
                r = get_properties(ctl, path, &reply, &error);
        if (r >= 0) {
                json_object_set_string_member(object, "path", path);
                r = read_properties(reply, object);
        }
        if (r < 0)
                return report_failure(&error, r);
        json_node_init_object(node, object);
        if (json)
                bus_json_print(node, TRUE);
        else
                print_properties(object);
        return report_flush();
}
