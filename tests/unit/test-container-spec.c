/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A request for a container: what is refused, with the value that is wrong, and what has a default. */

#include <errno.h>
#include <fcntl.h>

#include "model/container-spec.h"
#include "model/names.h"
#include "model/resolv-conf.h"
#include "unit.h"

#define INVALID SD_BUS_ERROR_INVALID_ARGS

#define TEN(c) c c c c c c c c c c
#define SIXTY  TEN("abcdef")

static MountSpec *add_mount(ContainerSpec *spec, MountType type, const char *destination, const char *host_path)
{
        MountSpec *mount = mount_spec_new();

        mount->type = type;
        mount->destination = g_strdup(destination);
        mount->host_path = g_strdup(host_path);
        mount->keys = host_path ? MOUNT_KEY_HOST_PATH : 0;
        g_ptr_array_add(spec->mounts, mount);
        return mount;
}

static ContainerSpec *new_good(const char *name)
{
        ContainerSpec *spec = container_spec_new();

        spec->name = g_strdup(name);
        add_mount(spec, MOUNT_BIND, "/", "/srv/root");
        return spec;
}

static void assert_good(ContainerSpec *spec)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = container_spec_check(spec, &error);

        g_assert_cmpstr(error.message, ==, NULL);
        g_assert_cmpint(r, ==, 0);
}

static void assert_bad(ContainerSpec *spec, const char *name, const char *part)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = container_spec_check(spec, &error);

        assert_refused(r, &error, name, part);
}

static void test_defaults(void)
{
        g_autoptr(ContainerSpec) spec = new_good("web.1");

        assert_good(spec);
        g_assert_cmpstr(spec->name, ==, "web.1");
        g_assert_cmpstr(spec->hostname, ==, "web.1");
        g_assert_cmpint(spec->net_mode, ==, NET_SANDBOX);
        g_assert_cmpint(spec->security_mode, ==, SECURITY_SANDBOX);
        g_assert_false(spec->watch_bus);
        g_assert_true(container_spec_get_root(spec) == spec->mounts->pdata[0]);
        g_assert_false(container_spec_get_root(spec)->read_only);
        g_assert_false(container_spec_get_root(spec)->output);
        g_assert_cmpint(container_spec_get_root(spec)->source, ==, -1);
}

static void test_generated_name(void)
{
        static const char *const empty[] = {NULL, ""};

        for (size_t i = 0; i < G_N_ELEMENTS(empty); i++) {
                g_autoptr(ContainerSpec) spec = new_good(empty[i]);

                assert_good(spec);
                g_assert_true(name_is_valid(spec->name));
                g_assert_cmpstr(spec->hostname, ==, spec->name);
        }
}

static void test_bad_names(void)
{
        static const char *const names[] = {"-a", "../x", "a b", "\xc3\xa9", SIXTY "1234"};

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autoptr(ContainerSpec) spec = new_good(names[i]);

                assert_bad(spec, INVALID, names[i]);
        }
}

/* A value that is too long to be shown whole is not cut in the middle of a character. */
static void test_long_values(void)
{
        for (int shift = 0; shift < 3; shift++) {
                g_autoptr(GString) text = g_string_new(NULL);
                g_autoptr(ContainerSpec) name = new_good(NULL), hostname = new_good("a");

                for (int i = 0; i < shift; i++)
                        g_string_append_c(text, 'x');
                for (int i = 0; i < 100; i++)
                        g_string_append(text, "\xe2\x82\xac");
                name->name = g_strdup(text->str);
                assert_bad(name, INVALID, "\xe2\x82\xac\xe2\x82\xac");
                hostname->hostname = g_strdup(text->str);
                assert_bad(hostname, INVALID, "\xe2\x82\xac\xe2\x82\xac");
        }
}

static void test_hostnames(void)
{
        static const char *const good[] = {"a", "A-b.c_d", "9", SIXTY "123"};
        static const char *const bad[] = {"", "-a", ".a", "a b", "a/b", "\xc3\xa9", "a\n", SIXTY "1234"};

        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                g_autoptr(ContainerSpec) spec = new_good("c1");

                spec->hostname = g_strdup(good[i]);
                assert_good(spec);
                g_assert_cmpstr(spec->hostname, ==, good[i]);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(ContainerSpec) spec = new_good("c1");
                g_autofree char *quoted = g_strdup_printf("'%s'", bad[i]);

                spec->hostname = g_strdup(bad[i]);
                assert_bad(spec, INVALID, quoted);
        }
}

