/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Generic on purpose: a property that the daemon learns later shows up with no change here.
 */

#include "ctl/bus-json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static JsonNode *node_new_unsigned(uint64_t number)
{
        g_autofree char *text = NULL;

        if (number <= INT64_MAX)
                return json_node_init_int(json_node_alloc(), (gint64) number);
        text = g_strdup_printf("%" G_GUINT64_FORMAT, number);
        return json_node_init_string(json_node_alloc(), text);
}

static JsonNode *node_new_basic(char type, const void *value)
{
        JsonNode *node = json_node_alloc();

        switch (type) {
        case 'b':
                return json_node_init_boolean(node, *(const int *) value != 0);
        case 'y':
                return json_node_init_int(node, *(const uint8_t *) value);
        case 'n':
                return json_node_init_int(node, *(const int16_t *) value);
        case 'q':
                return json_node_init_int(node, *(const uint16_t *) value);
        case 'i':
                return json_node_init_int(node, *(const int32_t *) value);
        case 'u':
                return json_node_init_int(node, *(const uint32_t *) value);
        case 'x':
                return json_node_init_int(node, *(const int64_t *) value);
        case 't':
                json_node_free(node);
                return node_new_unsigned(*(const uint64_t *) value);
        case 'd':
                return json_node_init_double(node, *(const double *) value);
        case 's':
        case 'o':
        case 'g':
                return json_node_init_string(node, *(const char *const *) value);
        default:
                return json_node_init_null(node);
        }
}

static int read_array(sd_bus_message *message, JsonNode **ret)
{
        g_autoptr(JsonArray) array = json_array_new();
        JsonNode *element;
        int r;

        while ((r = bus_json_read(message, &element)) > 0)
                json_array_add_element(array, element);
        if (r < 0)
                return r;
        *ret = json_node_init_array(json_node_alloc(), array);
        return 1;
}

static int read_member(sd_bus_message *message, JsonObject *object)
{
        g_autoptr(JsonNode) name = NULL;
        JsonNode *value;
        int r;

        r = bus_json_read(message, &name);
        if (r <= 0)
                return r < 0 ? r : -EBADMSG;
        r = bus_json_read(message, &value);
        if (r <= 0)
                return r < 0 ? r : -EBADMSG;
        if (json_node_get_value_type(name) == G_TYPE_STRING)
                json_object_set_member(object, json_node_get_string(name), value);
        else {
                g_autofree char *text = json_to_string(name, FALSE);

                json_object_set_member(object, text, value);
        }
        return 0;
}

static int read_object(sd_bus_message *message, const char *contents, JsonNode **ret)
{
        g_autofree char *inner = g_strndup(contents + 1, strlen(contents) - 2);
        g_autoptr(JsonObject) object = json_object_new();
        int r;

        while ((r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, inner)) > 0) {
                r = read_member(message, object);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        *ret = json_node_init_object(json_node_alloc(), object);
        return 1;
}

static int read_container(sd_bus_message *message, char type, const char *contents, JsonNode **ret)
{
        g_autoptr(JsonNode) node = NULL;
        int r;

        r = sd_bus_message_enter_container(message, type, contents);
        if (r < 0)
                return r;
        if (type == SD_BUS_TYPE_VARIANT)
                r = bus_json_read(message, &node);
        else if (type == SD_BUS_TYPE_ARRAY && contents[0] == SD_BUS_TYPE_DICT_ENTRY_BEGIN)
                r = read_object(message, contents, &node);
        else
                r = read_array(message, &node);
        if (r <= 0)
                return r < 0 ? r : -EBADMSG;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&node);
        return 1;
}

int bus_json_read(sd_bus_message *message, JsonNode **ret)
{
        const char *contents;
        uint64_t value; /* large enough for each basic type */
        char type;
        int r;

        r = sd_bus_message_peek_type(message, &type, &contents);
        if (r <= 0)
                return r;
        if (strchr("avr", type))
                return read_container(message, type, contents, ret);
        r = sd_bus_message_read_basic(message, type, &value);
        if (r < 0)
                return r;
        *ret = node_new_basic(type, &value);
        return 1;
}

char *bus_json_key(const char *name)
{
        GString *key = g_string_new(NULL);

        for (const char *p = name; *p; p++) {
                if (g_ascii_isupper(*p) && p > name && !g_ascii_isupper(p[-1]))
                        g_string_append_c(key, '-');
                g_string_append_c(key, *p == '_' ? '-' : g_ascii_tolower(*p));
        }
        return g_string_free(key, FALSE);
}

void bus_json_print(JsonNode *node, gboolean pretty)
{
        g_autofree char *text = json_to_string(node, pretty);

        puts(text);
}
