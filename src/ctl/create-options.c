/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * --rootfs is opened here, with the caller's own rights, and handed over as a file descriptor: the daemon looks up no
 * path, so it can't be made to show a folder that the caller may not see. --host-path is a path for the daemon, which
 * asks polkit first.
 */

#include "config.h"

#include "ctl/create-options.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>

#include "ctl/bus-call.h"
#include "ctl/properties.h"
#include "util/cleanup.h"
#include "util/error.h"

static void clear_property(void *property)
{
        scope_property_done(property);
}

void create_options_init(CreateOptions *options)
{
        *options = (CreateOptions){
                .properties = g_array_new(FALSE, FALSE, sizeof(ScopeProperty)),
                .limits = g_array_new(FALSE, FALSE, sizeof(ResourceLimit)),
        };
        g_array_set_clear_func(options->properties, clear_property);
}

void create_options_done(CreateOptions *options)
{
        g_clear_pointer(&options->properties, g_array_unref);
        g_clear_pointer(&options->limits, g_array_unref);
}

static int take_property(CreateOptions *options, const char *value, sd_bus_error *error)
{
        ScopeProperty property;
        int r;

        r = scope_property_parse(value, &property, error);
        if (r < 0)
                return r;
        g_array_append_val(options->properties, property);
        return 1;
}

/* A later limit of the same name takes the place of the earlier one: a dictionary holds a key once. */
static int take_limit(CreateOptions *options, const char *value, sd_bus_error *error)
{
        ResourceLimit limit;
        int r;

        r = resource_limit_parse(value, &limit, error);
        if (r < 0)
                return r;
        for (guint i = 0; i < options->limits->len; i++)
                if (g_array_index(options->limits, ResourceLimit, i).name == limit.name) {
                        g_array_index(options->limits, ResourceLimit, i) = limit;
                        return 1;
                }
        g_array_append_val(options->limits, limit);
        return 1;
}

int create_options_take(CreateOptions *options, int c, const char *value, sd_bus_error *error)
{
        switch (c) {
        case OPTION_ROOTFS:
                options->rootfs = value;
                return 1;
        case OPTION_HOST_PATH:
                options->host_path = value;
                return 1;
        case OPTION_OUTPUT:
                options->output = true;
                return 1;
        case OPTION_READ_ONLY:
                options->read_only = true;
                return 1;
        case OPTION_NET:
                options->net = value;
                return 1;
        case OPTION_SECURITY:
                options->security = value;
                return 1;
        case OPTION_HOSTNAME:
                options->hostname = value;
                return 1;
        case OPTION_PROPERTY:
                return take_property(options, value, error);
        case OPTION_RLIMIT:
                return take_limit(options, value, error);
        default:
                return 0;
        }
}

static int append_text_option(sd_bus_message *message, const char *key, const char *value)
{
        return value ? sd_bus_message_append(message, "{sv}", key, "s", value) : 0;
}

/* The root: the only mount there is so far. */
static int append_mounts(sd_bus_message *message, const CreateOptions *options, int source)
{
        int r;

        if ((r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(message, "s", "mounts")) < 0 ||
            (r = sd_bus_message_open_container(message, 'v', "aa{sv}")) < 0 ||
            (r = sd_bus_message_open_container(message, 'a', "a{sv}")) < 0 ||
            (r = sd_bus_message_open_container(message, 'a', "{sv}")) < 0 ||
            (r = sd_bus_message_append(message, "{sv}{sv}", "type", "s", "bind", "destination", "s", "/")) < 0)
                return r;
        if (source >= 0)
                r = sd_bus_message_append(message, "{sv}", "source", "h", source);
        else {
                g_autofree char *path = g_canonicalize_filename(options->host_path, NULL);

                r = append_text_option(message, "host-path", path);
        }
        if (r < 0)
                return r;
        if ((options->read_only && (r = sd_bus_message_append(message, "{sv}", "read-only", "b", true)) < 0) ||
            (options->output && (r = sd_bus_message_append(message, "{sv}", "output", "b", true)) < 0))
                return r;
        for (int i = 0; i < 4; i++)
                if ((r = sd_bus_message_close_container(message)) < 0)
                        return r;
        return 0;
}