static void test_extra_hosts(void)
{
        g_autoptr(ContainerSpec) good = new_good("a"), bad = new_good("a"), many = new_good("a");

        g_ptr_array_add(good->extra_hosts, extra_host_new("db", "2001:DB8::1"));
        assert_good(good);
        g_assert_cmpstr(((ExtraHost *) good->extra_hosts->pdata[0])->address, ==, "2001:db8::1");
        g_ptr_array_add(bad->extra_hosts, extra_host_new("db", "192.0.2.1"));
        g_ptr_array_add(bad->extra_hosts, extra_host_new("db", "x"));
        assert_bad(bad, INVALID, "failed to parse IP x");
        for (unsigned i = 0; i < EXTRA_HOSTS_MAX; i++)
                g_ptr_array_add(many->extra_hosts, extra_host_new("db", "192.0.2.1"));
        assert_good(many);
        g_ptr_array_add(many->extra_hosts, extra_host_new("db", "192.0.2.1"));
        assert_bad(many, INVALID, "'extra-hosts' has 257 entries, the limit is 256");
}

static void test_dns_servers(void)
{
        static const char *const addresses[] = {"192.0.2.1", "2001:DB8::1", "127.0.0.1", "::1"};
        static const char *const bad[] = {"", "x", "192.0.2.1:53", "192.0.2.1 ", "fe80::1%eth0"};
        g_autoptr(ContainerSpec) spec = new_good("a");

        for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
                if (i < DNS_SERVERS_MAX)
                        assert_good(spec);
                g_ptr_array_add(spec->dns_servers, g_strdup(addresses[i]));
        }
        g_assert_cmpstr(spec->dns_servers->pdata[1], ==, "2001:db8::1");
        assert_bad(spec, INVALID, "'dns-servers' has 4 addresses; programs use no more than 3");
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(ContainerSpec) other = new_good("a");
                g_autofree char *part = g_strdup_printf("failed to parse IP %s: the option 'dns-servers'", bad[i]);

                g_ptr_array_add(other->dns_servers, g_strdup(bad[i]));
                assert_bad(other, INVALID, part);
        }
}

static void test_no_root(void)
{
        g_autoptr(ContainerSpec) spec = container_spec_new();

        g_assert_null(container_spec_get_root(spec));
        assert_bad(spec, INVALID, "'mounts'");
}

static void test_two_roots(void)
{
        g_autoptr(ContainerSpec) spec = new_good("c1");

        add_mount(spec, MOUNT_BIND, "/./", "/srv/other");
        assert_bad(spec, INVALID, "two mounts at '/'");
}

/* Every spelling of the root. */
static void test_root_destinations(void)
{
        static const char *const destinations[] = {"/", "//", "/.", "/..", "/a/..", "."};

        for (size_t i = 0; i < G_N_ELEMENTS(destinations); i++) {
                g_autoptr(ContainerSpec) spec = container_spec_new();
                MountSpec *mount = add_mount(spec, MOUNT_BIND, destinations[i], "/srv/root");

                g_test_message("'%s'", destinations[i]);
                assert_good(spec);
                g_assert_true(container_spec_get_root(spec) == mount);
        }
}

static void test_mounts_are_normal(void)
{
        g_autoptr(ContainerSpec) spec = new_good("c1");
        static const char *const given[] = {"tmp", "//var//tmp/", "/a/./b/../c"}, *const plain[] = {"/tmp", "/var/tmp",
                                                                                                    "/a/c"};

        for (size_t i = 0; i < G_N_ELEMENTS(given); i++)
                (void) add_mount(spec, MOUNT_TMPFS, given[i], NULL);
        assert_good(spec);
        for (guint i = 0; i < G_N_ELEMENTS(given); i++) {
                const MountSpec *mount = spec->mounts->pdata[i + 1];

                g_assert_cmpstr(mount->destination, ==, plain[i]);
                g_assert_cmpuint(mount->index, ==, i + 1);
        }
}

static void test_same_destination(void)
{
        g_autoptr(ContainerSpec) spec = new_good("c1");

        (void) add_mount(spec, MOUNT_TMPFS, "/a/b", NULL);
        (void) add_mount(spec, MOUNT_BIND, "a//b/.", NULL);
        assert_bad(spec, INVALID, "two mounts at '/a/b'");
}

