/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * config.json and process.json against golden/NAME.json, which hold the text with line breaks. GOLDEN_UPDATE=1 writes
 * them anew: then look at what has changed before it goes in.
 */

#include "model/oci-spec.h"
#include "unit.h"

typedef struct Fixture {
        ContainerSpec *container;
        ProcessSpec *process;
        ProcessUser user;
        OciRoot root;
} Fixture;

static void fixture_set_up(Fixture *f, gconstpointer data)
{
        static const char *const argv[] = {"/bin/sh", "-c", "exit 3", NULL};
        MountSpec *mount = mount_spec_new();

        f->container = container_spec_new();
        f->container->name = g_strdup("web");
        mount->destination = g_strdup("/");
        mount->host_path = g_strdup("/srv/root");
        g_ptr_array_add(f->container->mounts, mount);
        f->process = process_spec_new();
        f->process->argv = g_strdupv((char **) argv);
        f->user = (ProcessUser){};
        f->root = (OciRoot){.path = "/var/lib/gangway/1000-web/rootfs", .id_base = 1879048192U};
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
        container_spec_free(f->container);
        process_spec_free(f->process);
        g_clear_pointer(&f->user.groups, g_array_unref);
        g_clear_pointer(&f->root.seccomp_json, json_node_unref);
}

static char *make_config(Fixture *f)
{
        g_assert_cmpint(container_spec_check(f->container, NULL), ==, 0);
        g_assert_cmpint(process_spec_check(f->process, NULL), ==, 0);
        return oci_spec_config(f->container, &f->root, f->process, &f->user, UINT64_MAX);
}

static JsonNode *parse(const char *text)
{
        g_autoptr(GError) error = NULL;
        JsonNode *node = json_from_string(text, &error);

        g_assert_no_error(error);
        return node;
}

static void assert_golden(const char *name, const char *text)
{
        g_autofree char *path = g_test_build_filename(G_TEST_DIST, "golden", name, NULL), *expected = NULL;
        g_autofree char *pretty = NULL, *line = NULL;
        g_autoptr(JsonNode) node = parse(text);
        g_autoptr(GError) error = NULL;

        pretty = json_to_string(node, TRUE);
        line = g_strconcat(pretty, "\n", NULL);
        if (g_getenv("GOLDEN_UPDATE")) {
                g_file_set_contents(path, line, -1, &error);
                g_assert_no_error(error);
                return;
        }
        g_file_get_contents(path, &expected, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(line, ==, expected);
}

static void assert_config(Fixture *f, const char *name)
{
        g_autofree char *text = make_config(f);

        assert_golden(name, text);
}

static void test_sandbox(Fixture *f, gconstpointer data)
{
        f->root.seccomp_bpf = "AAECAw==";
        f->user = (ProcessUser){.uid = 1000, .gid = 1001};
        f->process->cwd = g_strdup("/srv");
        assert_config(f, "sandbox.json");
}

/* No filter either, even if one is there, and no ids of its own. */
static void test_insecure(Fixture *f, gconstpointer data)
{
        f->container->security_mode = SECURITY_INSECURE;
        f->root.seccomp_bpf = "AAECAw==";
        f->root.seccomp_json = parse("{\"defaultAction\": \"SCMP_ACT_ERRNO\"}");
        f->root.n_loop_devices = 2;
        assert_config(f, "insecure.json");
}

static void test_host_network(Fixture *f, gconstpointer data)
{
        f->container->net_mode = NET_HOST;
        f->container->hostname = g_strdup("other");
        ((MountSpec *) f->container->mounts->pdata[0])->read_only = true;
        assert_config(f, "host-network.json");
}

static void test_insecure_host_network(Fixture *f, gconstpointer data)
{
        f->container->net_mode = NET_HOST;
        f->container->security_mode = SECURITY_INSECURE;
        assert_config(f, "insecure-host-network.json");
}

/* A network that is there already, with the user namespace that it belongs to. */
static void test_network(Fixture *f, gconstpointer data)
{
        f->root.network = "/run/gangway/containers/1000-web/staging/network";
        f->root.user = "/run/gangway/containers/1000-web/staging/network-user";
        assert_config(f, "network.json");
}

static void test_tty(Fixture *f, gconstpointer data)
{
        f->process->tty = true;
        f->process->rows = 40;
        f->process->columns = 80;
        assert_config(f, "tty.json");
}

/* The form for runtimes that make a control group and compile the filter by themselves. */
static void test_runc(Fixture *f, gconstpointer data)
{
        f->container->net_mode = NET_NONE;
        f->root.cgroups_path = "/gangway.slice/gangway-1000.slice/gangway-1000-web.scope/runtime";
        f->root.seccomp_json = parse("{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1, \"syscalls\": "
                                     "[{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"}]}");
        assert_config(f, "runc.json");
}

