/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gangwayctl as a script uses it: exit codes, streams, signals that are passed on, and what it prints. Each test looks
 * at the program from outside. What it does with terminals is in test-ctl-terminal.c.
 */
#include "ctl.h"

#define RUN(...) CTL("run", "--rootfs", root_shared(), __VA_ARGS__)

static void test_exit_codes(void)
{
        const int codes[] = {0, 1, 42, 125, 255};

        for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
                g_autofree char *script = g_strdup_printf("exit %d", codes[i]);
                g_assert_cmpint(ctl_run(NULL, NULL, RUN("--", "sh", "-c", script)), ==, codes[i]);
        }
}

static void test_killed(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = client_property_string(client, container->path, "Name");

        g_assert_cmpint(ctl_run(NULL, NULL, CTL("exec", name, "sh", "-c", "kill -KILL $$")), ==, 128 + SIGKILL);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("exec", name, "sh", "-c", "kill -USR1 $$")), ==, 128 + SIGUSR1);
}

/* 125, 126 and 127, each with a sentence that names what was wrong. */
static void test_failures(void)
{
        const struct {
                const char *const *argv;
                int status;
                const char *part;
        } cases[] = {
                {RUN("nowhere"), 127, "nowhere"},
                {RUN("/etc/passwd"), 126, "/etc/passwd"},
                {RUN("--net", "cable", "true"), 125, "cable"},
                {RUN("-w", "relative", "true"), 125, "relative"},
                {CTL("exec", "ghost", "true"), 125, "ghost"},
                {CTL("release", "ghost"), 125, "ghost"},
                {CTL("create", "bad name", "--rootfs", root_shared()), 125, "bad name"},
                {CTL("create", "c1", "--rootfs", "/nowhere"), 125, "/nowhere"},
                {CTL("create"), 125, "--rootfs"},
                {CTL("create", "c1", "--rootfs", "/", "--property", "MemoryMax=lots"), 125, "lots"},
                {CTL("start"), 125, "NAME"},
                {CTL("exec", "c1"), 125, "COMMAND"},
                {CTL("exec", "--nonsense", "c1", "true"), 125, "--nonsense"},
                {CTL("frobnicate"), 125, "frobnicate"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *output = NULL, *errors = NULL;

                g_test_message("case %zu", i);
                g_assert_cmpint(ctl_run(&output, &errors, cases[i].argv), ==, cases[i].status);
                g_assert_cmpstr(output, ==, "");
                /* One sentence, in the last line: the runtime may have said something itself on the process's streams.
                 */
                g_auto(GStrv) lines = g_strsplit(g_strchomp(errors), "\n", -1);
                const char *sentence = lines[g_strv_length(lines) - 1];
                g_assert_true(g_str_has_prefix(sentence, "gangwayctl: "));
                assert_contains(sentence, cases[i].part);
        }
}

static void test_help(void)
{
        const char *const *cases[] = {CTL("--help"), CTL("run", "--help"), CTL("exec", "-h"), CTL("help", "wait")};
        g_autofree char *version = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *output = NULL, *errors = NULL;

                g_assert_cmpint(ctl_run(&output, &errors, cases[i]), ==, 0);
                g_assert_true(g_str_has_prefix(output, "gangwayctl "));
                g_assert_cmpstr(errors, ==, "");
        }
        g_assert_cmpint(ctl_run(&version, NULL, CTL("--version")), ==, 0);
        g_assert_true(g_str_has_prefix(version, "gangwayctl "));
}

/* The process has the very streams of gangwayctl. */
static void test_streams(void)
{
        int in[2], out[2], err[2];

        make_pipe(in);
        make_pipe(out);
        make_pipe(err);
        pid_t pid = ctl_spawn(RUN("sh", "-c", "cat; echo wrong >&2; exit 3"), in[0], out[1], err[1]);
        close_fd(&in[0]);
        close_fd(&out[1]);
        close_fd(&err[1]);
        write_text(in[1], "first line\nno newline");
        close_fd(&in[1]);
        g_autofree char *output = read_text(out[0], NULL), *errors = read_text(err[0], NULL);
        g_assert_cmpstr(output, ==, "first line\nno newline");
        g_assert_cmpstr(errors, ==, "wrong\n");
        g_assert_cmpint(ctl_end(pid), ==, 3);
        close_fd(&out[0]);
        close_fd(&err[0]);
}

static void test_options(void)
{
        const char *script = "hostname; ulimit -n; id -u; id -g; pwd; "
                             "echo $A $GANGWAY_TEST_OWN ${GANGWAY_TEST_NONE-unset}; "
                             "touch /tmp/x 2>/dev/null || echo refused";
        g_autofree char *output = NULL;

        g_setenv("GANGWAY_TEST_OWN", "mine", TRUE);
        g_assert_cmpint(
                ctl_run(&output, NULL,
                        RUN("--name", "ctl-options", "--hostname", "inside", "--rlimit", "NOFILE=100:200", "--property",
                            "TasksMax=50", "--read-only", "-u", "7:8", "-w", "/tmp", "-e", "A=1", "-e",
                            "GANGWAY_TEST_OWN", "-e", "GANGWAY_TEST_NONE", "--id", "main", "sh", "-c", script)),
                ==, 0);
        g_assert_cmpstr(output, ==, "inside\n100\n7\n8\n/tmp\n1 mine unset\nrefused\n");
}

