/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/container-spec.h"

#include <string.h>

#include "model/ip-address.h"
#include "model/names.h"
#include "model/resolv-conf.h"
#include "util/cleanup.h"
#include "util/error.h"

#define HOSTNAME_LENGTH_MAX 63U

static const char *const net_modes[] = {[NET_SANDBOX] = "sandbox", [NET_NONE] = "none", [NET_HOST] = "host"};
static const char *const security_modes[] = {[SECURITY_SANDBOX] = "sandbox", [SECURITY_INSECURE] = "insecure"};

DEFINE_WORD_TABLE(net_mode, NetMode, net_modes)
DEFINE_WORD_TABLE(security_mode, SecurityMode, security_modes)

static void free_mount(gpointer mount)
{
        mount_spec_free(mount);
}

static void free_secret(gpointer data)
{
        SecretSpec *secret = data;

        g_free(secret->id);
        g_clear_pointer(&secret->bytes, g_bytes_unref);
        safe_close(secret->fd);
        g_free(secret);
}

static void free_agent(gpointer data)
{
        AgentSpec *agent = data;

        g_free(agent->id);
        safe_close(agent->fd);
        g_free(agent);
}

static void free_extra_host(gpointer host)
{
        extra_host_free(host);
}

static void free_constraint(gpointer data)
{
        filter_free(data);
}

static void free_resource_limit(gpointer data)
{
        ResourceLimit *limit = data;

        g_free(limit->name);
        g_free(limit);
}

static void free_scope_property(gpointer data)
{
        ScopeProperty *property = data;

        g_free(property->name);
        g_clear_pointer(&property->bytes, g_bytes_unref);
        g_free(property);
}

ContainerSpec *container_spec_new(void)
{
        ContainerSpec *spec = g_new0(ContainerSpec, 1);

        spec->ports = g_array_new(FALSE, FALSE, sizeof(PublishedPort));
        spec->extra_hosts = g_ptr_array_new_with_free_func(free_extra_host);
        spec->dns_servers = g_ptr_array_new_with_free_func(g_free);
        spec->mounts = g_ptr_array_new_with_free_func(free_mount);
        spec->secrets = g_ptr_array_new_with_free_func(free_secret);
        spec->agents = g_ptr_array_new_with_free_func(free_agent);
        spec->constraints = g_ptr_array_new_with_free_func(free_constraint);
        spec->rlimits = g_ptr_array_new_with_free_func(free_resource_limit);
        spec->scope_properties = g_ptr_array_new_with_free_func(free_scope_property);
        return spec;
}

ContainerSpec *container_spec_free(ContainerSpec *spec)
{
        if (!spec)
                return NULL;
        g_array_unref(spec->ports);
        g_free(spec->port_address);
        g_ptr_array_unref(spec->extra_hosts);
        g_ptr_array_unref(spec->dns_servers);
        g_ptr_array_unref(spec->mounts);
        g_ptr_array_unref(spec->secrets);
        g_ptr_array_unref(spec->agents);
        g_ptr_array_unref(spec->constraints);
        g_ptr_array_unref(spec->rlimits);
        g_ptr_array_unref(spec->scope_properties);
        g_free(spec->hostname);
        g_free(spec->platform);
        g_free(spec->name);
        g_free(spec);
        return NULL;
}

typedef struct Wiped {
        size_t size;
        char bytes[];
} Wiped;

static void wipe(gpointer data)
{
        Wiped *wiped = data;

        explicit_bzero(wiped->bytes, wiped->size);
        g_free(wiped);
}

SecretSpec *secret_spec_new(const char *id, const void *bytes, size_t size, int fd)
{
        SecretSpec *secret = g_new0(SecretSpec, 1);

        secret->id = g_strdup(id);
        secret->fd = fd;
        if (fd < 0) {
                Wiped *wiped = g_malloc(sizeof(Wiped) + size);

                wiped->size = size;
                if (size > 0)
                        memcpy(wiped->bytes, bytes, size);
                secret->bytes = g_bytes_new_with_free_func(wiped->bytes, size, wipe, wiped);
        }
        return secret;
}

AgentSpec *agent_spec_new(const char *id, int fd)
{
        AgentSpec *agent = g_new0(AgentSpec, 1);

        agent->id = g_strdup(id);
        agent->fd = fd;
        return agent;
}

const SecretSpec *container_spec_find_secret(const ContainerSpec *spec, const char *id)
{
        for (guint i = 0; i < spec->secrets->len; i++)
                if (strcmp(((SecretSpec *) spec->secrets->pdata[i])->id, id) == 0)
                        return spec->secrets->pdata[i];
        return NULL;
}

