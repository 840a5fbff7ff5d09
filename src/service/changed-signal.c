/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/changed-signal.h"

#include <glib.h>

#include "util/cleanup.h"

typedef struct Object {
        sd_bus *bus;
        const char *path;
        const char *interface;
        void *userdata;
} Object;

static int append_value(sd_bus_message *m, const Object *object, const ChangingProperty *property)
{
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", property->name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', property->type);
        if (r >= 0)
                r = property->get(object->bus, object->path, object->interface, property->name, m, object->userdata,
                                  NULL);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Appends a{sv} and as: what has changed with its value, and what without. */
static int append_changes(sd_bus_message *m, const Object *object, const ChangingProperty *table,
                          const char *const *properties)
{
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        for (const ChangingProperty *p = table; p->name && r >= 0; p++)
                if (p->type && g_strv_contains(properties, p->name))
                        r = append_value(m, object, p);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "s");
        for (const ChangingProperty *p = table; p->name && r >= 0; p++)
                if (!p->type && g_strv_contains(properties, p->name))
                        r = sd_bus_message_append(m, "s", p->name);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int changed_signal_new(sd_bus *bus, const char *path, const char *interface, const ChangingProperty *table,
                       const char *const *properties, void *userdata, sd_bus_message **ret)
{
        const Object object = {.bus = bus, .path = path, .interface = interface, .userdata = userdata};
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_signal(bus, &m, path, "org.freedesktop.DBus.Properties", "PropertiesChanged");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", interface);
        if (r >= 0)
                r = append_changes(m, &object, table, properties);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&m);
        return 0;
}