static void test_step_by_step(void)
{
        g_autofree char *before = world_snapshot(), *list = NULL, *json = NULL, *id = NULL, *running = NULL,
                        *show = NULL;

        g_assert_cmpint(ctl_run(NULL, NULL, CTL("create", "ctl-steps", "--rootfs", root_shared())), ==, 0);
        g_assert_cmpint(ctl_run(&id, NULL, CTL("start", "-d", "--id", "main", "ctl-steps", "sleep", "1000")), ==, 0);
        g_assert_cmpstr(id, ==, "main\n");
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("exec", "ctl-steps", "--", "sh", "-c", "exit 4")), ==, 4);
        g_assert_cmpint(ctl_run(&list, NULL, CTL("list")), ==, 0);
        assert_contains(list, "\nctl-steps ");
        g_assert_cmpint(ctl_run(&json, NULL, CTL("list", "--json")), ==, 0);
        assert_contains(json, "\"name\" : \"ctl-steps\"");
        g_assert_cmpint(ctl_run(&running, NULL, CTL("show", "ctl-steps")), ==, 0);
        assert_contains(running, "main running, pid ");
        assert_contains(running, " exited, exit-code 4\n");
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("signal", "ctl-steps", "main", "KILL")), ==, 0);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("wait", "ctl-steps", "main")), ==, 128 + SIGKILL);
        g_assert_cmpint(ctl_run(&show, NULL, CTL("show", "ctl-steps", "--json")), ==, 0);
        assert_contains(show, "\"state\" : \"exited\"");
        assert_contains(show, "\"exit-code\" : 137");
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("release", "ctl-steps")), ==, 0);
        world_assert_same(before);
}

static void test_pause(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = client_property_string(client, container->path, "Name");

        g_assert_cmpint(ctl_run(NULL, NULL, CTL("pause", name)), ==, 0);
        g_autofree char *paused = container_state(container);
        g_assert_cmpstr(paused, ==, "paused");
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("resume", name)), ==, 0);
        g_autofree char *running = container_state(container);
        g_assert_cmpstr(running, ==, "running");
}

/* One that is not there does not keep the verb from the next. */
static void test_release_several(void)
{
        g_autofree char *before = world_snapshot(), *errors = NULL, *first = NULL, *second = NULL;

        g_assert_cmpint(ctl_run(&first, NULL, CTL("create", "--rootfs", root_shared())), ==, 0);
        g_assert_cmpint(ctl_run(&second, NULL, CTL("create", "--rootfs", root_shared())), ==, 0);
        g_assert_cmpint(ctl_run(NULL, &errors, CTL("release", g_strchomp(first), "ghost", g_strchomp(second))), ==,
                        125);
        assert_contains(errors, "ghost");
        world_assert_same(before);
}

/* Starts argv with a pipe as its output and waits until it says "ready". */
static pid_t spawn_until_ready(const char *const *argv, int *ret_output)
{
        int out[2];

        make_pipe(out);
        pid_t pid = ctl_spawn(argv, -1, out[1], STDERR_FILENO);
        close_fd(&out[1]);
        g_free(read_text(out[0], "ready\n"));
        *ret_output = out[0];
        return pid;
}

static void test_signals(void)
{
        const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = client_property_string(client, container->path, "Name");

        for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
                g_autofree char *script = g_strdup_printf("trap 'echo got; exit %d' %d; echo ready; "
                                                          "while :; do sleep 1000 & wait; done",
                                                          50 + signals[i], signals[i]);
                int output;
                pid_t pid = spawn_until_ready(CTL("exec", name, "sh", "-c", script), &output);

                g_assert_no_errno(kill(pid, signals[i]));
                g_autofree char *rest = read_text(output, "got\n");
                g_assert_cmpint(ctl_end(pid), ==, 50 + signals[i]);
                close_fd(&output);
        }
}

/* What is ignored when the program starts stays ignored: that is what nohup(1) means. */
static void test_ignored_signal(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = client_property_string(client, container->path, "Name");
        const char *script = "trap 'exit 1' HUP; trap 'exit 2' TERM; echo ready; while :; do sleep 1000 & wait; done";
        int output;
        pid_t pid = spawn_until_ready(
                ARGV("sh", "-c", "trap '' HUP; exec gangwayctl exec \"$0\" sh -c \"$1\"", name, script), &output);

        g_assert_no_errno(kill(pid, SIGHUP));
        g_assert_no_errno(kill(pid, SIGTERM));
        g_assert_cmpint(ctl_end(pid), ==, 2);
        close_fd(&output);
}

