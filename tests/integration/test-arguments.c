/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every argument that is wrong: the error's name, the offending value in its message, and that nothing was started.
 */
#include "common.h"

typedef struct Case {
        const char *part; /* of the message: the offending value */
        const char *options;
        const char *env;
        const char *const *argv;
        const FdPair *fds;
} Case;

static void assert_invalid_spawn(Container *container, const char *method, const Case *one)
{
        g_autoptr(Reply) reply = process_fails(container, .method = method, .argv = one->argv ?: ARGV("true"),
                                               .env = one->env, .options = one->options, .fds = one->fds);
        g_test_message("%s, options %s: %s", method, one->options ?: "none", reply->message);
        assert_error(reply, ERROR_INVALID_ARGS, one->part);
}

static void test_spawn(void)
{
        g_autoptr(Container) fresh = container_new(client), started = container_new_started(client);
        const char *const no_argv[] = {NULL};
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        const Case cases[] = {
                {"argv", .argv = no_argv},
                {"relative/folder", "{'cwd': <'relative/folder'>}"},
                {"./x", "{'cwd': <'./x'>}"},
                {"64", .fds = FDS({64, null})},
                {"4294967295", .fds = FDS({4294967295u, null})},
                {"5", .fds = FDS({5, null}, {5, null})},
                {"nosuchuser", "{'user': <'nosuchuser'>}"},
                {"nosuchgroup", "{'user': <'0:nosuchgroup'>}"},
                {"nosuchgroup", "{'user': <'root:nosuchgroup'>}"},
                {"4294967296", "{'user': <'4294967296'>}"},
                {"A=B", .env = "{'A=B': 'c'}"},
                {"read-onyl", "{'read-onyl': <true>}"},
                {"cwd", "{'cwd': <uint32 5>}"},
                {"tty", "{'tty': <'yes'>}"},
                {"winsize", "{'winsize': <(uint32 40, uint32 80)>}"},
                {"winsize", "{'winsize': <(uint16 40, uint16 80)>}"}, /* of no terminal */
                {"watch-bus", "{'watch-bus': <uint32 1>}"},
                {"a/b", "{'id': <'a/b'>}"},
                {"-id", "{'id': <'-id'>}"},
                {"a b", "{'id': <'a b'>}"},
                {"0", "{'tty': <true>}", .fds = FDS({0, null})},
                {"1", "{'tty': <true>}", .fds = FDS({1, null})},
                {"2", "{'tty': <true>}", .fds = FDS({2, null})},
        };
        g_autofree char *before = world_snapshot();

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                assert_invalid_spawn(fresh, "Start", &cases[i]);
                assert_invalid_spawn(started, "Exec", &cases[i]);
        }
        world_assert_same(before);
        g_autoptr(GVariant) none = client_property(client, fresh->path, "Processes");
        g_autoptr(GVariant) init = client_property(client, started->path, "Processes");
        g_assert_cmpuint(g_variant_n_children(none), ==, 0);
        g_assert_cmpuint(g_variant_n_children(init), ==, 1);
        g_assert_cmpuint(process_run(fresh, NULL, .method = "Start", .script = "exit 6"), ==, 6);
        close_fd(&null);
}

static void test_empty_program(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autoptr(Reply) reply = process_fails(container, .method = "Start", .argv = ARGV(""));
        assert_error(reply, ERROR_INVALID_ARGS, NULL);
}

