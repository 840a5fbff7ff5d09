/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/decode-container.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "model/scope-property.h"
#include "service/decode-mounts.h"
#include "service/decode.h"
#include "util/error.h"

static int read_named_fd(sd_bus_message *m, int *target)
{
        int fd = decode_fd(m);

        if (fd < 0)
                return fd;
        *target = fd;
        return 0;
}

static int take_secret(sd_bus_message *m, ContainerSpec *spec, const char *id, const char *type, sd_bus_error *error)
{
        const void *data = NULL;
        size_t size = 0;
        int fd = -1, r;

        if (strcmp(type, "ay") == 0)
                r = sd_bus_message_read_array(m, 'y', &data, &size);
        else
                r = read_named_fd(m, &fd);
        if (r < 0)
                return r;
        if (size > SECRET_SIZE_MAX)
                return error_invalid(error, "The secret '%s' has %zu bytes, the limit is %u", id, size,
                                     SECRET_SIZE_MAX);
        g_ptr_array_add(spec->secrets, secret_spec_new(id, data, size, fd));
        return 0;
}

static int check_named(const char *what, const char *id, bool is_there, guint count, guint most, sd_bus_error *error)
{
        if (!*id || strlen(id) > MOUNT_ID_MAX)
                return error_invalid(error, "The id '%.64s' of %s has %zu bytes; it has 1 to %u", id, what, strlen(id),
                                     MOUNT_ID_MAX);
        if (is_there)
                return error_invalid(error, "The option '%s' has '%s' twice", what, id);
        if (count >= most)
                return error_invalid(error, "The option '%s' has more than %u entries", what, most);
        return 0;
}

