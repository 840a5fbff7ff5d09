/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An exit status of 137 may mean a kill(1), a release, or memory that ran out; 255 may mean that nobody knows. The
 * details of Wait tell these apart.
 */

#include "config.h"

#include "ctl/exit-details.h"

#include <glib.h>
#include <glib/gi18n.h>
#include <stdbool.h>
#include <string.h>

#include "ctl/report.h"

static int read_detail(sd_bus_message *reply, const char *process)
{
        const char *key, *text;
        int r, flag;

        r = sd_bus_message_read(reply, "s", &key);
        if (r < 0)
                return r;
        if (strcmp(key, "oom") == 0) {
                r = sd_bus_message_read(reply, "v", "b", &flag);
                if (r >= 0 && flag)
                        report(_("the process %s was killed because memory ran out"), process);
        } else if (strcmp(key, "released") == 0) {
                r = sd_bus_message_read(reply, "v", "b", &flag);
                if (r >= 0 && flag)
                        report(_("the process %s was killed because its container was released"), process);
        } else if (strcmp(key, "error") == 0) {
                r = sd_bus_message_read(reply, "v", "s", &text);
                if (r >= 0)
                        report(_("the exit status of the process %s is not known: %s"), process, text);
        } else
                r = sd_bus_message_skip(reply, "v");
        return r;
}

int exit_details_read(sd_bus_message *reply, const char *process, int *ret_status)
{
        uint32_t status;
        int r;

        r = sd_bus_message_read(reply, "u", &status);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                r = read_detail(reply, process);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(reply);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        *ret_status = (int) (status & 0xff);
        return 0;
}
