/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A request for a process: what is refused, with the value that is wrong, and what has a default. */

#include <errno.h>
#include <sys/stat.h>

#include "model/process-spec.h"
#include "unit.h"

#define INVALID      SD_BUS_ERROR_INVALID_ARGS
#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static ProcessSpec *new_good(void)
{
        static const char *const argv[] = {"sh", "-c", "", NULL};
        ProcessSpec *spec = process_spec_new();

        spec->argv = g_strdupv((char **) argv);
        return spec;
}

static void assert_good(ProcessSpec *spec)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = process_spec_check(spec, &error);

        g_assert_cmpstr(error.message, ==, NULL);
        g_assert_cmpint(r, ==, 0);
}

static void assert_bad(ProcessSpec *spec, const char *part)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = process_spec_check(spec, &error);

        assert_refused(r, &error, INVALID, part);
}

static void add_env(ProcessSpec *spec, const char *name, const char *value)
{
        g_assert_cmpint(process_spec_add_env(spec, name, value, NULL), ==, 0);
}

static void add_fd(ProcessSpec *spec, uint32_t number)
{
        g_assert_cmpint(process_spec_add_fd(spec, number, STDIN_FILENO, NULL), ==, 0);
}

/* The whole environment, in order. */
static void assert_env(const ProcessSpec *spec, const char *const *expected)
{
        g_assert_null(spec->env->pdata[spec->env->len - 1]);
        g_assert_cmpstrv((const char *const *) spec->env->pdata, expected);
}

static void test_defaults(void)
{
        static const char *const env[] = {DEFAULT_PATH, NULL}, *const tty_env[] = {DEFAULT_PATH, "TERM=xterm", NULL};
        g_autoptr(ProcessSpec) spec = new_good(), tty = new_good();

        assert_good(spec);
        g_assert_null(spec->id);
        g_assert_cmpstr(spec->cwd, ==, "/");
        g_assert_cmpstr(spec->user, ==, "");
        g_assert_false(spec->tty);
        assert_env(spec, env);

        tty->tty = true;
        tty->cwd = g_strdup("");
        assert_good(tty);
        g_assert_cmpstr(tty->cwd, ==, "/");
        assert_env(tty, tty_env);
        g_assert_null(process_spec_free(NULL));
}

/* What is given stays, also where it is empty; a name that only begins alike is another one. */
static void test_given_env(void)
{
        static const char *const given[] = {"TERM=dumb", "PATH=", "a b=c=d", NULL};
        static const char *const alike[] = {"PATHS=/x", "PAT=y", "TERMINAL=z", DEFAULT_PATH, "TERM=xterm", NULL};
        g_autoptr(ProcessSpec) first = new_good(), second = new_good();

        first->tty = second->tty = true;
        add_env(first, "TERM", "dumb");
        add_env(first, "PATH", "");
        add_env(first, "a b", "c=d");
        assert_good(first);
        assert_env(first, given);

        add_env(second, "PATHS", "/x");
        add_env(second, "PAT", "y");
        add_env(second, "TERMINAL", "z");
        assert_good(second);
        assert_env(second, alike);
}

/* What is found out later, such as HOME, comes behind, and never in the place of what was given. */
static void test_set_default(void)
{
        static const char *const env[] = {"HOME=", DEFAULT_PATH, "SHELL=/bin/sh", NULL};
        g_autoptr(ProcessSpec) spec = new_good();

        add_env(spec, "HOME", "");
        assert_good(spec);
        g_assert_true(process_spec_has_env(spec, "HOME"));
        g_assert_true(process_spec_has_env(spec, "PATH"));
        g_assert_false(process_spec_has_env(spec, "PAT"));
        g_assert_false(process_spec_has_env(spec, "SHELL"));
        process_spec_set_default(spec, "HOME", "/root");
        process_spec_set_default(spec, "SHELL", "/bin/sh");
        process_spec_set_default(spec, "SHELL", "/bin/bash");
        assert_env(spec, env);
}

