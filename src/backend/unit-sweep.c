/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/unit-sweep.h"

#include <signal.h>

#include "backend/systemd-manager.h"

static int on_units(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        GHashTable *ours = userdata;
        const char *unit;
        int r;

        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_enter_container(m, 'a', "(ssssssouso)") < 0)
                return 0;
        while ((r = sd_bus_message_read(m, "(ssssssouso)", &unit, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                                        NULL)) > 0)
                if (!g_hash_table_contains(ours, unit)) {
                        r = sd_bus_call_method_async(sd_bus_message_get_bus(m), NULL, SYSTEMD_NAME, SYSTEMD_PATH,
                                                     SYSTEMD_MANAGER, "KillUnit", NULL, NULL, "ssi", unit, "all",
                                                     SIGKILL);
                        if (r < 0)
                                return r;
                }
        return r;
}

int unit_sweep(sd_bus *bus, const char *pattern, GHashTable *ours, sd_bus_slot **ret)
{
        return sd_bus_call_method_async(bus, ret, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "ListUnitsByPatterns",
                                        on_units, ours, "asas", 0, 1, pattern);
}
