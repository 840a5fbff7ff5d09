/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The command line of a runtime, and what its words mean. The texts are what crun 1.8.1 and runc 1.1.5 wrote into
 * their logs for the mistake that the case names; the times are left out.
 */

#include "backend/runtime.h"
#include "unit.h"
#include "util/error.h"

#define CRUN(message)      "{\"msg\":\"" message "\",\"level\":\"error\",\"time\":\"\"}\n"
#define RUNC(message)      "{\"level\":\"error\",\"msg\":\"" message "\",\"time\":\"\"}\n"
#define RUNC_RUN(message)  RUNC_WARNING RUNC("runc run failed: unable to start container process: " message)
#define RUNC_EXEC(message) RUNC("exec failed: unable to start container process: " message)
/* What it says before every reason of a run. */
#define RUNC_WARNING                                                                                                   \
        "{\"error\":\"openat2 /sys/fs/cgroup/x.scope/runtime/memory.events: no such file or directory\","              \
        "\"level\":\"warning\",\"msg\":\"unable to get oom kill count\",\"time\":\"\"}\n"

static const RuntimeCall full = {
        .path = "/opt/bin/crun",
        .root = "/run/gangway/1/runtime",
        .log_file = "/run/gangway/1/log",
        .pid_file = "/run/gangway/1/pid",
        .console = "/run/gangway/1/console",
        .bundle = "/run/gangway/1",
        .process = "/run/gangway/1/process.json",
        .id = "1000-web",
        .preserve_fds = 4,
};

static void assert_command(GStrv command, const char *const *expected)
{
        g_assert_cmpstrv((const char *const *) command, expected);
}

static void test_crun_commands(void)
{
        static const char *const run_expected[] = {"/opt/bin/crun",
                                                   "--root=/run/gangway/1/runtime",
                                                   "--log=/run/gangway/1/log",
                                                   "--log-format=json",
                                                   "--cgroup-manager=disabled",
                                                   "run",
                                                   "--bundle=/run/gangway/1",
                                                   "--detach",
                                                   "--pid-file=/run/gangway/1/pid",
                                                   "--console-socket=/run/gangway/1/console",
                                                   "--preserve-fds=4",
                                                   "1000-web",
                                                   NULL};
        static const char *const exec_expected[] = {"/opt/bin/crun",
                                                    "--root=/run/gangway/1/runtime",
                                                    "--log=/run/gangway/1/log",
                                                    "--log-format=json",
                                                    "--cgroup-manager=disabled",
                                                    "exec",
                                                    "--process=/run/gangway/1/process.json",
                                                    "--detach",
                                                    "--pid-file=/run/gangway/1/pid",
                                                    "1000-web",
                                                    NULL};
        const Runtime *crun = runtime_for_path("/opt/bin/crun");
        g_auto(GStrv) run = crun->run_command(&full), exec = NULL;
        RuntimeCall plain = full;

        plain.console = NULL;
        plain.preserve_fds = 0;
        exec = crun->exec_command(&plain);
        assert_command(run, run_expected);
        assert_command(exec, exec_expected);
}

/* runc has no such switch as --cgroup-manager. */
static void test_other_commands(void)
{
        static const char *const run_expected[] = {"/usr/sbin/runc",
                                                   "--root=/run/gangway/1/runtime",
                                                   "--log=/run/gangway/1/log",
                                                   "--log-format=json",
                                                   "run",
                                                   "--bundle=/run/gangway/1",
                                                   "--detach",
                                                   "--pid-file=/run/gangway/1/pid",
                                                   "1000-web",
                                                   NULL};
        static const char *const exec_expected[] = {"/usr/sbin/runc",
                                                    "--root=/run/gangway/1/runtime",
                                                    "--log=/run/gangway/1/log",
                                                    "--log-format=json",
                                                    "exec",
                                                    "--process=/run/gangway/1/process.json",
                                                    "--detach",
                                                    "--pid-file=/run/gangway/1/pid",
                                                    "--console-socket=/run/gangway/1/console",
                                                    "--preserve-fds=4",
                                                    "1000-web",
                                                    NULL};
        const Runtime *other = runtime_for_path("/usr/sbin/runc");
        g_auto(GStrv) run = NULL, exec = NULL;
        RuntimeCall plain = full, terminal = full;

        plain.path = terminal.path = "/usr/sbin/runc";
        plain.console = NULL;
        plain.preserve_fds = 0;
        run = other->run_command(&plain);
        exec = other->exec_command(&terminal);
        assert_command(run, run_expected);
        assert_command(exec, exec_expected);
}