static void test_exec(Fixture *f, gconstpointer data)
{
        static const uint32_t groups[] = {29, 44};
        g_autofree char *text = NULL;

        f->user = (ProcessUser){.uid = 1000, .gid = 1001, .groups = g_array_new(FALSE, FALSE, sizeof(uint32_t))};
        g_array_append_vals(f->user.groups, groups, G_N_ELEMENTS(groups));
        g_ptr_array_add(f->container->rlimits, resource_limit_new("NOFILE", 1024, 4096));
        g_ptr_array_add(f->container->rlimits, resource_limit_new("CORE", 0, 0));
        g_assert_cmpint(process_spec_add_env(f->process, "GREETING", "good day", NULL), ==, 0);
        g_assert_cmpint(container_spec_check(f->container, NULL), ==, 0);
        g_assert_cmpint(process_spec_check(f->process, NULL), ==, 0);
        text = oci_spec_process(f->container, f->process, &f->user, UINT64_MAX);
        assert_golden("exec-process.json", text);
}

/* An exec in an insecure container has all of its container's capabilities. */
static void test_insecure_exec(Fixture *f, gconstpointer data)
{
        g_autofree char *text = NULL;

        f->container->security_mode = SECURITY_INSECURE;
        f->process->tty = true;
        g_assert_cmpint(process_spec_check(f->process, NULL), ==, 0);
        text = oci_spec_process(f->container, f->process, &f->user, UINT64_MAX);
        assert_golden("insecure-exec-process.json", text);
}

/* An insecure container gets what the daemon has, and a sandbox's are all its own. */
static void test_available(Fixture *f, gconstpointer data)
{
        g_autofree char *sandbox = NULL, *none = NULL, *two = NULL;

        g_assert_cmpint(process_spec_check(f->process, NULL), ==, 0);
        sandbox = oci_spec_process(f->container, f->process, &f->user, 0);
        g_assert_nonnull(strstr(sandbox, "\"bounding\":[\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\",\"CAP_FSETID\","));
        f->container->security_mode = SECURITY_INSECURE;
        none = oci_spec_process(f->container, f->process, &f->user, 0);
        g_assert_nonnull(strstr(none, "\"bounding\":[]"));
        /* 21 and 40 in linux/capability.h. */
        two = oci_spec_process(f->container, f->process, &f->user, UINT64_C(1) << 21 | UINT64_C(1) << 40);
        g_assert_nonnull(strstr(two, "\"ambient\":[\"CAP_SYS_ADMIN\",\"CAP_CHECKPOINT_RESTORE\"]"));
}

/* The same request gives the same text, and does not change. */
static void test_repeatable(Fixture *f, gconstpointer data)
{
        g_autofree char *first = make_config(f), *second = NULL;

        second = oci_spec_config(f->container, &f->root, f->process, &f->user, UINT64_MAX);
        g_assert_cmpstr(first, ==, second);
}

