/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A request for a container: what is refused, with the value that is wrong, and what has a default. */

#include <errno.h>
#include <fcntl.h>

#include "model/container-spec.h"
#include "model/names.h"
#include "unit.h"

#define INVALID       SD_BUS_ERROR_INVALID_ARGS
#define NOT_SUPPORTED SD_BUS_ERROR_NOT_SUPPORTED

#define TEN(c) c c c c c c c c c c
#define SIXTY  TEN("abcdef")

static MountSpec *add_mount(ContainerSpec *spec, MountType type, const char *destination, const char *host_path)
{
        MountSpec *mount = mount_spec_new();

        mount->type = type;
        mount->destination = g_strdup(destination);
        mount->host_path = g_strdup(host_path);
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

static const struct {
        MountType type;
        const char *destination, *host_path;
        bool with_source;
        const char *error, *part;
} bad_mounts[] = {
        {MOUNT_BIND, NULL, "/srv/root", false, INVALID, "no destination"},
        {MOUNT_CACHE, "/", "/srv/root", false, NOT_SUPPORTED, "'/' of type cache"},
        {MOUNT_TMPFS, "/", NULL, false, NOT_SUPPORTED, "'/' of type tmpfs"},
        {MOUNT_TMPFS, "/tmp", NULL, false, NOT_SUPPORTED, "'/tmp' of type tmpfs"},
        {MOUNT_SECRET, "/run/key", NULL, false, NOT_SUPPORTED, "'/run/key' of type secret"},
        {MOUNT_SSH, "/run/agent", NULL, false, NOT_SUPPORTED, "'/run/agent' of type ssh"},
        {MOUNT_BIND, "/data", "/srv/data", false, NOT_SUPPORTED, "'/data' of type bind"},
        {MOUNT_BIND, "data", NULL, true, NOT_SUPPORTED, "'data' of type bind"},
        {MOUNT_BIND, "/", NULL, false, NOT_SUPPORTED, "neither source nor host-path"},
        {MOUNT_BIND, "/", "/srv/root", true, INVALID, "both source and host-path"},
        {MOUNT_BIND, "/", "srv/root", false, INVALID, "'srv/root'"},
        {MOUNT_BIND, "/", "", false, INVALID, "''"},
        {MOUNT_BIND, "/", "/srv/../etc", false, INVALID, "'/srv/../etc'"},
        {MOUNT_BIND, "/", "/srv/./root", false, INVALID, "'/srv/./root'"},
        {MOUNT_BIND, "/", "//srv", false, INVALID, "'//srv'"},
        {MOUNT_BIND, "/", "/srv//root", false, INVALID, "'/srv//root'"},
        {MOUNT_BIND, "/", "/srv/", false, INVALID, "'/srv/'"},
};

static void test_bad_mounts(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(bad_mounts); i++) {
                g_autoptr(ContainerSpec) spec = container_spec_new();
                MountSpec *mount =
                        add_mount(spec, bad_mounts[i].type, bad_mounts[i].destination, bad_mounts[i].host_path);

                g_test_message("row %zu", i);
                if (bad_mounts[i].with_source)
                        mount->source = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
                assert_bad(spec, bad_mounts[i].error, bad_mounts[i].part);
        }
}

/* The mistake is not hidden behind a root that is right. */
static void test_second_mount(void)
{
        g_autoptr(ContainerSpec) spec = new_good("c1");

        add_mount(spec, MOUNT_TMPFS, "/tmp", NULL);
        assert_bad(spec, NOT_SUPPORTED, "'/tmp'");
}

static void test_source_is_closed(void)
{
        int fd;
        {
                g_autoptr(ContainerSpec) spec = container_spec_new();

                fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
                add_mount(spec, MOUNT_BIND, "/", NULL)->source = fd;
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
        g_test_add_func("/container-spec/no-root", test_no_root);
        g_test_add_func("/container-spec/two-roots", test_two_roots);
        g_test_add_func("/container-spec/root-destinations", test_root_destinations);
        g_test_add_func("/container-spec/bad-mounts", test_bad_mounts);
        g_test_add_func("/container-spec/second-mount", test_second_mount);
        g_test_add_func("/container-spec/source-is-closed", test_source_is_closed);
        g_test_add_func("/container-spec/rlimits", test_rlimits);
        g_test_add_func("/container-spec/words", test_words);
        g_test_add_func("/container-spec/free", test_free);
        return g_test_run();
}
