/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Signals by name and by number. */

#include <errno.h>
#include <glib.h>
#include <signal.h>

#include "model/signal-name.h"

static void test_known(void)
{
        const struct {
                const char *text;
                int signal;
        } cases[] = {
                {"TERM", SIGTERM},
                {"SIGTERM", SIGTERM},
                {"15", SIGTERM},
                {"HUP", SIGHUP},
                {"SIGHUP", SIGHUP},
                {"1", SIGHUP},
                {"KILL", SIGKILL},
                {"USR1", SIGUSR1},
                {"SIGCHLD", SIGCHLD},
                {"WINCH", SIGWINCH},
                {"64", 64},
                {"RTMIN", SIGRTMIN},
                {"SIGRTMIN", SIGRTMIN},
                {"RTMIN+0", SIGRTMIN},
                {"RTMIN+3", SIGRTMIN + 3},
                {"SIGRTMIN+3", SIGRTMIN + 3},
                {"RTMAX-2", SIGRTMAX - 2},
                {"SIGRTMAX-2", SIGRTMAX - 2},
                {"RTMAX", SIGRTMAX},
                {"RTMIN+30", SIGRTMAX},
                {"RTMAX-30", SIGRTMIN},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_test_message("'%s'", cases[i].text);
                g_assert_cmpint(signal_from_string(cases[i].text), ==, cases[i].signal);
        }
}

/* Each one by its number and its name as libc has it. */
static void test_all(void)
{
        for (int i = 1; i < SIGRTMIN; i++) {
                g_autofree char *number = g_strdup_printf("%d", i);

                g_assert_cmpint(signal_from_string(number), ==, i);
                if (sigabbrev_np(i)) {
                        g_autofree char *name = g_strdup_printf("SIG%s", sigabbrev_np(i));

                        g_assert_cmpint(signal_from_string(name), ==, i);
                }
        }
}

static void test_unknown(void)
{
        static const char *const texts[] = {
                "",           "SIG",      "0",       "65",         "-1",      "+9",
                "9x",         " 9",       "9 ",      "0x9",        "1.5",     "term",
                "sigterm",    "Term",     "TERM ",   "SIGSIGTERM", "SIG15",   "NOSUCH",
                "RTMIN+31",   "RTMAX-31", "RTMIN+",  "RTMAX-",     "RTMIN-1", "RTMAX+1",
                "RTMIN+ 3",   "RTMIN++3", "RTMIN+x", "RTMIN3",     "rtmin+3", "18446744073709551631",
                "4294967311", "EXIT",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_test_message("'%s'", texts[i]);
                g_assert_cmpint(signal_from_string(texts[i]), ==, -EINVAL);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/signal-name/known", test_known);
        g_test_add_func("/signal-name/all", test_all);
        g_test_add_func("/signal-name/unknown", test_unknown);
        return g_test_run();
}