/* Each with what CreateContainer is called with, by its fields. */
static void test_create(void)
{
        g_autofree char *longest = g_strnfill(64, 'n');
        const struct {
                const char *part;
                Create create;
        } cases[] = {
                {"a/b", {.name = "a/b"}},
                {".hidden", {.name = ".hidden"}},
                {"-x", {.name = "-x"}},
                {"a b", {.name = "a b"}},
                {"..", {.name = ".."}},
                {"caf\303\251", {.name = "caf\303\251"}},
                {longest, {.name = longest}},
                {"mounts", {.mounts = "@aa{sv} []"}},
                {"read-onyl", {.options = "{'read-onyl': <true>}"}},
                {"bridge", {.options = "{'net-mode': <'bridge'>}"}},
                {"safe", {.options = "{'security-mode': <'safe'>}"}},
                {"net-mode", {.options = "{'net-mode': <uint32 1>}"}},
                {"my host", {.options = "{'hostname': <'my host'>}"}},
                {"watch-bus", {.options = "{'watch-bus': <'yes'>}"}},
                {"ExecStart", {.options = "{'scope-properties': <[('ExecStart', <'x'>)]>}"}},
                {"Slice", {.options = "{'scope-properties': <[('Slice', <'system.slice'>)]>}"}},
                {"Delegate", {.options = "{'scope-properties': <[('Delegate', <false>)]>}"}},
                {"PIDs", {.options = "{'scope-properties': <[('PIDs', <[uint32 1]>)]>}"}},
                {"MemoryMax", {.options = "{'scope-properties': <[('MemoryMax', <'1G'>)]>}"}},
                {"NOSUCH", {.options = "{'rlimits': <{'NOSUCH': (uint64 1, uint64 1)}>}"}},
                {"NOFILE", {.options = "{'rlimits': <{'NOFILE': (uint64 2, uint64 1)}>}"}},
                {"read-onyl", {.mount = "{'read-onyl': <true>}"}},
                {"read-only", {.mount = "{'read-only': <'yes'>}"}},
                {"size", {.mount = "{'size': <uint64 5>}"}},
                {"bnid", {.mounts = "[{'type': <'bnid'>, 'destination': <'/'>, 'source': <handle 0>}]"}},
                {"destination", {.mounts = "[{'type': <'bind'>, 'source': <handle 0>}]"}},
                {"host-path", {.mounts = "[{'type': <'bind'>, 'destination': <'/'>, 'host-path': <'relative'>}]"}},
                {"host-path", {.mount = "{'host-path': <'/'>}"}},
                {"/",
                 {.mounts = "[{'type': <'bind'>, 'destination': <'/'>, 'source': <handle 0>},"
                            " {'type': <'bind'>, 'destination': <'/'>, 'source': <handle 0>}]"}},
        };
        g_autofree char *before = world_snapshot();

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Reply) reply = container_create_fails(client, &cases[i].create);
                g_test_message("%s: %s", cases[i].part, reply->message);
                assert_error(reply, ERROR_INVALID_ARGS, cases[i].part);
        }
        world_assert_same(before);
}

/* A root that is no folder: the fd is fine, what it is of is not. */
static void test_root_is_a_file(void)
{
        g_autofree char *before = world_snapshot();
        g_autoptr(Reply) file = container_new_fails(client, .root = "/etc/passwd");
        g_autoptr(Reply) device = container_new_fails(client, .root = "/dev/null");

        g_assert_true(g_str_equal(file->error, ERROR_INVALID_ARGS) ||
                      g_str_equal(file->error, ERROR_GANGWAY("MountFailed")));
        g_assert_true(g_str_equal(device->error, ERROR_INVALID_ARGS) ||
                      g_str_equal(device->error, ERROR_GANGWAY("MountFailed")));
        world_assert_same(before);
}

static void test_process_methods(void)
{
        g_autoptr(Container) container = container_new_started(client);
        static const char *const signals[] = {"FOO", "SIGFOO", "65", "-1", "", "TERM ", "RTMIN+99", "RTMAX-99", "1x"};

        for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
                g_autofree char *message =
                        client_call_fails(client, container->path, "Signal",
                                          g_variant_new("(sss)", "init", signals[i], ""), ERROR_INVALID_ARGS);
                assert_contains(message, signals[i]);
        }
        g_autofree char *message =
                client_call_fails(client, container->path, "Signal",
                                  g_variant_new("(sss)", "init", "TERM", "everybody"), ERROR_INVALID_ARGS);
        assert_contains(message, "everybody");

        const struct {
                const char *member;
                GVariant *args;
        } calls[] = {
                {"Signal", g_variant_new("(sss)", "nobody", "TERM", "")},
                {"Resize", g_variant_new("(sqq)", "nobody", 1, 1)},
                {"Wait", g_variant_new("(s)", "nobody")},
        };
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
                g_autofree char *text = client_call_fails(client, container->path, calls[i].member, calls[i].args,
                                                          ERROR_GANGWAY("NoSuchProcess"));
                assert_contains(text, "nobody");
        }
}

/* Arguments of another type than the method's never reach it. */
static void test_signatures(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autofree char *create =
                client_call_fails(client, GANGWAY_PATH, "CreateContainer", g_variant_new("(u)", 5), ERROR_INVALID_ARGS);
        g_autofree char *start =
                client_call_fails(client, container->path, "Start", g_variant_new("(s)", "sh"), ERROR_INVALID_ARGS);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/arguments/spawn", test_spawn},
                {"/arguments/empty-program", test_empty_program},
                {"/arguments/create", test_create},
                {"/arguments/root-is-a-file", test_root_is_a_file},
                {"/arguments/process-methods", test_process_methods},
                {"/arguments/signatures", test_signatures},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
