/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Out of memory. It needs a system whose memory controller binds, which a nested one may not have: so it is run in a
 * virtual machine, by tools/boot-vm.
 */
#include "common.h"

#define LIMITS "{'scope-properties': <[('MemoryMax', <uint64 33554432>), ('MemorySwapMax', <uint64 0>)]>}"

/* tail keeps the last line, and this one has no end. */
#define HOG ARGV("tail", "/dev/zero")

static void assert_oom(Container *container, const char *id)
{
        g_autoptr(GVariant) details = NULL;
        gboolean oom = FALSE;
        gint32 number = 0;

        g_assert_cmpuint(process_wait(container, id, &details), ==, 137);
        g_assert_true(g_variant_lookup(details, "oom", "b", &oom));
        g_assert_true(oom);
        g_assert_true(g_variant_lookup(details, "term-signal", "i", &number));
        g_assert_cmpint(number, ==, SIGKILL);
}

static void test_first_process(void)
{
        /* More than once: the group may be gone before the daemon has looked at its last event, or not. */
        for (int i = 0; i < 5; i++) {
                g_autoptr(Container) container = container_new(client, .options = LIMITS);
                g_autoptr(Process) init = process_new(container, .method = "Start", .argv = HOG);

                assert_oom(container, init->id);
                container_wait_state(container, "exited");
        }
}

static void test_exec(void)
{
        g_autoptr(Container) container = container_new_started(client, .options = LIMITS);
        g_autoptr(Process) hog = process_new(container, .argv = HOG);
        assert_oom(container, hog->id);
}

/* A kill that only looks like it. */
static void test_no_oom(void)
{
        g_autoptr(Container) container = container_new_started(client, .options = LIMITS);
        g_autoptr(Process) process = process_new(container, .argv = ARGV("sleep", "1000"));
        g_autoptr(GVariant) details = NULL;

        process_signal(container, process->id, "KILL", "");
        g_assert_cmpuint(process_wait(container, process->id, &details), ==, 137);
        g_assert_false(g_variant_lookup(details, "oom", "b", NULL));
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/oom/first-process", test_first_process},
                {"/oom/exec", test_exec},
                {"/oom/no-oom", test_no_oom},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
