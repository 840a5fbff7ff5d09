/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the tests about files in a mount share: a tree with a folder `root`, whose view they read, beside it what must
 * not be seen, and children that change things meanwhile.
 */

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "launcher/files.h"
#include "unit.h"

#define ID_BASE  100000U
#define ID_COUNT 65536U
/* How long somebody swaps files below us. */
#define SWAP_MICROSECONDS (2 * G_USEC_PER_SEC)

#define NO_SUCH_FILE    "org.gangway1.Error.NoSuchFile"
#define NOT_A_FILE      "org.gangway1.Error.NotAFile"
#define NOT_A_DIRECTORY "org.gangway1.Error.NotADirectory"
#define INVALID_ARGS    "org.freedesktop.DBus.Error.InvalidArgs"
#define LIMITS_EXCEEDED "org.freedesktop.DBus.Error.LimitsExceeded"

typedef struct Fixture {
        char *tree;
        int outside;
        int root;
        FilesView view;
} Fixture;

static inline void make_file(int folder, const char *path, const char *text)
{
        _cleanup_close_ int fd = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
}

static inline void make_folder(int folder, const char *path)
{
        g_assert_cmpint(mkdirat(folder, path, 0755), ==, 0);
}

static inline void make_link(Fixture *f, const char *path, const char *target)
{
        g_assert_cmpint(symlinkat(target, f->root, path), ==, 0);
}

static inline void fixture_set_up(Fixture *f, gconstpointer data)
{
        f->tree = make_tree();
        f->outside = open(f->tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        make_file(f->outside, "secret", "outside");
        make_folder(f->outside, "root");
        f->root = openat(f->outside, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        make_folder(f->root, "etc");
        make_file(f->root, "etc/passwd", "inside");
        f->view = (FilesView){.top = files_open_view(f->root), .id_base = ID_BASE, .id_count = ID_COUNT};
        g_assert_cmpint(f->view.top, >=, 0);
}

static inline void fixture_tear_down(Fixture *f, gconstpointer data)
{
        safe_close(f->view.top);
        safe_close(f->root);
        safe_close(f->outside);
        remove_tree(&f->tree);
}

static inline void assert_error(int r, const FilesError *error, const char *name, const char *part)
{
        g_assert_cmpint(r, <, 0);
        g_assert_cmpstr(error->name, ==, name);
        if (!strstr(error->sentence, part))
                g_error("'%s' is not in: %s", part, error->sentence);
}

/* A child that does one thing again and again until it is ended. */
static inline pid_t start_child(void (*work)(Fixture *f), Fixture *f)
{
        pid_t pid = fork();

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (;;)
                        work(f);
        }
        return pid;
}

static inline void end_child(pid_t pid)
{
        g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

static inline void make_many(Fixture *f, unsigned n)
{
        make_folder(f->root, "many");
        for (unsigned i = 0; i < n; i++) {
                g_autofree char *name = g_strdup_printf("many/%0200u", i * 7919 % n);

                make_file(f->root, name, "");
        }
}

static inline void add(const char *name, void (*function)(Fixture *, gconstpointer))
{
        g_test_add(name, Fixture, NULL, fixture_set_up, function, fixture_tear_down);
}

/* Whether this process may mount, in a namespace of its own. */
static inline bool can_mount(void)
{
        if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
                return true;
        g_print("1..0 # SKIP only root mounts\n");
        return false;
}
