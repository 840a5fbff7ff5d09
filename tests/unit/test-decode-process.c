/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The arguments of Start and Exec, from real messages: what is read, and what is refused by name. */

#include <sys/stat.h>

#include "decode-fixture.h"
#include "service/decode-process.h"

static void process_fails(sd_bus_message *m, const char *part)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        ProcessSpec *spec = NULL;
        int r = decode_process(m, NULL, &spec, &error);

        g_assert_null(spec);
        assert_refused(r, &error, INVALID, part);
}

static void test_process(Fixture *f, gconstpointer data)
{
        static const char *const argv[] = {"sh", "", "x y", NULL};
        static const char *const env[] = {"A=1", "PATH=/bin", NULL};
        g_autoptr(ProcessSpec) spec = NULL;
        const ProcessFd *fd;

        make_message(f, "asa{ss}a{uh}a{sv}", 3, "sh", "", "x y", 2, "A", "1", "PATH", "/bin", 2, 7, f->folder, 3,
                     f->folder, 5, "cwd", "s", "/srv", "user", "s", "web:audio", "id", "s", "build", "tty", "b", 0,
                     "watch-bus", "b", 1);
        g_assert_cmpint(decode_process(f->m, NULL, &spec, NULL), ==, 0);
        g_assert_cmpstrv(spec->argv, argv);
        g_assert_cmpstrv((const char *const *) spec->env->pdata, env);
        g_assert_cmpstr(spec->cwd, ==, "/srv");
        g_assert_cmpstr(spec->user, ==, "web:audio");
        g_assert_cmpstr(spec->id, ==, "build");
        g_assert_false(spec->tty);
        g_assert_true(spec->watch_bus);
        g_assert_cmpuint(spec->fds->len, ==, 2);
        fd = &g_array_index(spec->fds, ProcessFd, 0);
        g_assert_cmpuint(fd->number, ==, 7);
        g_assert_cmpint(fd->fd, !=, f->folder);
        assert_cloexec(fd->fd);
}

static void test_process_terminal(Fixture *f, gconstpointer data)
{
        g_autoptr(ProcessSpec) spec = NULL;

        make_message(f, "asa{ss}a{uh}a{sv}", 1, "sh", 0, 0, 2, "tty", "b", 1, "winsize", "(qq)", 40, 80);
        g_assert_cmpint(decode_process(f->m, NULL, &spec, NULL), ==, 0);
        g_assert_true(spec->tty);
        g_assert_cmpuint(spec->rows, ==, 40);
        g_assert_cmpuint(spec->columns, ==, 80);
        g_assert_cmpstr(spec->cwd, ==, "/");
        g_assert_cmpstr(spec->user, ==, "");
        g_assert_null(spec->id);
}

static void test_process_secret_env(Fixture *f, gconstpointer data)
{
        g_autoptr(ProcessSpec) spec = NULL;
        const SecretEnv *variable;

        make_message(f, "asa{ss}a{uh}a{sv}", 1, "sh", 0, 0, 1, "secret-env", "a(ssb)", 2, "TOKEN", "api", 0, "KEY",
                     "key", 1);
        g_assert_cmpint(decode_process(f->m, NULL, &spec, NULL), ==, 0);
        g_assert_cmpuint(spec->secret_env->len, ==, 2);
        variable = spec->secret_env->pdata[0];
        g_assert_cmpstr(variable->name, ==, "TOKEN");
        g_assert_cmpstr(variable->secret, ==, "api");
        g_assert_false(variable->optional);
        g_assert_true(((SecretEnv *) spec->secret_env->pdata[1])->optional);
}

static void test_process_fails(Fixture *f, gconstpointer data)
{
        const char *const types = "asa{ss}a{uh}a{sv}";
        unsigned before;

        process_fails(make_message(f, types, 0, 0, 0, 0), "argv is empty");
        process_fails(make_message(f, types, 1, "sh", 1, "A=B", "1", 0, 0), "'A=B'");
        process_fails(make_message(f, types, 1, "sh", 2, "A", "1", "A", "2", 0, 0), "'A' is given twice");
        process_fails(make_message(f, types, 1, "sh", 0, 2, 5, f->folder, 5, f->folder, 0), "number 5 is given twice");
        process_fails(make_message(f, types, 1, "sh", 0, 1, 64, f->folder, 0), "number 64");
        process_fails(make_message(f, types, 1, "sh", 1, "A", "1", 0, 1, "secret-env", "a(ssb)", 1, "A", "key", 0),
                      "'A' is given twice");
        process_fails(make_message(f, types, 1, "sh", 0, 0, 1, "secret-env", "a(ss)", 1, "A", "key"),
                      "'secret-env' is of the type 'a(ssb)', not 'a(ss)'");
        process_fails(make_message(f, types, 1, "sh", 0, 0, 1, "workdir", "s", "/"), "option 'workdir'");
        process_fails(make_message(f, types, 1, "sh", 0, 0, 1, "tty", "s", "yes"), "'tty' is of the type 'b', not 's'");
        process_fails(make_message(f, types, 1, "sh", 0, 0, 1, "winsize", "(uu)", 40, 80),
                      "'winsize' is of the type '(qq)', not '(uu)'");
        process_fails(make_message(f, types, 1, "sh", 0, 0, 2, "cwd", "s", "/", "cwd", "s", "/"),
                      "'cwd' is given twice");
        process_fails(make_message(f, types, 1, "sh", 0, 0, 1, "cwd", "s", "srv"), "'srv'");
        process_fails(make_message(f, types, 1, "sh", 0, 0, 1, "id", "s", "a b"), "'a b'");
        process_fails(make_message(f, types, 1, "sh", 0, 1, 1, f->folder, 1, "tty", "b", 1), "number 1");

        make_message(f, types, 1, "sh", 0, 2, 5, f->folder, 6, f->folder, 1, "nonesuch", "b", 1);
        before = count_fds();
        process_fails(f->m, "'nonesuch'");
        g_assert_cmpuint(count_fds(), ==, before);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add("/decode/process", test_process);
        add("/decode/process/terminal", test_process_terminal);
        add("/decode/process/secret-env", test_process_secret_env);
        add("/decode/process/fails", test_process_fails);
        return g_test_run();
}