static void test_bad_env(void)
{
        static const char *const names[] = {"", "=", "A=B", "=A", "A="};
        g_autoptr(ProcessSpec) spec = new_good();
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *quoted = g_strdup_printf("'%s'", names[i]);

                r = process_spec_add_env(spec, names[i], "value", &error);
                assert_refused(r, &error, INVALID, quoted);
        }
        add_env(spec, "TWICE", "1");
        r = process_spec_add_env(spec, "TWICE", "2", &error);
        assert_refused(r, &error, INVALID, "'TWICE'");
        g_assert_cmpuint(spec->env->len, ==, 1);
}

static void test_argv(void)
{
        static const char *const none[] = {NULL}, *const empty[] = {"", "x", NULL};
        g_autoptr(ProcessSpec) unset = process_spec_new(), nothing = process_spec_new(), unnamed = process_spec_new();

        assert_bad(unset, "argv");
        nothing->argv = g_strdupv((char **) none);
        assert_bad(nothing, "argv is empty");
        unnamed->argv = g_strdupv((char **) empty);
        assert_bad(unnamed, "''");
}

/* 2 MiB for both, each string with its end. */
static void test_size(void)
{
        g_autofree char *half = g_strnfill(1024 * 1024 - 1, 'x');
        g_autoptr(ProcessSpec) most = process_spec_new(), more = process_spec_new();

        most->argv = g_new0(char *, 2);
        most->argv[0] = g_strdup(half);
        add_env(most, "A", half + 2);
        assert_good(most);
        more->argv = g_new0(char *, 2);
        more->argv[0] = g_strdup(half);
        add_env(more, "A", half + 1);
        assert_bad(more, "2097153 bytes");
}

static void test_id(void)
{
        static const char *const bad[] = {"", "-x", "a b", "../etc", "\xc3\xa9"};
        g_autoptr(ProcessSpec) good = new_good(), long_one = new_good();

        good->id = g_strdup("build-1.x");
        assert_good(good);
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(ProcessSpec) spec = new_good();
                g_autofree char *quoted = g_strdup_printf("'%s'", bad[i]);

                spec->id = g_strdup(bad[i]);
                assert_bad(spec, quoted);
        }
        /* 3 bytes each: 128 is in the middle of one. */
        long_one->id = g_strnfill(300, 'x');
        for (int i = 0; i < 100; i++)
                memcpy(long_one->id + 3 * i, "\xe2\x82\xac", 3);
        assert_bad(long_one, "\xe2\x82\xac\xe2\x82\xac");
}

static void test_cwd(void)
{
        static const char *const good[] = {"/", "/srv", "/a/../b", "/not there"};
        static const char *const bad[] = {"srv", ".", "../x", "~", " /"};

        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                g_autoptr(ProcessSpec) spec = new_good();

                spec->cwd = g_strdup(good[i]);
                assert_good(spec);
                g_assert_cmpstr(spec->cwd, ==, good[i]);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(ProcessSpec) spec = new_good();
                g_autofree char *quoted = g_strdup_printf("'%s'", bad[i]);

                spec->cwd = g_strdup(bad[i]);
                assert_bad(spec, quoted);
        }
}

static void test_terminal(void)
{
        g_autoptr(ProcessSpec) sized = new_good(), rows = new_good(), columns = new_good(), fds = new_good();

        sized->tty = true;
        sized->rows = 40;
        sized->columns = 80;
        assert_good(sized);
        rows->rows = 40;
        assert_bad(rows, "'winsize'");
        columns->columns = 80;
        assert_bad(columns, "'winsize'");

        fds->tty = true;
        add_fd(fds, 3);
        add_fd(fds, PROCESS_FD_MAX);
        assert_good(fds);
        for (uint32_t number = 0; number <= 2; number++) {
                g_autoptr(ProcessSpec) spec = new_good();
                g_autofree char *shown = g_strdup_printf("number %u", number);

                spec->tty = true;
                add_fd(spec, number);
                assert_bad(spec, shown);
        }
}