static void test_for_path(void)
{
        const Runtime *crun = runtime_for_path("/usr/bin/crun"), *other = runtime_for_path("/usr/sbin/runc");

        g_assert_true(crun->takes_compiled_filter);
        g_assert_false(crun->needs_cgroup);
        g_assert_false(other->takes_compiled_filter);
        g_assert_true(other->needs_cgroup);
        g_assert_true(runtime_for_path("/opt/crun") == crun);
        g_assert_true(runtime_for_path("/opt/crun/runc") == other);
        g_assert_true(runtime_for_path("/usr/bin/crun-1.8") == other);
        g_assert_true(runtime_for_path("/usr/bin/youki") == other);
}

static const struct {
        const char *name, *text, *program, *error;
} said[] = {
        {"crun/name-not-there", CRUN("executable file `nonesuch` not found in $PATH: No such file or directory"),
         "nonesuch", ERROR_NO_SUCH_PROGRAM},
        {"crun/path-not-there", CRUN("executable file `/bin/nonesuch` not found in $PATH: No such file or directory"),
         "/bin/nonesuch", ERROR_NO_SUCH_PROGRAM},
        {"crun/misleading-name", CRUN("executable file `chdir to cwd` not found in $PATH: No such file or directory"),
         "chdir to cwd", ERROR_NO_SUCH_PROGRAM},
        {"crun/folder", CRUN("open executable: Operation not permitted"), "/etc", ERROR_NOT_EXECUTABLE},
        {"crun/no-x-bit", CRUN("open executable: Permission denied"), "/nox", ERROR_NOT_EXECUTABLE},
        {"crun/loop", CRUN("open executable: Too many levels of symbolic links"), "/loop", ERROR_NOT_EXECUTABLE},
        {"crun/below-a-file", CRUN("open executable: Not a directory"), "/bin/true/x", ERROR_NOT_EXECUTABLE},
        {"crun/cwd-not-there", CRUN("chdir `/nodir`: No such file or directory"), "true", SD_BUS_ERROR_INVALID_ARGS},
        {"crun/cwd-a-file", CRUN("chdir `/nox`: Not a directory"), "true", SD_BUS_ERROR_INVALID_ARGS},

        {"runc/run/name-not-there", RUNC_RUN("exec: \\\"nonesuch\\\": executable file not found in $PATH"), "nonesuch",
         ERROR_NO_SUCH_PROGRAM},
        {"runc/exec/name-not-there", RUNC_EXEC("exec: \\\"nonesuch\\\": executable file not found in $PATH"),
         "nonesuch", ERROR_NO_SUCH_PROGRAM},
        {"runc/run/path-not-there",
         RUNC_RUN("exec: \\\"/bin/nonesuch\\\": stat /bin/nonesuch: no such file or directory"), "/bin/nonesuch",
         ERROR_NO_SUCH_PROGRAM},
        {"runc/exec/path-not-there",
         RUNC_EXEC("exec: \\\"/bin/nonesuch\\\": stat /bin/nonesuch: no such file or directory"), "/bin/nonesuch",
         ERROR_NO_SUCH_PROGRAM},
        {"runc/exec/misleading-name",
         RUNC_EXEC("exec: \\\"/a chdir to cwd/x\\\": stat /a chdir to cwd/x: no such file or directory"),
         "/a chdir to cwd/x", ERROR_NO_SUCH_PROGRAM},
        {"runc/run/folder", RUNC_RUN("exec: \\\"/etc\\\": permission denied"), "/etc", ERROR_NOT_EXECUTABLE},
        {"runc/exec/no-x-bit", RUNC_EXEC("exec: \\\"/nox\\\": permission denied"), "/nox", ERROR_NOT_EXECUTABLE},
        {"runc/run/loop", RUNC_RUN("exec: \\\"/loop\\\": stat /loop: too many levels of symbolic links"), "/loop",
         ERROR_NOT_EXECUTABLE},
        {"runc/exec/below-a-file", RUNC_EXEC("exec: \\\"/bin/true/x\\\": stat /bin/true/x: not a directory"),
         "/bin/true/x", ERROR_NOT_EXECUTABLE},
        {"runc/exec/cwd-not-there",
         RUNC_EXEC("chdir to cwd (\\\"/nodir\\\") set in config.json failed: no such file or directory"), "true",
         SD_BUS_ERROR_INVALID_ARGS},
        {"runc/exec/cwd-a-file", RUNC_EXEC("chdir to cwd (\\\"/nox\\\") set in config.json failed: not a directory"),
         "true", SD_BUS_ERROR_INVALID_ARGS},

        {"other/mount", CRUN("mount `proc` to `proc`: Operation not permitted"), "true", ERROR_RUNTIME_FAILED},
        {"other/empty", "", "true", ERROR_RUNTIME_FAILED},
        {"other/blank", "\n\n", "true", ERROR_RUNTIME_FAILED},
        {"other/no-json", "Segmentation fault\n", "true", ERROR_RUNTIME_FAILED},
        {"other/no-object", "[1]\n\"x\"\n{\"level\":\"error\"}\n", "true", ERROR_RUNTIME_FAILED},
        {"other/msg-no-string", "{\"msg\":7}\n{\"msg\":null}\n", "true", ERROR_RUNTIME_FAILED},
};