static int append_properties(sd_bus_message *message, const GArray *properties)
{
        int r;

        if (properties->len == 0)
                return 0;
        if ((r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(message, "s", "scope-properties")) < 0 ||
            (r = sd_bus_message_open_container(message, 'v', "a(sv)")) < 0 ||
            (r = sd_bus_message_open_container(message, 'a', "(sv)")) < 0)
                return r;
        for (guint i = 0; i < properties->len; i++)
                if ((r = scope_property_append(message, &g_array_index(properties, ScopeProperty, i))) < 0)
                        return r;
        for (int i = 0; i < 3; i++)
                if ((r = sd_bus_message_close_container(message)) < 0)
                        return r;
        return 0;
}

static int append_limits(sd_bus_message *message, const GArray *limits)
{
        int r;

        if (limits->len == 0)
                return 0;
        if ((r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(message, "s", "rlimits")) < 0 ||
            (r = sd_bus_message_open_container(message, 'v', "a{s(tt)}")) < 0 ||
            (r = sd_bus_message_open_container(message, 'a', "{s(tt)}")) < 0)
                return r;
        for (guint i = 0; i < limits->len; i++)
                if ((r = resource_limit_append(message, &g_array_index(limits, ResourceLimit, i))) < 0)
                        return r;
        for (int i = 0; i < 3; i++)
                if ((r = sd_bus_message_close_container(message)) < 0)
                        return r;
        return 0;
}

static int append_options(sd_bus_message *message, const CreateOptions *options, int source, bool watch_bus)
{
        int r;

        if ((r = sd_bus_message_open_container(message, 'a', "{sv}")) < 0 ||
            (r = append_mounts(message, options, source)) < 0 ||
            (r = append_text_option(message, "net-mode", options->net)) < 0 ||
            (r = append_text_option(message, "security-mode", options->security)) < 0 ||
            (r = append_text_option(message, "hostname", options->hostname)) < 0 ||
            (r = append_properties(message, options->properties)) < 0 ||
            (r = append_limits(message, options->limits)) < 0)
                return r;
        if (watch_bus && (r = sd_bus_message_append(message, "{sv}", "watch-bus", "b", true)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}

static int open_source(const CreateOptions *options, int *ret_source, sd_bus_error *error)
{
        int source, r;

        if (options->rootfs && options->host_path)
                return error_invalid(error, _("--rootfs and --host-path can't be given together"));
        if (!options->rootfs && !options->host_path)
                return error_invalid(error, _("the folder with the root file system is missing, give --rootfs DIR"));
        if (options->host_path)
                return 0;
        source = open(options->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (source < 0) {
                r = -errno;
                sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, _("can't open the folder '%s': %s"), options->rootfs,
                                  g_strerror(-r));
                return r;
        }
        *ret_source = source;
        return 0;
}

int create_options_call(Ctl *ctl, const CreateOptions *options, const char *name, bool watch_bus, char **ret_path,
                        sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
        _cleanup_close_ int source = -1;
        const char *path;
        int r;

        r = open_source(options, &source, error);
        if (r < 0)
                return r;
        r = ctl_connect(ctl, error);
        if (r < 0)
                return r;
        r = ctl_new_call(ctl, NULL, "CreateContainer", &message, error);
        if (r < 0)
                return r;
        if ((r = sd_bus_message_append(message, "s", name)) < 0 ||
            (r = append_options(message, options, source, watch_bus)) < 0)
                return ctl_bus_failure(r, error);
        ctl_offer_agent(ctl);
        r = ctl_call(ctl, message, &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return ctl_bus_failure(r, error);
        *ret_path = g_strdup(path);
        return 0;
}