const AgentSpec *container_spec_find_agent(const ContainerSpec *spec, const char *id)
{
        for (guint i = 0; i < spec->agents->len; i++)
                if (strcmp(((AgentSpec *) spec->agents->pdata[i])->id, id) == 0)
                        return spec->agents->pdata[i];
        return NULL;
}

bool container_spec_has_agents(const ContainerSpec *spec)
{
        for (guint i = 0; i < spec->mounts->len; i++) {
                const MountSpec *mount = spec->mounts->pdata[i];

                if (mount->type == MOUNT_SSH && !mount->left_out)
                        return true;
        }
        return false;
}

const char *container_spec_get_agent_path(const ContainerSpec *spec)
{
        for (guint i = 0; i < spec->mounts->len; i++) {
                const MountSpec *mount = spec->mounts->pdata[i];

                if (mount->at_default && !mount->left_out)
                        return mount->destination;
        }
        return NULL;
}

ResourceLimit *resource_limit_new(const char *name, uint64_t soft, uint64_t hard)
{
        ResourceLimit *limit = g_new0(ResourceLimit, 1);

        limit->name = g_strdup(name);
        limit->soft = soft;
        limit->hard = hard;
        return limit;
}

ScopeProperty *scope_property_new(const char *name, uint64_t number, GBytes *bytes)
{
        ScopeProperty *property = g_new0(ScopeProperty, 1);

        property->name = g_strdup(name);
        property->number = number;
        property->bytes = bytes ? g_bytes_ref(bytes) : NULL;
        return property;
}

const MountSpec *container_spec_get_root(const ContainerSpec *spec)
{
        for (guint i = 0; i < spec->mounts->len; i++)
                if (mount_spec_is_root(spec->mounts->pdata[i]))
                        return spec->mounts->pdata[i];
        return NULL;
}

/* A host name of one or more labels, hostname(7). */
static bool hostname_is_valid(const char *hostname)
{
        size_t length = strlen(hostname);

        if (length < 1 || length > HOSTNAME_LENGTH_MAX || !g_ascii_isalnum(hostname[0]))
                return false;
        for (size_t i = 0; i < length; i++)
                if (!g_ascii_isalnum(hostname[i]) && hostname[i] != '-' && hostname[i] != '.' && hostname[i] != '_')
                        return false;
        return true;
}

/* What a mount shows must have been handed in, unless it may be missing: then the mount is left out. */
static int check_handed_in(const ContainerSpec *spec, MountSpec *mount, sd_bus_error *error)
{
        if (mount->type == MOUNT_SECRET)
                mount->left_out = !container_spec_find_secret(spec, mount->id);
        else if (mount->type == MOUNT_SSH)
                mount->left_out = !container_spec_find_agent(spec, mount->id);
        if (!mount->left_out || mount->optional)
                return 0;
        return error_set(error, mount->type == MOUNT_SECRET ? ERROR_NO_SUCH_SECRET : ERROR_NO_SUCH_AGENT,
                         "The mount at '%s' wants the %s '%s', which is not in the option '%s'", mount->destination,
                         mount->type == MOUNT_SECRET ? "secret" : "agent", mount->id,
                         mount->type == MOUNT_SECRET ? "secrets" : "ssh-agents");
}

static int check_mounts(const ContainerSpec *spec, sd_bus_error *error)
{
        g_autoptr(GHashTable) destinations = g_hash_table_new(g_str_hash, g_str_equal);
        unsigned n_host_paths = 0;

        if (spec->mounts->len > MOUNTS_MAX)
                return error_invalid(error, "The option 'mounts' has %u mounts, the limit is %u", spec->mounts->len,
                                     MOUNTS_MAX);
        for (guint i = 0; i < spec->mounts->len; i++) {
                MountSpec *mount = spec->mounts->pdata[i];
                int r;

                mount->index = i;
                r = mount_spec_check(mount, spec->security_mode == SECURITY_SANDBOX, error);
                if (r >= 0)
                        r = check_handed_in(spec, mount, error);
                if (r < 0)
                        return r;
                if (!g_hash_table_add(destinations, mount->destination))
                        return error_invalid(error, "The option 'mounts' has two mounts at '%s'", mount->destination);
                if (mount->host_path && ++n_host_paths > MOUNT_HOST_PATHS_MAX)
                        return error_invalid(error,
                                             "The option 'mounts' has more than %u mounts with a 'host-path', which is "
                                             "what a person can be asked about",
                                             MOUNT_HOST_PATHS_MAX);
        }
        if (!g_hash_table_contains(destinations, "/"))
                return error_invalid(error, "The option 'mounts' has no mount at '/'; one must be the root");
        return 0;
}