static int read_secret(sd_bus_message *m, ContainerSpec *spec, sd_bus_error *error)
{
        const char *id, *type;
        int r;

        r = sd_bus_message_read(m, "s", &id);
        if (r < 0)
                return r;
        r = check_named("secrets", id, container_spec_find_secret(spec, id), spec->secrets->len, SECRETS_MAX, error);
        if (r >= 0)
                r = sd_bus_message_peek_type(m, NULL, &type);
        if (r < 0)
                return r;
        if (strcmp(type, "ay") != 0 && strcmp(type, "h") != 0)
                return error_invalid(error,
                                     "The secret '%s' is of the type '%s'; it is 'ay' (the bytes), or 'h' (an fd "
                                     "to read them from)",
                                     id, type);
        r = sd_bus_message_enter_container(m, 'v', type);
        if (r >= 0)
                r = take_secret(m, spec, id, type, error);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_secrets(sd_bus_message *m, void *target, sd_bus_error *error)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_secret(m, target, error);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* An agent is looked for each time that somebody wants it, so what is needed is where it is: a connection is no such
 * place. Nothing is asked of the file's server, which may not answer. */
static int check_agent(const char *id, int fd, sd_bus_error *error)
{
        int flags = fcntl(fd, F_GETFL);
        struct statx st;

        if (flags < 0 || statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0)
                return -errno;
        if (!(flags & O_PATH) || !S_ISSOCK(st.stx_mode))
                return error_invalid(
                        error,
                        "What is handed in as the agent '%s' is no fd of a socket's file, as open(2) gives "
                        "it with O_PATH",
                        id);
        return 0;
}

static int read_agents(sd_bus_message *m, void *target, sd_bus_error *error)
{
        ContainerSpec *spec = target;
        int r = sd_bus_message_enter_container(m, 'a', "{sh}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sh")) > 0) {
                const char *id;
                int fd = -1;

                r = sd_bus_message_read(m, "s", &id);
                if (r >= 0)
                        r = check_named("ssh-agents", id, container_spec_find_agent(spec, id), spec->agents->len,
                                        AGENTS_MAX, error);
                if (r >= 0)
                        r = read_named_fd(m, &fd);
                if (r < 0)
                        return r;
                g_ptr_array_add(spec->agents, agent_spec_new(id, fd));
                r = check_agent(id, fd, error);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_net_mode(sd_bus_message *m, void *target, sd_bus_error *error)
{
        int r = decode_word(m, "net-mode", net_mode_from_string, "sandbox, none, host", error);

        if (r >= 0)
                ((ContainerSpec *) target)->net_mode = (NetMode) r;
        return r;
}

static int read_ports(sd_bus_message *m, void *target, sd_bus_error *error)
{
        ContainerSpec *spec = target;
        const char *protocol;
        uint16_t host, container;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(sqq)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(sqq)", &protocol, &host, &container)) > 0) {
                r = published_ports_add(spec->ports, protocol, host, container, error);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_port_address(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_string(m, &((ContainerSpec *) target)->port_address);
}

static int read_security_mode(sd_bus_message *m, void *target, sd_bus_error *error)
{
        int r = decode_word(m, "security-mode", security_mode_from_string, "sandbox, insecure", error);

        if (r >= 0)
                ((ContainerSpec *) target)->security_mode = (SecurityMode) r;
        return r;
}

static int read_hostname(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_string(m, &((ContainerSpec *) target)->hostname);
}

static int read_extra_hosts(sd_bus_message *m, void *target, sd_bus_error *error)
{
        ContainerSpec *spec = target;
        const char *name, *address;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(ss)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(ss)", &name, &address)) > 0)
                g_ptr_array_add(spec->extra_hosts, extra_host_new(name, address));
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_dns_servers(sd_bus_message *m, void *target, sd_bus_error *error)
{
        ContainerSpec *spec = target;
        const char *address;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "s", &address)) > 0)
                g_ptr_array_add(spec->dns_servers, g_strdup(address));
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_platform(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_platform(m, &((ContainerSpec *) target)->platform, error);
}

static int read_constraints(sd_bus_message *m, void *target, sd_bus_error *error)
{
        ContainerSpec *spec = target;
        const char *text;
        int r = sd_bus_message_enter_container(m, 'a', "s");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "s", &text)) > 0) {
                Filter *filter;

                if (spec->constraints->len >= CONSTRAINTS_MAX)
                        return error_invalid(error, "The option 'constraints' has more than %u entries",
                                             CONSTRAINTS_MAX);
                r = filter_parse(text, &filter, error);
                if (r < 0)
                        return r;
                g_ptr_array_add(spec->constraints, filter);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_watch_bus(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_bool(m, &((ContainerSpec *) target)->watch_bus);
}

static int read_property_value(sd_bus_message *m, ContainerSpec *spec, const char *name, const char *type)
{
        g_autoptr(GBytes) bytes = NULL;
        uint64_t number = 0;
        int r;

        if (strcmp(type, "t") == 0) {
                r = sd_bus_message_read(m, "t", &number);
        } else {
                const void *data;
                size_t size;

                r = sd_bus_message_read_array(m, 'y', &data, &size);
                if (r >= 0)
                        bytes = g_bytes_new(data, size);
        }
        if (r >= 0)
                g_ptr_array_add(spec->scope_properties, scope_property_new(name, number, bytes));
        return r;
}

static int read_scope_property(sd_bus_message *m, ContainerSpec *spec, sd_bus_error *error)
{
        const char *name, *type, *given;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        type = scope_property_type(name);
        if (!type)
                return error_invalid(error, "The scope property '%.128s' can't be set; those that can are %s", name,
                                     scope_property_names());
        for (guint i = 0; i < spec->scope_properties->len; i++)
                if (strcmp(((ScopeProperty *) spec->scope_properties->pdata[i])->name, name) == 0)
                        return error_invalid(error, "The scope property '%s' is given twice", name);
        r = sd_bus_message_peek_type(m, NULL, &given);
        if (r < 0)
                return r;
        if (strcmp(given, type) != 0)
                return error_invalid(error, "The scope property '%s' is of the type '%s', not '%s'", name, type, given);
        r = sd_bus_message_enter_container(m, 'v', type);
        if (r >= 0)
                r = read_property_value(m, spec, name, type);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r;
}

static int read_scope_properties(sd_bus_message *m, void *target, sd_bus_error *error)
{
        int r = sd_bus_message_enter_container(m, 'a', "(sv)");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'r', "sv")) > 0) {
                r = read_scope_property(m, target, error);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_rlimits(sd_bus_message *m, void *target, sd_bus_error *error)
{
        ContainerSpec *spec = target;
        const char *name;
        uint64_t soft, hard;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{s(tt)}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "{s(tt)}", &name, &soft, &hard)) > 0) {
                for (guint i = 0; i < spec->rlimits->len; i++)
                        if (strcmp(((ResourceLimit *) spec->rlimits->pdata[i])->name, name) == 0)
                                return error_invalid(error, "The resource limit '%s' is given twice", name);
                g_ptr_array_add(spec->rlimits, resource_limit_new(name, soft, hard));
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int decode_container(sd_bus_message *m, ContainerSpec **ret, sd_bus_error *error)
{
        static const OptionRow rows[] = {
                {"mounts", "aa{sv}", decode_mounts},
                {"secrets", "a{sv}", read_secrets},
                {"ssh-agents", "a{sh}", read_agents},
                {"net-mode", "s", read_net_mode},
                {"security-mode", "s", read_security_mode},
                {"hostname", "s", read_hostname},
                {"watch-bus", "b", read_watch_bus},
                {"scope-properties", "a(sv)", read_scope_properties},
                {"rlimits", "a{s(tt)}", read_rlimits},
                {"platform", "s", read_platform},
                {"ports", "a(sqq)", read_ports},
                {"port-address", "s", read_port_address},
                {"extra-hosts", "a(ss)", read_extra_hosts},
                {"dns-servers", "as", read_dns_servers},
                {"constraints", "as", read_constraints},
                {NULL, NULL, NULL},
        };
        g_autoptr(ContainerSpec) spec = container_spec_new();
        int r;

        r = decode_string(m, &spec->name);
        if (r >= 0)
                r = decode_options(m, "option", rows, spec, error);
        if (r >= 0)
                r = container_spec_check(spec, error);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&spec);
        return 0;
}
