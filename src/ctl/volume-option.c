/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * --volume as people type it. There are no named volumes here, and a word with no '/' is one everywhere else: it is
 * refused with what to write instead, so that nobody takes the folder ./data for the volume data or the reverse.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "ctl/mount-option.h"
#include "util/cleanup.h"
#include "util/error.h"

static bool is_name(const char *source)
{
        return !strchr(source, '/') && strcmp(source, ".") != 0 && strcmp(source, "..") != 0;
}

int mount_option_parse_volume(const char *text, MountOption **ret, sd_bus_error *error)
{
        g_autoptr(MountOption) mount = g_new0(MountOption, 1);
        g_auto(GStrv) parts = g_strsplit(text, ":", -1);
        guint n = g_strv_length(parts);

        if (n < 2 || n > 3 || !*parts[0] || !*parts[1])
                return error_invalid(error,
                                     _("--volume takes DIR:DESTINATION or DIR:DESTINATION:ro, not '%s'; a path with a "
                                       "colon goes into --mount type=bind,src=DIR,dst=DESTINATION"),
                                     text);
        if (is_name(parts[0]))
                return error_invalid(error,
                                     _("--volume %s: '%s' would be a volume, and there are none; a folder that is kept "
                                       "is --mount type=cache,id=%s,dst=%s, a folder of yours ./%s"),
                                     text, parts[0], parts[0], parts[1], parts[0]);
        if (parts[1][0] != '/')
                return error_invalid(error, _("--volume %s: the destination '%s' does not begin with '/'"), text,
                                     parts[1]);
        if (n == 3 && strcmp(parts[2], "ro") != 0 && strcmp(parts[2], "rw") != 0)
                return error_invalid(error, _("--volume %s: there is no '%s'; there are ro and rw"), text, parts[2]);
        mount->type = MOUNT_BIND;
        mount->source = g_strdup(parts[0]);
        mount->destination = g_strdup(parts[1]);
        mount->read_only = n == 3 && strcmp(parts[2], "ro") == 0;
        mount->output = !mount->read_only;
        *ret = g_steal_pointer(&mount);
        return 0;
}