/* Killed itself, it leaves nothing behind. */
static void test_killed_itself(void)
{
        g_autofree char *before = world_snapshot();
        int output;
        pid_t pid = spawn_until_ready(RUN("sh", "-c", "echo ready; sleep 1000"), &output);

        g_assert_no_errno(kill(pid, SIGKILL));
        g_assert_cmpint(ctl_end(pid), ==, 128 + SIGKILL);
        close_fd(&output);
        world_wait_same(before);
}

/* A process that ends at once is never waited for in vain. */
static void test_quick_ends(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = client_property_string(client, container->path, "Name");

        for (int i = 0; i < 50; i++) {
                g_autofree char *script = g_strdup_printf("exit %d", i);
                g_assert_cmpint(ctl_run(NULL, NULL, CTL("exec", name, "sh", "-c", script)), ==, i);
        }
}

static void test_released_while_attached(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = client_property_string(client, container->path, "Name"), *got = NULL;
        const char *script = "trap 'echo got' USR1; echo ready; while :; do sleep 1000 & wait; done";
        int output;
        pid_t pid = spawn_until_ready(CTL("exec", name, "sh", "-c", script), &output);

        /* A signal that went through tells that it waits by now. */
        g_assert_no_errno(kill(pid, SIGUSR1));
        got = read_text(output, "got\n");
        container_release(container);
        g_assert_cmpint(ctl_end(pid), ==, 128 + SIGKILL);
        close_fd(&output);
}

static void test_monitor(void)
{
        int out[2], err[2];

        make_pipe(out);
        make_pipe(err);
        pid_t pid = ctl_spawn(CTL("monitor", "ctl-watched"), -1, out[1], err[1]);
        close_fd(&out[1]);
        close_fd(&err[1]);
        g_free(read_text(err[0], "watching"));

        g_assert_cmpint(ctl_run(NULL, NULL, RUN("true")), ==, 0); /* another one: not told */
        g_assert_cmpint(ctl_run(NULL, NULL, RUN("--name", "ctl-watched", "--id", "p", "sh", "-c", "exit 5")), ==, 5);
        g_autofree char *lines = read_text(out[0], "container-removed ctl-watched\n");
        g_assert_true(g_str_has_prefix(lines, "container-new ctl-watched\n"));
        assert_contains(lines, "\nprocess-exited ctl-watched process=p exit-code=5");
        assert_contains(lines, "\nchanged ctl-watched ");
        assert_contains(lines, "state=running");
        g_assert_no_errno(kill(pid, SIGTERM));
        g_assert_cmpint(ctl_end(pid), ==, 128 + SIGTERM);
        close_fd(&out[0]);
        close_fd(&err[0]);
}

/* Nobody is there to be asked: refused, and nothing is created. */
static void test_not_authorized(void)
{
        g_autofree char *errors = NULL, *list = NULL, *root = root_copy(alice);

        g_assert_cmpint(ctl_run(NULL, &errors,
                                ARGV("setsid", "--wait", "runuser", "-u", "alice", "--", "gangwayctl", "create",
                                     "ctl-bad", "--rootfs", root, "--security", "insecure")),
                        ==, 125);
        g_assert_true(g_str_has_prefix(errors, "gangwayctl: "));
        g_assert_cmpint(ctl_run(&list, NULL, CTL("list")), ==, 0);
        g_assert_null(strstr(list, "ctl-bad"));
}

/* Another user's container, by UID/NAME: root reaches it, and its name is printed so that it can be used again. */
static void test_names_of_others(void)
{
        g_autoptr(Container) container = container_new(alice, .name = "ctl-hers");
        g_autofree char *name = g_strdup_printf("%u/ctl-hers", client_uid(alice)), *list = NULL;

        g_assert_cmpint(ctl_run(&list, NULL, CTL("list")), ==, 0);
        assert_contains(list, name);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("start", name, "sh", "-c", "exit 6")), ==, 6);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("show", "ctl-hers")), ==, 125);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("release", name)), ==, 0);
        container->released = TRUE;
}

static const Test tests[] = {
        {"/ctl/exit-codes", test_exit_codes},
        {"/ctl/killed", test_killed},
        {"/ctl/failures", test_failures},
        {"/ctl/help", test_help},
        {"/ctl/streams", test_streams},
        {"/ctl/options", test_options},
        {"/ctl/step-by-step", test_step_by_step},
        {"/ctl/pause", test_pause},
        {"/ctl/release-several", test_release_several},
        {"/ctl/signals", test_signals},
        {"/ctl/ignored-signal", test_ignored_signal},
        {"/ctl/killed-itself", test_killed_itself},
        {"/ctl/quick-ends", test_quick_ends},
        {"/ctl/released-while-attached", test_released_while_attached},
        {"/ctl/monitor", test_monitor},
        {"/ctl/not-authorized", test_not_authorized},
        {"/ctl/names-of-others", test_names_of_others},
};

int main(int argc, char **argv)
{
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