static void test_fds(void)
{
        int copy;
        {
                g_autoptr(ProcessSpec) spec = new_good();
                _cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
                struct stat mine, kept;
                const ProcessFd *fd;

                g_assert_cmpint(process_spec_add_fd(spec, 0, null, NULL), ==, 0);
                g_assert_cmpint(process_spec_add_fd(spec, PROCESS_FD_MAX, null, NULL), ==, 0);
                g_assert_cmpuint(spec->fds->len, ==, 2);
                fd = &g_array_index(spec->fds, ProcessFd, 0);
                copy = fd->fd;
                g_assert_cmpuint(fd->number, ==, 0);
                g_assert_cmpint(copy, !=, null);
                g_assert_cmpint(copy, >=, 3);
                assert_cloexec(copy);
                g_assert_cmpint(fstat(null, &mine), ==, 0);
                g_assert_cmpint(fstat(copy, &kept), ==, 0);
                g_assert_cmpuint(mine.st_rdev, ==, kept.st_rdev);
        }
        g_assert_cmpint(fcntl(copy, F_GETFD), ==, -1);
}

static void test_bad_fds(void)
{
        g_autoptr(ProcessSpec) spec = new_good();
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = process_spec_add_fd(spec, PROCESS_FD_MAX + 1, STDIN_FILENO, &error);
        assert_refused(r, &error, INVALID, "64");
        r = process_spec_add_fd(spec, UINT32_MAX, STDIN_FILENO, &error);
        assert_refused(r, &error, INVALID, "4294967295");
        add_fd(spec, 7);
        r = process_spec_add_fd(spec, 7, STDIN_FILENO, &error);
        assert_refused(r, &error, INVALID, "number 7 is given twice");
        g_assert_cmpint(process_spec_add_fd(spec, 8, -1, &error), ==, -EBADF);
        sd_bus_error_free(&error);
        g_assert_cmpuint(spec->fds->len, ==, 1);
}

static void add_secret(ProcessSpec *spec, const char *name, const char *secret, bool optional)
{
        g_assert_cmpint(process_spec_add_secret_env(spec, name, secret, optional, NULL), ==, 0);
}

typedef struct Secret {
        const char *id;
        GBytes *value;
} Secret;

static GBytes *find_secret(const char *id, void *userdata)
{
        for (const Secret *secret = userdata; secret->id; secret++)
                if (strcmp(secret->id, id) == 0)
                        return g_bytes_ref(secret->value);
        return NULL;
}

/* A secret variable is one like all others in what may be its name, and no default takes its place. */
static void test_secret_env(void)
{
        static const char *const expected[] = {"A=1", "PATH=/of/secret", "TOKEN=t\303\266ken\n", "EMPTY=", NULL};
        g_autoptr(GBytes) path = g_bytes_new_static("/of/secret", 10), token = g_bytes_new_static("t\303\266ken\n", 7);
        g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
        Secret secrets[] = {{"path", path}, {"token", token}, {"empty", empty}, {NULL, NULL}};
        g_autoptr(ProcessSpec) spec = new_good();

        add_env(spec, "A", "1");
        add_secret(spec, "PATH", "path", false);
        add_secret(spec, "TOKEN", "token", true);
        add_secret(spec, "EMPTY", "empty", false);
        add_secret(spec, "MISSING", "missing", true);
        assert_good(spec);
        g_assert_cmpint(process_spec_set_secrets(spec, find_secret, secrets, NULL), ==, 0);
        assert_env(spec, expected);
}

static void test_secret_env_names(void)
{
        static const char *const wrong[] = {"", "A=B", "A", "S"};
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(ProcessSpec) spec = new_good();

        add_env(spec, "A", "1");
        add_secret(spec, "S", "s", false);
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                int r = process_spec_add_secret_env(spec, wrong[i], "s", false, &error);
                assert_refused(r, &error, INVALID, wrong[i]);
        }
        int r = process_spec_add_env(spec, "S", "1", &error);
        assert_refused(r, &error, INVALID, "'S'");
}

