/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An image's name begins with a letter or a digit, so an operand that begins with '/' or '.' can only be a folder.
 */

#include "config.h"

#include "ctl/create-options.h"

#include <glib/gi18n.h>
#include <string.h>

#include "ctl/bus-call.h"
#include "ctl/create-mounts.h"
#include "ctl/grant-option.h"
#include "ctl/host-option.h"
#include "ctl/mount-option.h"
#include "ctl/port-option.h"
#include "ctl/properties.h"
#include "util/cleanup.h"
#include "util/error.h"

static void clear_property(void *property)
{
        scope_property_done(property);
}

static void clear_port(void *port)
{
        port_option_done(port);
}

static void free_mount(void *mount)
{
        mount_option_free(mount);
}

static void free_secret(void *secret)
{
        secret_option_free(secret);
}

static void free_agent(void *agent)
{
        agent_option_free(agent);
}

static void free_host(void *host)
{
        host_option_free(host);
}

void create_options_init(CreateOptions *options)
{
        *options = (CreateOptions){
                .properties = g_array_new(FALSE, FALSE, sizeof(ScopeProperty)),
                .limits = g_array_new(FALSE, FALSE, sizeof(ResourceLimit)),
                .ports = g_array_new(FALSE, FALSE, sizeof(PortOption)),
                .mounts = g_ptr_array_new_with_free_func(free_mount),
                .secrets = g_ptr_array_new_with_free_func(free_secret),
                .agents = g_ptr_array_new_with_free_func(free_agent),
                .hosts = g_ptr_array_new_with_free_func(free_host),
                .dns = g_ptr_array_new(),
        };
        g_array_set_clear_func(options->properties, clear_property);
        g_array_set_clear_func(options->ports, clear_port);
}