static void test_too_many_mounts(void)
{
        g_autoptr(ContainerSpec) most = new_good("c1"), more = new_good("c1");

        for (unsigned i = 1; i <= MOUNTS_MAX; i++) {
                g_autofree char *destination = g_strdup_printf("/%u", i);

                if (i < MOUNTS_MAX)
                        (void) add_mount(most, MOUNT_TMPFS, destination, NULL);
                (void) add_mount(more, MOUNT_TMPFS, destination, NULL);
        }
        assert_good(most);
        assert_bad(more, INVALID, "129 mounts");
}

static void test_too_many_host_paths(void)
{
        g_autoptr(ContainerSpec) most = new_good("c1"), more = new_good("c1");

        for (unsigned i = 1; i <= MOUNT_HOST_PATHS_MAX; i++) {
                g_autofree char *destination = g_strdup_printf("/%u", i);

                if (i < MOUNT_HOST_PATHS_MAX)
                        (void) add_mount(most, MOUNT_BIND, destination, "/srv/x");
                (void) add_mount(more, MOUNT_BIND, destination, "/srv/x");
        }
        assert_good(most);
        assert_bad(more, INVALID, "more than 16 mounts with a 'host-path'");
}

static MountSpec *add_with_id(ContainerSpec *spec, MountType type, const char *destination, const char *id,
                              bool optional)
{
        MountSpec *mount = add_mount(spec, type, destination, NULL);

        mount->id = g_strdup(id);
        mount->keys |= MOUNT_KEY_ID | (optional ? MOUNT_KEY_OPTIONAL : 0U);
        mount->optional = optional;
        return mount;
}

/* What a mount shows and nobody handed in: an error that names it, or it is left out where it may be missing. */
static void test_handed_in(void)
{
        g_autoptr(ContainerSpec) spec = new_good("c1"), no_secret = new_good("c1"), no_agent = new_good("c1");
        const MountSpec *there = add_with_id(spec, MOUNT_SECRET, "/key", "key", false);
        const MountSpec *missing = add_with_id(spec, MOUNT_SECRET, "/other", "other", true);
        const MountSpec *agent = add_with_id(spec, MOUNT_SSH, "/agent", "work", false);
        const MountSpec *no_agent_there = add_with_id(spec, MOUNT_SSH, "/default", "default", true);

        g_ptr_array_add(spec->secrets, secret_spec_new("key", "abc", 3, -1));
        g_ptr_array_add(spec->agents, agent_spec_new("work", -1));
        assert_good(spec);
        g_assert_false(there->left_out);
        g_assert_true(missing->left_out);
        g_assert_false(agent->left_out);
        g_assert_true(no_agent_there->left_out);
        g_assert_cmpuint(spec->mounts->len, ==, 5);
        g_assert_cmpmem(g_bytes_get_data(container_spec_find_secret(spec, "key")->bytes, NULL), 3, "abc", 3);
        g_assert_null(container_spec_find_secret(spec, "work"));
        g_assert_null(container_spec_find_agent(spec, "key"));

        (void) add_with_id(no_secret, MOUNT_SECRET, "/key", "key", false);
        assert_bad(no_secret, "org.gangway1.Error.NoSuchSecret", "'key'");
        (void) add_mount(no_agent, MOUNT_SSH, "/agent", NULL);
        assert_bad(no_agent, "org.gangway1.Error.NoSuchAgent", "'default'");
}

/* Which ids there are depends on the mode. */
static void test_ids(void)
{
        for (int mode = SECURITY_SANDBOX; mode <= SECURITY_INSECURE; mode++) {
                g_autoptr(ContainerSpec) spec = new_good("c1");
                MountSpec *mount = add_with_id(spec, MOUNT_SECRET, "/key", "key", true);

                spec->security_mode = (SecurityMode) mode;
                mount->gid = 65536;
                mount->keys |= MOUNT_KEY_GID;
                if (mode == SECURITY_SANDBOX)
                        assert_bad(spec, INVALID, "'gid' of the mount at '/key' is 65536");
                else
                        assert_good(spec);
        }
}

static void test_source_is_closed(void)
{
        int fd;
        {
                g_autoptr(ContainerSpec) spec = container_spec_new();

                fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
                MountSpec *mount = add_mount(spec, MOUNT_BIND, "/", NULL);
                mount->source = fd;
                mount->keys = MOUNT_KEY_SOURCE;
                assert_good(spec);
                assert_cloexec(fd);
        }
        g_assert_cmpint(fcntl(fd, F_GETFD), ==, -1);
}