/* Whatever a string holds comes back from the text as it was. */
static void test_strings(Fixture *f, gconstpointer data)
{
        static const char *const argv[] = {"/bin/echo",
                                           "\"quoted\" \\ 'x'",
                                           "a\nb\tc\r\b\f",
                                           "\x01\x1f\x7f",
                                           "\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\x8d",
                                           "",
                                           "</script>",
                                           "\\u0000",
                                           NULL};
        g_autofree char *text = NULL;
        g_autoptr(JsonNode) node = NULL;
        JsonArray *args;

        g_strfreev(f->process->argv);
        f->process->argv = g_strdupv((char **) argv);
        g_assert_cmpint(process_spec_add_env(f->process, "A", "\"\n\\", NULL), ==, 0);
        text = make_config(f);
        node = parse(text);
        args = json_object_get_array_member(json_object_get_object_member(json_node_get_object(node), "process"),
                                            "args");
        g_assert_cmpuint(json_array_get_length(args), ==, G_N_ELEMENTS(argv) - 1);
        for (guint i = 0; i < json_array_get_length(args); i++)
                g_assert_cmpstr(json_array_get_string_element(args, i), ==, argv[i]);
        /* A raw control character is no JSON, though some parsers take it. */
        for (const char *c = text; *c; c++)
                g_assert_cmpint((unsigned char) *c, >=, ' ');
}

/* The runtime specification has unsigned 64 bit numbers, and RLIM_INFINITY is the highest of them. */
static void test_unlimited(Fixture *f, gconstpointer data)
{
        g_autofree char *text = NULL;

        g_ptr_array_add(f->container->rlimits, resource_limit_new("NOFILE", 9223372036854775808U, UINT64_MAX));
        text = make_config(f);
        g_assert_nonnull(strstr(text, "\"soft\":9223372036854775808"));
        g_assert_nonnull(strstr(text, "\"hard\":18446744073709551615"));
        g_assert_null(strstr(text, "\"hard\":-1"));
}

/* Mounts that were prepared go behind the usual ones, in their order, and as they are. */
static void test_binds(Fixture *f, gconstpointer data)
{
        static const char *const binds[] = {"/dev/shm", "/run/x/dev-1", "/dev/shm/key", "/run/x/dev-2", NULL};
        g_autoptr(JsonNode) node = NULL;
        g_autofree char *text = NULL;
        JsonArray *mounts;

        f->root.binds = binds;
        text = make_config(f);
        node = parse(text);
        mounts = json_object_get_array_member(json_node_get_object(node), "mounts");
        for (guint i = 0; i < 2; i++) {
                JsonObject *mount = json_array_get_object_element(mounts, json_array_get_length(mounts) - 2 + i);
                JsonArray *options = json_object_get_array_member(mount, "options");

                g_assert_cmpstr(json_object_get_string_member(mount, "destination"), ==, binds[2 * i]);
                g_assert_cmpstr(json_object_get_string_member(mount, "source"), ==, binds[2 * i + 1]);
                g_assert_cmpstr(json_object_get_string_member(mount, "type"), ==, "bind");
                g_assert_cmpuint(json_array_get_length(options), ==, 1);
                g_assert_cmpstr(json_array_get_string_element(options, 0), ==, "rbind");
        }
}

static void add(const char *name, void (*function)(Fixture *, gconstpointer))
{
        g_test_add(name, Fixture, NULL, fixture_set_up, function, fixture_tear_down);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add("/oci-spec/sandbox", test_sandbox);
        add("/oci-spec/insecure", test_insecure);
        add("/oci-spec/network", test_network);
        add("/oci-spec/host-network", test_host_network);
        add("/oci-spec/insecure-host-network", test_insecure_host_network);
        add("/oci-spec/tty", test_tty);
        add("/oci-spec/runc", test_runc);
        add("/oci-spec/exec", test_exec);
        add("/oci-spec/insecure-exec", test_insecure_exec);
        add("/oci-spec/available", test_available);
        add("/oci-spec/repeatable", test_repeatable);
        add("/oci-spec/strings", test_strings);
        add("/oci-spec/unlimited", test_unlimited);
        add("/oci-spec/binds", test_binds);
        return g_test_run();
}
