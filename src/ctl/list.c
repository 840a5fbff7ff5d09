/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "ctl/list.h"

#include <glib/gi18n.h>

#include "ctl/bus-json.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "util/cleanup.h"

bool list_parse_option(Ctl *ctl, int argc, char **argv, bool *ret_json, int *ret_status)
{
        static const struct option options[] = {OPTIONS_COMMON, {"json", no_argument, NULL, OPTION_JSON}, OPTIONS_END};
        int c;

        *ret_json = false;
        while ((c = getopt_long(argc, argv, OPTIONS_SHORT, options, NULL)) >= 0)
                if (c == OPTION_JSON)
                        *ret_json = true;
                else if (option_common(ctl, c, argv, ret_status))
                        return true;
        return false;
}

int list_run(Ctl *ctl, int argc, char **argv, const ListVerb *verb)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        g_autoptr(JsonNode) node = json_node_alloc();
        g_autoptr(JsonArray) list = json_array_new();
        bool json;
        int r;

        if (list_parse_option(ctl, argc, argv, &json, &r))
                return r;
        if (optind < argc)
                return option_usage(argv, _("it takes no NAME"));
        r = ctl_connect(ctl, &error);
        if (r >= 0)
                r = ctl_call_simple(ctl, NULL, verb->member, &reply, &error);
        if (r >= 0)
                r = verb->read(reply, list);
        if (r < 0)
                return report_failure(&error, r);
        json_node_init_array(node, list);
        if (json)
                bus_json_print(node, TRUE);
        else
                verb->print(list);
        return report_flush();
}
