/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Control groups, as far as a plain folder can stand for one. */

#include <errno.h>
#include <sys/stat.h>

#include "backend/cgroup.h"
#include "unit.h"

static int open_folder(const char *path)
{
        return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void test_of_process(void)
{
        g_autofree char *text = NULL, *path = NULL, *line = NULL;
        const char *found;
        int r;

        g_assert_true(g_file_get_contents("/proc/self/cgroup", &text, NULL, NULL));
        found = g_str_has_prefix(text, "0::") ? text : strstr(text, "\n0::");
        r = cgroup_of_process(getpid(), &path);
        if (!found) {
                g_assert_cmpint(r, ==, -ENODATA);
                return;
        }
        g_assert_cmpint(r, ==, 0);
        line = g_strdup_printf("0::%s\n", path);
        g_assert_true(path[0] == '/');
        g_assert_nonnull(strstr(text, line));
}

static void test_of_none(void)
{
        char *path = NULL;

        /* Above the highest pid that Linux gives. */
        g_assert_cmpint(cgroup_of_process(1 << 23, &path), ==, -ESRCH);
        g_assert_null(path);
}

static void test_open(void)
{
        g_assert_cmpint(cgroup_open("/nonexistent-gangway.slice/x.scope"), ==, -ENOENT);
}

static void test_kill(void)
{
        _cleanup_(remove_tree) char *tree = make_tree();
        _cleanup_close_ int cgroup = open_folder(tree);
        g_autofree char *file = g_build_filename(tree, "cgroup.kill", NULL), *text = NULL;

        g_assert_cmpint(cgroup_kill(cgroup), ==, -ENOENT);
        g_assert_true(g_file_set_contents(file, "", 0, NULL));
        g_assert_cmpint(cgroup_kill(cgroup), ==, 0);
        g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
        g_assert_cmpstr(text, ==, "1");
}

/* No memory controller: nothing is watched, and nothing is ever noted. */
static void test_oom_without_controller(void)
{
        _cleanup_(remove_tree) char *tree = make_tree();
        _cleanup_close_ int cgroup = open_folder(tree);
        sd_event *event = NULL;
        OomWatch *watch = NULL;

        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(oom_watch_new(event, cgroup, &watch), ==, 0);
        g_assert_false(oom_watch_take(watch));
        g_assert_null(oom_watch_free(watch));
        g_assert_null(oom_watch_free(NULL));
        g_assert_false(oom_watch_take(NULL));
        sd_event_unref(event);
}

/* What can't be polled is a failure, which leaves nothing behind. */
static void test_oom_unwatchable(void)
{
        _cleanup_(remove_tree) char *tree = make_tree();
        _cleanup_close_ int cgroup = open_folder(tree);
        g_autofree char *file = g_build_filename(tree, "memory.events", NULL);
        sd_event *event = NULL;
        OomWatch *watch = NULL;
        unsigned before;

        g_assert_cmpint(sd_event_new(&event), >=, 0);
        before = count_fds();
        g_assert_true(g_file_set_contents(file, "oom_kill 1\n", -1, NULL));
        g_assert_cmpint(oom_watch_new(event, cgroup, &watch), ==, -EPERM);
        g_assert_null(watch);
        g_assert_cmpuint(count_fds(), ==, before);
        sd_event_unref(event);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/cgroup/of-process", test_of_process);
        g_test_add_func("/cgroup/of-none", test_of_none);
        g_test_add_func("/cgroup/open", test_open);
        g_test_add_func("/cgroup/kill", test_kill);
        g_test_add_func("/cgroup/oom/without-controller", test_oom_without_controller);
        g_test_add_func("/cgroup/oom/unwatchable", test_oom_unwatchable);
        return g_test_run();
}
