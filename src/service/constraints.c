/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/constraints.h"

#include "model/daemon-labels.h"
#include "service/machine.h"
#include "util/error.h"

/* The constraints in quotes, each of them as far as a person would read it. */
static char *list_texts(const GPtrArray *constraints)
{
        g_autoptr(GString) list = g_string_new(NULL);

        for (guint i = 0; i < constraints->len; i++)
                g_string_append_printf(list, "%s'%.256s'", i > 0 ? ", " : "", filter_get_text(constraints->pdata[i]));
        return g_string_free(g_steal_pointer(&list), FALSE);
}

int constraints_check(const Service *service, const ContainerSpec *spec, sd_bus_error *error)
{
        const DaemonLabels labels = {
                .platforms = platform_list_get(platforms_get(service->platforms)),
                .net_modes = machine_net_modes(),
                .features = machine_features(),
                .labels = service->config->labels,
        };
        g_autofree char *texts = NULL;

        for (guint i = 0; i < spec->constraints->len; i++)
                if (filter_matches(spec->constraints->pdata[i], daemon_labels_lookup, &labels))
                        return 0;
        if (spec->constraints->len == 0)
                return 0;
        texts = list_texts(spec->constraints);
        return error_set(
                error, ERROR_CONSTRAINTS_NOT_MET,
                "This machine does not meet %s %s: its platforms, net modes and features are in the properties "
                "of the manager, and its labels in the group [Labels] of gangwayd.conf",
                spec->constraints->len == 1 ? "the constraint" : "any of the constraints", texts);
}