static void test_rlimits(void)
{
        static const char *const names[] = {"AS",      "CORE",     "CPU",        "DATA",   "FSIZE", "LOCKS",
                                            "MEMLOCK", "MSGQUEUE", "NICE",       "NOFILE", "NPROC", "RSS",
                                            "RTPRIO",  "RTTIME",   "SIGPENDING", "STACK"};
        static const char *const bad[] = {"", "nofile", "RLIMIT_NOFILE", "NOFILE ", "NOSUCH"};
        g_autoptr(ContainerSpec) good = new_good("c1"), above = new_good("c1");

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                g_ptr_array_add(good->rlimits, resource_limit_new(names[i], i, UINT64_MAX));
        g_ptr_array_add(good->rlimits, resource_limit_new("CORE", UINT64_MAX, UINT64_MAX));
        assert_good(good);

        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(ContainerSpec) spec = new_good("c1");
                g_autofree char *quoted = g_strdup_printf("'%s'", bad[i]);

                g_ptr_array_add(spec->rlimits, resource_limit_new(bad[i], 1, 2));
                assert_bad(spec, INVALID, quoted);
        }

        g_ptr_array_add(above->rlimits, resource_limit_new("NPROC", 2, 1));
        assert_bad(above, INVALID, "'NPROC'");
}

static void test_words(void)
{
        static const char *const types[] = {"bind", "cache", "tmpfs", "secret", "ssh"};

        g_assert_cmpint(net_mode_from_string("sandbox"), ==, NET_SANDBOX);
        g_assert_cmpint(net_mode_from_string("none"), ==, NET_NONE);
        g_assert_cmpint(net_mode_from_string("host"), ==, NET_HOST);
        g_assert_cmpint(net_mode_from_string("Host"), ==, -EINVAL);
        g_assert_cmpint(net_mode_from_string(""), ==, -EINVAL);
        g_assert_cmpstr(net_mode_to_string(NET_HOST), ==, "host");
        g_assert_cmpint(security_mode_from_string("sandbox"), ==, SECURITY_SANDBOX);
        g_assert_cmpint(security_mode_from_string("insecure"), ==, SECURITY_INSECURE);
        g_assert_cmpint(security_mode_from_string("none"), ==, -EINVAL);
        g_assert_cmpstr(security_mode_to_string(SECURITY_INSECURE), ==, "insecure");
        for (int i = 0; i < (int) G_N_ELEMENTS(types); i++) {
                g_assert_cmpint(mount_type_from_string(types[i]), ==, i);
                g_assert_cmpstr(mount_type_to_string((MountType) i), ==, types[i]);
        }
        g_assert_cmpint(mount_type_from_string("volume"), ==, -EINVAL);
}

static void test_free(void)
{
        g_autoptr(GBytes) bytes = g_bytes_new("\x03", 1);
        g_autoptr(ContainerSpec) spec = new_good("c1");

        g_ptr_array_add(spec->scope_properties, scope_property_new("AllowedCPUs", 0, bytes));
        g_ptr_array_add(spec->scope_properties, scope_property_new("TasksMax", 7, NULL));
        assert_good(spec);
        g_assert_null(container_spec_free(NULL));
        g_assert_null(mount_spec_free(NULL));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/container-spec/defaults", test_defaults);
        g_test_add_func("/container-spec/generated-name", test_generated_name);
        g_test_add_func("/container-spec/bad-names", test_bad_names);
        g_test_add_func("/container-spec/long-values", test_long_values);
        g_test_add_func("/container-spec/hostnames", test_hostnames);
        g_test_add_func("/container-spec/extra-hosts", test_extra_hosts);
        g_test_add_func("/container-spec/dns-servers", test_dns_servers);
        g_test_add_func("/container-spec/no-root", test_no_root);
        g_test_add_func("/container-spec/two-roots", test_two_roots);
        g_test_add_func("/container-spec/root-destinations", test_root_destinations);
        g_test_add_func("/container-spec/mounts-are-normal", test_mounts_are_normal);
        g_test_add_func("/container-spec/same-destination", test_same_destination);
        g_test_add_func("/container-spec/too-many-mounts", test_too_many_mounts);
        g_test_add_func("/container-spec/too-many-host-paths", test_too_many_host_paths);
        g_test_add_func("/container-spec/handed-in", test_handed_in);
        g_test_add_func("/container-spec/ids", test_ids);
        g_test_add_func("/container-spec/source-is-closed", test_source_is_closed);
        g_test_add_func("/container-spec/rlimits", test_rlimits);
        g_test_add_func("/container-spec/words", test_words);
        g_test_add_func("/container-spec/free", test_free);
        return g_test_run();
}
