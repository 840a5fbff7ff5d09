/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/*
 * PropertiesChanged as a message that can be sent to single connections; sd_bus_emit_properties_changed() would tell
 * everybody on the bus.
 */

/* A property that changes. One without a type is told without its value. */
typedef struct ChangingProperty {
        const char *name;
        const char *type;
        sd_bus_property_get_t get;
} ChangingProperty;

/* Makes the signal of the object at path about those of the table (which ends with one that has no name) that
 * `properties` names, up to NULL. userdata is that of the vtable. */
int changed_signal_new(sd_bus *bus, const char *path, const char *interface, const ChangingProperty *table,
                       const char *const *properties, void *userdata, sd_bus_message **ret);