void create_options_done(CreateOptions *options)
{
        g_clear_pointer(&options->properties, g_array_unref);
        g_clear_pointer(&options->limits, g_array_unref);
        g_clear_pointer(&options->ports, g_array_unref);
        g_clear_pointer(&options->mounts, g_ptr_array_unref);
        g_clear_pointer(&options->secrets, g_ptr_array_unref);
        g_clear_pointer(&options->agents, g_ptr_array_unref);
        g_clear_pointer(&options->hosts, g_ptr_array_unref);
        g_clear_pointer(&options->dns, g_ptr_array_unref);
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

static int take_port(CreateOptions *options, const char *value, sd_bus_error *error)
{
        PortOption port;
        int r;

        r = port_option_parse(value, &port, error);
        if (r < 0)
                return r;
        g_array_append_val(options->ports, port);
        return 1;
}

static int take_mount(CreateOptions *options, const char *value, bool volume, sd_bus_error *error)
{
        MountOption *mount;
        int r;

        r = volume ? mount_option_parse_volume(value, &mount, error) : mount_option_parse(value, &mount, error);
        if (r < 0)
                return r;
        g_ptr_array_add(options->mounts, mount);
        return 1;
}

static int take_secret(CreateOptions *options, const char *value, sd_bus_error *error)
{
        g_autoptr(SecretOption) secret = NULL;
        int r;

        r = secret_option_parse(value, &secret, error);
        if (r < 0)
                return r;
        for (guint i = 0; i < options->secrets->len; i++)
                if (strcmp(((const SecretOption *) options->secrets->pdata[i])->id, secret->id) == 0)
                        return error_invalid(error, _("the secret '%s' is given twice"), secret->id);
        g_ptr_array_add(options->secrets, g_steal_pointer(&secret));
        return 1;
}

static int take_agent(CreateOptions *options, const char *value, sd_bus_error *error)
{
        g_autoptr(AgentOption) agent = NULL;
        int r;

        r = agent_option_parse(value, &agent, error);
        if (r < 0)
                return r;
        for (guint i = 0; i < options->agents->len; i++)
                if (strcmp(((const AgentOption *) options->agents->pdata[i])->id, agent->id) == 0)
                        return error_invalid(error, _("the agent '%s' is given twice"), agent->id);
        g_ptr_array_add(options->agents, g_steal_pointer(&agent));
        return 1;
}

static int take_host(CreateOptions *options, const char *value, sd_bus_error *error)
{
        HostOption *host;
        int r;

        r = host_option_parse(value, &host, error);
        if (r < 0)
                return r;
        g_ptr_array_add(options->hosts, host);
        return 1;
}

void create_options_use_as_variable(CreateOptions *options, const char *id)
{
        for (guint i = 0; i < options->secrets->len; i++) {
                SecretOption *secret = options->secrets->pdata[i];

                if (strcmp(secret->id, id) == 0)
                        secret->is_variable = true;
        }
}

bool create_options_mount_root(const CreateOptions *options)
{
        for (guint i = 0; i < options->mounts->len; i++)
                if (g_strcmp0(((const MountOption *) options->mounts->pdata[i])->destination, "/") == 0)
                        return true;
        return false;
}

bool create_options_have_root(const CreateOptions *options)
{
        return options->rootfs || options->host_path || options->image || create_options_mount_root(options);
}

void create_options_take_root(CreateOptions *options, const char *word)
{
        if (*word == '/' || *word == '.')
                options->rootfs = word;
        else
                options->image = word;
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
        case OPTION_IMAGE:
                options->image = value;
                return 1;
        case OPTION_MOUNT:
        case 'v':
                return take_mount(options, value, c == 'v', error);
        case OPTION_SECRET:
                return take_secret(options, value, error);
        case OPTION_SSH:
                return take_agent(options, value, error);
        case OPTION_OUTPUT:
                options->output = true;
                return 1;
        case OPTION_READ_ONLY:
                options->read_only = true;
                return 1;
        case OPTION_NET:
                options->net = value;
                return 1;
        case 'p':
                return take_port(options, value, error);
        case OPTION_SECURITY:
                options->security = value;
                return 1;
        case OPTION_HOSTNAME:
                options->hostname = value;
                return 1;
        case OPTION_ADD_HOST:
                return take_host(options, value, error);
        case OPTION_DNS:
                g_ptr_array_add(options->dns, (gpointer) value);
                return 1;
        case OPTION_PLATFORM:
                options->platform = value;
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

static int append_options(sd_bus_message *message, const CreateOptions *options, bool watch_bus, sd_bus_error *error)
{
        int r;

        if ((r = sd_bus_message_open_container(message, 'a', "{sv}")) < 0 ||
            (r = create_mounts_append(message, options, error)) < 0 ||
            (r = append_text_option(message, "net-mode", options->net)) < 0 ||
            (r = port_options_append(message, options->ports, error)) < 0 ||
            (r = append_text_option(message, "security-mode", options->security)) < 0 ||
            (r = append_text_option(message, "hostname", options->hostname)) < 0 ||
            (r = host_options_append(message, options->hosts)) < 0 ||
            (r = dns_options_append(message, options->dns)) < 0 ||
            (r = append_text_option(message, "platform", options->platform)) < 0 ||
            (r = append_properties(message, options->properties)) < 0 ||
            (r = append_limits(message, options->limits)) < 0)
                return r;
        if (watch_bus && (r = sd_bus_message_append(message, "{sv}", "watch-bus", "b", true)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}

int create_options_call(Ctl *ctl, const CreateOptions *options, const char *name, bool watch_bus, char **ret_path,
                        sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
        const char *path;
        int r;

        r = ctl_connect(ctl, error);
        if (r < 0)
                return r;
        r = ctl_new_call(ctl, NULL, "CreateContainer", &message, error);
        if (r < 0)
                return r;
        if ((r = sd_bus_message_append(message, "s", name)) < 0 ||
            (r = append_options(message, options, watch_bus, error)) < 0)
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
