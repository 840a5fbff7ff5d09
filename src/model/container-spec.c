/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/container-spec.h"

#include "model/names.h"
#include "util/cleanup.h"
#include "util/error.h"

#define HOSTNAME_LENGTH_MAX 63U

static const char *const net_modes[] = {[NET_SANDBOX] = "sandbox", [NET_NONE] = "none", [NET_HOST] = "host"};
static const char *const security_modes[] = {[SECURITY_SANDBOX] = "sandbox", [SECURITY_INSECURE] = "insecure"};
static const char *const mount_types[] = {[MOUNT_BIND] = "bind",
                                          [MOUNT_CACHE] = "cache",
                                          [MOUNT_TMPFS] = "tmpfs",
                                          [MOUNT_SECRET] = "secret",
                                          [MOUNT_SSH] = "ssh"};

DEFINE_WORD_TABLE(net_mode, NetMode, net_modes)
DEFINE_WORD_TABLE(security_mode, SecurityMode, security_modes)
DEFINE_WORD_TABLE(mount_type, MountType, mount_types)

static void free_mount(gpointer mount)
{
        mount_spec_free(mount);
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

        spec->mounts = g_ptr_array_new_with_free_func(free_mount);
        spec->rlimits = g_ptr_array_new_with_free_func(free_resource_limit);
        spec->scope_properties = g_ptr_array_new_with_free_func(free_scope_property);
        return spec;
}

ContainerSpec *container_spec_free(ContainerSpec *spec)
{
        if (!spec)
                return NULL;
        g_ptr_array_unref(spec->mounts);
        g_ptr_array_unref(spec->rlimits);
        g_ptr_array_unref(spec->scope_properties);
        g_free(spec->hostname);
        g_free(spec->name);
        g_free(spec);
        return NULL;
}

MountSpec *mount_spec_new(void)
{
        MountSpec *mount = g_new0(MountSpec, 1);

        mount->source = -1;
        return mount;
}

MountSpec *mount_spec_free(MountSpec *mount)
{
        if (!mount)
                return NULL;
        safe_close(mount->source);
        g_free(mount->destination);
        g_free(mount->host_path);
        g_free(mount);
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

static bool is_root(const MountSpec *mount)
{
        g_autofree char *path = g_canonicalize_filename(mount->destination, "/");

        return strspn(path, "/") == strlen(path);
}

const MountSpec *container_spec_get_root(const ContainerSpec *spec)
{
        for (guint i = 0; i < spec->mounts->len; i++)
                if (is_root(spec->mounts->pdata[i]))
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

/* A path as a person reads it: it begins with what it leads to. */
static bool is_plain_path(const char *path)
{
        g_autofree char *plain = g_canonicalize_filename(path, "/");

        /* Two slashes at the beginning are kept, since POSIX lets them mean something. */
        return strcmp(plain, path) == 0 && !g_str_has_prefix(path, "//");
}

static int check_mount(const MountSpec *mount, sd_bus_error *error)
{
        if (!mount->destination)
                return error_invalid(error, "A mount has no destination; give it one, for example \"/\"");
        if (mount->type != MOUNT_BIND || !is_root(mount))
                return error_set(error, SD_BUS_ERROR_NOT_SUPPORTED,
                                 "The mount at '%s' of type %s is not supported yet: this version makes the root only, "
                                 "a bind mount at '/'",
                                 mount->destination, mount_type_to_string(mount->type));
        if (mount->source >= 0 && mount->host_path)
                return error_invalid(error, "The mount at '%s' has both source and host-path; give it one of them",
                                     mount->destination);
        if (mount->source < 0 && !mount->host_path)
                return error_set(error, SD_BUS_ERROR_NOT_SUPPORTED,
                                 "The mount at '%s' has neither source nor host-path, and this version makes no "
                                 "empty root",
                                 mount->destination);
        if (mount->host_path && !is_plain_path(mount->host_path))
                return error_invalid(error,
                                     "The host-path '%s' is not absolute, or has a '.', a '..', or a '/' too many",
                                     mount->host_path);
        return 0;
}

static int check_mounts(const ContainerSpec *spec, sd_bus_error *error)
{
        for (guint i = 0; i < spec->mounts->len; i++) {
                int r = check_mount(spec->mounts->pdata[i], error);

                if (r < 0)
                        return r;
        }
        if (spec->mounts->len == 0)
                return error_invalid(error, "The option 'mounts' has no mount at '/'; one must be the root");
        if (spec->mounts->len > 1)
                return error_invalid(error, "The option 'mounts' has two mounts at '/'");
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
        if (r < 0)
                return r;

        if (!spec->hostname)
                spec->hostname = g_strdup(spec->name);
        if (!hostname_is_valid(spec->hostname))
                return error_invalid(error, "'%.128s' can't be a host name", spec->hostname);
        return 0;
}