static int check_rlimits(const ContainerSpec *spec, sd_bus_error *error)
{
        static const char *const names[] = {"AS",      "CORE",     "CPU",        "DATA",   "FSIZE", "LOCKS",
                                            "MEMLOCK", "MSGQUEUE", "NICE",       "NOFILE", "NPROC", "RSS",
                                            "RTPRIO",  "RTTIME",   "SIGPENDING", "STACK",  NULL};

        for (guint i = 0; i < spec->rlimits->len; i++) {
                const ResourceLimit *limit = spec->rlimits->pdata[i];

                if (!g_strv_contains(names, limit->name))
                        return error_invalid(
                                error,
                                "There is no resource limit '%s' in the option 'rlimits'; see getrlimit(2), "
                                "for example \"NOFILE\"",
                                limit->name);
                if (limit->soft > limit->hard)
                        return error_invalid(error, "The resource limit '%s' has a soft value above its hard one",
                                             limit->name);
        }
        return 0;
}

const char *container_spec_get_port_address(const ContainerSpec *spec)
{
        return spec->port_address ? spec->port_address : PUBLISHED_PORT_ADDRESS_USUAL;
}

static int check_ports(const ContainerSpec *spec, sd_bus_error *error)
{
        if (spec->ports->len > 0 && spec->net_mode != NET_SANDBOX)
                return error_invalid(error,
                                     "The option 'ports' needs the net-mode 'sandbox': with 'host' all ports are those "
                                     "of this machine, and with 'none' there is no way to any");
        if (spec->port_address && spec->ports->len == 0)
                return error_invalid(error,
                                     "The option 'port-address' says where 'ports' are bound, and there are none");
        return published_ports_check_address(container_spec_get_port_address(spec), error);
}

static int check_extra_hosts(const ContainerSpec *spec, sd_bus_error *error)
{
        if (spec->extra_hosts->len > EXTRA_HOSTS_MAX)
                return error_invalid(error, "The option 'extra-hosts' has %u entries, the limit is %u",
                                     spec->extra_hosts->len, EXTRA_HOSTS_MAX);
        for (guint i = 0; i < spec->extra_hosts->len; i++) {
                int r = extra_host_check(spec->extra_hosts->pdata[i], error);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int check_dns_servers(const ContainerSpec *spec, sd_bus_error *error)
{
        if (spec->dns_servers->len > DNS_SERVERS_MAX)
                return error_invalid(error, "The option 'dns-servers' has %u addresses; programs use no more than %u",
                                     spec->dns_servers->len, DNS_SERVERS_MAX);
        for (guint i = 0; i < spec->dns_servers->len; i++) {
                char **server = (char **) &spec->dns_servers->pdata[i];
                char *address = ip_address_normalize(*server);

                if (!address)
                        return error_invalid(error,
                                             "failed to parse IP %.128s: the option 'dns-servers' has addresses of DNS "
                                             "servers, as 192.0.2.1 or 2001:db8::1",
                                             *server);
                g_free(*server);
                *server = address;
        }
        return 0;
}

int container_spec_check(ContainerSpec *spec, sd_bus_error *error)
{
        int r;

        if (!spec->name || !*spec->name) {
                g_free(spec->name);
                spec->name = name_generate();
        }
        if (!name_is_valid(spec->name)) {
                g_autofree char *shown = g_strndup(spec->name, 2 * NAME_LENGTH_MAX);

                return error_invalid(error,
                                     "'%s' can't be a container's name: 1 to 63 of A-Z a-z 0-9 _ . -, the first one a "
                                     "letter or digit",
                                     shown);
        }
        r = check_mounts(spec, error);
        if (r < 0)
                return r;
        r = check_rlimits(spec, error);
        if (r >= 0)
                r = check_ports(spec, error);
        if (r >= 0)
                r = check_extra_hosts(spec, error);
        if (r >= 0)
                r = check_dns_servers(spec, error);
        if (r < 0)
                return r;

        if (!spec->hostname)
                spec->hostname = g_strdup(spec->name);
        if (!hostname_is_valid(spec->hostname))
                return error_invalid(error, "'%.128s' can't be a host name", spec->hostname);
        return 0;
}