static void test_explain(gconstpointer data)
{
        size_t i = GPOINTER_TO_SIZE(data);
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = runtime_for_path("/usr/bin/crun")->explain(said[i].text, said[i].program, &error);

        assert_refused(r, &error, said[i].error,
                       g_str_equal(said[i].error, SD_BUS_ERROR_INVALID_ARGS) ? "chdir" : said[i].program);
}

/* The last line that says something counts, and the reader is told what it was. */
static void test_last_line(void)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = runtime_for_path("/usr/bin/crun")
                        ->explain(CRUN("first") CRUN("second \\\"quoted\\\"") "{\"level\":\"debug\"}\n{cut off",
                                  "/bin/x", &error);

        g_assert_null(strstr(error.message, "first"));
        assert_refused(r, &error, ERROR_RUNTIME_FAILED, "second \"quoted\"");
}

/* A message that sd-bus refuses to send would leave the caller without any answer. */
static void test_no_utf8(void)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = runtime_for_path("/usr/bin/crun")->explain("panic \xc3\x28\xff", "/bin/x", &error);

        assert_refused(r, &error, ERROR_RUNTIME_FAILED, "panic");
        r = runtime_for_path("/usr/bin/crun")->explain(CRUN("\xff"), "/bin/x", &error);
        assert_refused(r, &error, ERROR_RUNTIME_FAILED, "/bin/x");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/runtime-oci/crun-commands", test_crun_commands);
        g_test_add_func("/runtime-oci/other-commands", test_other_commands);
        g_test_add_func("/runtime-oci/for-path", test_for_path);
        for (size_t i = 0; i < G_N_ELEMENTS(said); i++) {
                g_autofree char *name = g_strdup_printf("/runtime-oci/explain/%s", said[i].name);

                g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_explain);
        }
        g_test_add_func("/runtime-oci/last-line", test_last_line);
        g_test_add_func("/runtime-oci/no-utf8", test_no_utf8);
        return g_test_run();
}