/* Every refusal names the variable and the secret, and says nothing of what the secret is. */
static void test_secret_env_refused(void)
{
        g_autofree char *long_text = g_strnfill(131072, 'x');
        g_autoptr(GBytes) nul = g_bytes_new_static("hush\0hush", 9), bad = g_bytes_new_static("hush\377", 5);
        g_autoptr(GBytes) most = g_bytes_new(long_text, 131069), over = g_bytes_new(long_text, 131070);
        Secret secrets[] = {{"nul", nul}, {"bad", bad}, {"most", most}, {"over", over}, {NULL, NULL}};
        const struct {
                const char *secret, *error, *part;
        } cases[] = {
                {"nul", INVALID, "NUL"},      {"bad", INVALID, "UTF-8"},
                {"over", INVALID, "128 KiB"}, {"none", "org.gangway1.Error.NoSuchSecret", "'none'"},
                {"most", NULL, NULL},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(ProcessSpec) spec = new_good();
                sd_bus_error error = SD_BUS_ERROR_NULL;

                add_secret(spec, "S", cases[i].secret, false);
                assert_good(spec);
                int r = process_spec_set_secrets(spec, find_secret, secrets, &error);
                g_test_message("secret '%s': %s", cases[i].secret, error.message ?: "taken");
                if (!cases[i].error) {
                        g_assert_cmpint(r, ==, 0);
                        continue;
                }
                g_assert_nonnull(strstr(error.message, "'S'"));
                g_assert_null(strstr(error.message, "hush"));
                assert_refused(r, &error, cases[i].error, cases[i].part);
        }
}

/* What an image says holds where the call says nothing; what it says stays, also where it is empty. */
static void test_image(void)
{
        static const char *const env[] = {"PATH=/image/bin", "LANG=C", "broken", "=x", "EMPTY=", NULL};
        static const char *const entrypoint[] = {"/entry", "-x", NULL}, *const cmd[] = {"serve", NULL};
        static const char *const all[] = {"LANG=de", "PATH=/image/bin", "EMPTY=", NULL};
        static const char *const joined[] = {"/entry", "-x", "serve", NULL};
        const ProcessDefaults defaults = {env, entrypoint, cmd, "web", "/srv"}, none = {};
        g_autoptr(ProcessSpec) open = process_spec_new(), closed = new_good(), nothing = process_spec_new();
        g_autoptr(ProcessSpec) secret = process_spec_new();

        add_env(open, "LANG", "de");
        process_spec_apply(open, &defaults);
        assert_good(open);
        assert_env(open, all);
        g_assert_cmpstrv(open->argv, joined);
        g_assert_cmpstr(open->user, ==, "web");
        g_assert_cmpstr(open->cwd, ==, "/srv");

        closed->user = g_strdup("");
        closed->cwd = g_strdup("");
        process_spec_apply(closed, &defaults);
        assert_good(closed);
        g_assert_cmpstr(closed->argv[0], ==, "sh");
        g_assert_cmpstr(closed->user, ==, "");
        g_assert_cmpstr(closed->cwd, ==, "/");

        add_secret(secret, "LANG", "language", true);
        process_spec_apply(secret, &defaults);
        g_assert_false(process_spec_has_env(secret, "LANG"));

        process_spec_apply(nothing, &none);
        assert_bad(nothing, "argv is empty");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/process-spec/defaults", test_defaults);
        g_test_add_func("/process-spec/given-env", test_given_env);
        g_test_add_func("/process-spec/set-default", test_set_default);
        g_test_add_func("/process-spec/bad-env", test_bad_env);
        g_test_add_func("/process-spec/argv", test_argv);
        g_test_add_func("/process-spec/size", test_size);
        g_test_add_func("/process-spec/id", test_id);
        g_test_add_func("/process-spec/cwd", test_cwd);
        g_test_add_func("/process-spec/terminal", test_terminal);
        g_test_add_func("/process-spec/fds", test_fds);
        g_test_add_func("/process-spec/bad-fds", test_bad_fds);
        g_test_add_func("/process-spec/secret-env", test_secret_env);
        g_test_add_func("/process-spec/secret-env-names", test_secret_env_names);
        g_test_add_func("/process-spec/secret-env-refused", test_secret_env_refused);
        g_test_add_func("/process-spec/image", test_image);
        return g_test_run();
}
