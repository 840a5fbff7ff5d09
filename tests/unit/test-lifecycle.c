/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every event in every state: where it leads, or that it can't be. */

#include <errno.h>
#include <glib.h>

#include "model/lifecycle.h"

#define NEVER (-EPERM)

static const int expected[CONTAINER_RELEASING + 1][EVENT_RELEASE + 1] = {
        [CONTAINER_CREATING] =
                {
                        [EVENT_CREATED] = CONTAINER_CREATED,
                        [EVENT_START] = NEVER,
                        [EVENT_START_FAILED] = NEVER,
                        [EVENT_STARTED] = NEVER,
                        [EVENT_PAUSED] = NEVER,
                        [EVENT_RESUMED] = NEVER,
                        [EVENT_EXITED] = NEVER,
                        [EVENT_RELEASE] = CONTAINER_RELEASING,
                },
        [CONTAINER_CREATED] =
                {
                        [EVENT_CREATED] = NEVER,
                        [EVENT_START] = CONTAINER_STARTING,
                        [EVENT_START_FAILED] = NEVER,
                        [EVENT_STARTED] = NEVER,
                        [EVENT_PAUSED] = NEVER,
                        [EVENT_RESUMED] = NEVER,
                        [EVENT_EXITED] = NEVER,
                        [EVENT_RELEASE] = CONTAINER_RELEASING,
                },
        [CONTAINER_STARTING] =
                {
                        [EVENT_CREATED] = NEVER,
                        [EVENT_START] = NEVER,
                        [EVENT_START_FAILED] = CONTAINER_CREATED,
                        [EVENT_STARTED] = CONTAINER_RUNNING,
                        [EVENT_PAUSED] = NEVER,
                        [EVENT_RESUMED] = NEVER,
                        [EVENT_EXITED] = NEVER,
                        [EVENT_RELEASE] = CONTAINER_RELEASING,
                },
        [CONTAINER_RUNNING] =
                {
                        [EVENT_CREATED] = NEVER,
                        [EVENT_START] = NEVER,
                        [EVENT_START_FAILED] = NEVER,
                        [EVENT_STARTED] = NEVER,
                        [EVENT_PAUSED] = CONTAINER_PAUSED,
                        [EVENT_RESUMED] = NEVER,
                        [EVENT_EXITED] = CONTAINER_EXITED,
                        [EVENT_RELEASE] = CONTAINER_RELEASING,
                },
        [CONTAINER_PAUSED] =
                {
                        [EVENT_CREATED] = NEVER,
                        [EVENT_START] = NEVER,
                        [EVENT_START_FAILED] = NEVER,
                        [EVENT_STARTED] = NEVER,
                        [EVENT_PAUSED] = NEVER,
                        [EVENT_RESUMED] = CONTAINER_RUNNING,
                        [EVENT_EXITED] = CONTAINER_EXITED,
                        [EVENT_RELEASE] = CONTAINER_RELEASING,
                },
        [CONTAINER_EXITED] =
                {
                        [EVENT_CREATED] = NEVER,
                        [EVENT_START] = NEVER,
                        [EVENT_START_FAILED] = NEVER,
                        [EVENT_STARTED] = NEVER,
                        [EVENT_PAUSED] = NEVER,
                        [EVENT_RESUMED] = NEVER,
                        [EVENT_EXITED] = NEVER,
                        [EVENT_RELEASE] = CONTAINER_RELEASING,
                },
        [CONTAINER_RELEASING] =
                {
                        [EVENT_CREATED] = NEVER,
                        [EVENT_START] = NEVER,
                        [EVENT_START_FAILED] = NEVER,
                        [EVENT_STARTED] = NEVER,
                        [EVENT_PAUSED] = NEVER,
                        [EVENT_RESUMED] = NEVER,
                        [EVENT_EXITED] = NEVER,
                        [EVENT_RELEASE] = NEVER,
                },
};

static void test_table(void)
{
        for (int state = CONTAINER_CREATING; state <= CONTAINER_RELEASING; state++)
                for (int event = EVENT_CREATED; event <= EVENT_RELEASE; event++) {
                        g_test_message("event %d in %s", event, container_state_to_string((ContainerState) state));
                        g_assert_cmpint(lifecycle_next((ContainerState) state, (ContainerEvent) event), ==,
                                        expected[state][event]);
                }
}

/* These words are the API: the property State. */
static void test_words(void)
{
        static const char *const words[] = {"creating", "created", "starting", "running",
                                            "paused",   "exited",  "releasing"};

        for (int i = 0; i < (int) G_N_ELEMENTS(words); i++) {
                g_assert_cmpstr(container_state_to_string((ContainerState) i), ==, words[i]);
                g_assert_cmpint(container_state_from_string(words[i]), ==, i);
        }
        g_assert_cmpint(container_state_from_string(""), ==, -EINVAL);
        g_assert_cmpint(container_state_from_string("Running"), ==, -EINVAL);
        g_assert_cmpint(container_state_from_string("runningx"), ==, -EINVAL);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/lifecycle/table", test_table);
        g_test_add_func("/lifecycle/words", test_words);
        return g_test_run();
}
