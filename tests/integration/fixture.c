/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands around each test program: a look at where it runs, the root folders, and the usual polkit rules. These
 * tests stop services, write polkit rules and kill polkitd, so they refuse to run on a system that somebody uses: it
 * must be the throw-away one, which says so by GANGWAY_TEST_DIR.
 */
#include "common.h"

#include <glib/gstdio.h>

Client *client, *alice, *bob;

static GPtrArray *folders; /* to remove at the end */

static const char *test_dir(void)
{
        return g_getenv("GANGWAY_TEST_DIR");
}

const char *root_shared(void)
{
        static char *root = NULL;

        if (!root) {
                root = g_build_filename(test_dir(), "template", NULL);
                if (!g_file_test(root, G_FILE_TEST_IS_DIR)) {
                        g_autofree char *output = shell("'%s/tools/make-rootfs' '%s.new' && mv '%s.new' '%s'",
                                                        GANGWAY_SOURCE_ROOT, root, root, root);
                }
        }
        return root;
}

char *root_copy(Client *owner)
{
        g_autofree char *pattern = g_build_filename(test_dir(), "root-XXXXXX", NULL);
        char *root = g_mkdtemp(g_steal_pointer(&pattern));

        g_assert_nonnull(root);
        g_autofree char *output =
                shell("cp -a --reflink=auto '%s/.' '%s' && chown -R %u:%u '%s' && chmod 755 '%s'", root_shared(), root,
                      owner ? client_uid(owner) : 0, owner ? client_gid(owner) : 0, root, root);
        g_ptr_array_add(folders, g_strdup(root));
        return root;
}

void root_write(const char *root, const char *path, const char *contents)
{
        g_autofree char *file = g_build_filename(root, path, NULL);
        g_autoptr(GError) error = NULL;

        g_file_set_contents(file, contents, -1, &error);
        g_assert_no_error(error);
        g_assert_no_errno(g_chmod(file, 0644));
}

void wait_until(Condition condition, gpointer data, const char *what)
{
        gint64 end = g_get_monotonic_time() + DEADLINE_SECONDS * G_TIME_SPAN_SECOND;

        while (!condition(data)) {
                if (g_get_monotonic_time() > end)
                        g_error("not within %d s: %s", DEADLINE_SECONDS, what);
                g_usleep(5000);
        }
}

static void set_up(void)
{
        signal(SIGPIPE, SIG_IGN);
        folders = g_ptr_array_new_with_free_func(g_free);
        g_assert_no_errno(g_mkdir_with_parents(test_dir(), 0755));
        /* What a test that failed half-way left. */
        g_free(shell("systemctl unmask --runtime polkit.service 2>&1; systemctl reset-failed 2>&1"));
        polkit_rules(POLKIT_USUAL);
        client = client_new(NULL);
        alice = client_new("alice");
        bob = client_new("bob");
        /* Which runtime the daemon takes is for the whole run: the tests are the same for each. The call starts the
         * daemon, so that it is there before anything is counted. */
        daemon_configure(NULL);
        client_barrier(client);
}

static void tear_down(void)
{
        client_free(client);
        client_free(alice);
        client_free(bob);
        for (guint i = 0; i < folders->len; i++)
                g_free(shell("rm -rf --one-file-system '%s'", (char *) folders->pdata[i]));
        g_ptr_array_unref(folders);
}

int fixture_main(int argc, char **argv, const Test *tests, size_t n_tests)
{
        g_test_init(&argc, &argv, NULL);
        if (!g_getenv("GANGWAY_TEST_DIR") || getuid() != 0) {
                g_print("1..0 # SKIP run it by tools/boot: not root in a throw-away system\n");
                return g_strcmp0(g_getenv("GANGWAY_MUST_RUN"), "1") == 0 ? 1 : 0;
        }
        set_up();
        for (size_t i = 0; i < n_tests; i++)
                g_test_add_func(tests[i].path, tests[i].run);
        int result = g_test_run();
        tear_down();
        return result;
}
