/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gangway-network by itself, where something does not go to its end: a plugin that fails, a daemon that cancels or is
 * gone, a process that is killed at any moment. Nothing may be left: at once, or after a sweep.
 */
#include "common.h"
#include "network-world.h"
#include "network/network-run.h"

#define BASE "100000000"
#define PIN  "/run/netns/gangway-"

static const struct {
        const char *plugin, *seconds, *part;
} failures[] = {
        {"fail", "30", "the plugin fail said: no such thing (tried twice, code 117)"},
        {"complain", "30", "the plugin complain said: the cable is out"},
        {"die", "30", "the plugin die was killed by signal 9"},
        {"nothing", "30", "the plugin nothing gave a result that can't be used: it is no JSON"},
        {"list", "30", "the plugin list gave a result that can't be used: it is no JSON object"},
        {"flood", "30", "the plugin flood printed more than 1048576 bytes"},
        {"hang", "1", "the plugin hang did not end within 1 s"},
};

/* All get their DEL, the one that failed and those that were not reached as well, the last one first. */
static void test_failures(void)
{
        network_run_prepare();
        NETWORK_DO("sweep");
        g_autofree char *before = network_world_snapshot();
        const char *plugins = network_run_plugins();

        for (size_t i = 0; i < G_N_ELEMENTS(failures); i++) {
                const char *plugin = failures[i].plugin;
                const char *const words[] = {"add",   "1000-f", "host", NETWORK_LIST("pass", plugin, "second"),
                                             plugins, NULL};
                NetworkRun run = network_run_start(failures[i].seconds, false, words);
                g_autofree char *sentence =
                        g_strdup_printf("The network 'tests' could not be set up: %s", failures[i].part);

                network_run_error(run, "org.gangway1.Error.NetworkFailed", sentence);
                g_autofree char *calls = network_run_calls();
                g_autofree char *expected =
                        g_strdup_printf("DEL second\nend second\nDEL %s\nend %s\nDEL pass\nend pass\n", plugin, plugin);
                g_assert_true(g_str_has_prefix(calls, "ADD pass\nend pass\nADD "));
                g_assert_null(strstr(calls, "ADD second"));
                g_assert_true(g_str_has_suffix(calls, expected));
                network_world_assert_same(before);
        }
}

/* What comes before it in the list is real, and has made an interface, a lease and rules. */
static void test_failure_after_real(void)
{
        network_run_prepare();
        g_autofree char *plugins = g_strdup_printf(REAL_PLUGINS ":%s", network_run_plugins());
        const char *list = network_run_path("real.conflist");
        g_autofree char *output =
                shell("python3 -c 'import json; l = json.load(open(\"" REAL_LIST "\")); "
                      "l[\"plugins\"].append({\"type\": \"fail\"}); json.dump(l, open(\"%s\", \"w\"))'",
                      list);

        network_world_warm_up();
        g_autofree char *before = network_world_snapshot();
        NETWORK_ERROR("NetworkFailed", "the plugin fail said", "add", "1000-f", BASE, list, plugins,
                      "tcp,127.0.0.1,18083,80");
        network_world_assert_same(before);
}

static gboolean is_there(gpointer path)
{
        return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void wait_for_slow(void)
{
        wait_until(is_there, (gpointer) network_run_path("plugins/log/slow"), "the plugin has started");
}

static void let_slow_go(void)
{
        g_assert_no_errno(unlink(network_run_path("plugins/log/slow")));
}

#define UNDONE                                                                                                         \
        "ADD pass\nend pass\nADD slow\nend slow\nDEL second\nend second\nDEL slow\nend slow\nDEL pass\nend pass\n"

/* The plugin that runs is left to its end, and no further one begins. */
static void test_cancel(void)
{
        network_run_prepare();
        g_autofree char *before = network_world_snapshot();
        NetworkRun run =
                NETWORK_START("add", "1000-s", "host", NETWORK_LIST("pass", "slow", "second"), network_run_plugins());
        wait_for_slow();
        g_assert_no_errno(kill(run.pid, SIGTERM));
        let_slow_go();
        network_run_error(run, "org.gangway1.Error.Cancelled", "was cancelled");
        g_autofree char *calls = network_run_calls();
        g_assert_cmpstr(calls, ==, UNDONE);
        network_world_assert_same(before);
}

static void test_daemon_gone(void)
{
        network_run_prepare();
        g_autofree char *before = network_world_snapshot();
        NetworkRun run =
                NETWORK_START("add", "1000-s", "host", NETWORK_LIST("pass", "slow", "second"), network_run_plugins());
        wait_for_slow();
        close_fd(&run.socket);
        let_slow_go();
        NetworkAnswer answer = network_run_end(&run, NULL);
        network_answer_done(&answer);
        g_autofree char *calls = network_run_calls();
        g_assert_cmpstr(calls, ==, UNDONE);
        network_world_assert_same(before);
}

static void kill_run(NetworkRun *run)
{
        g_assert_no_errno(kill(run->pid, SIGKILL));
        NetworkAnswer answer = network_run_end(run, NULL);
        network_answer_done(&answer);
}

/* What a killed helper's plugin still does comes before the DEL. */
static void test_killed_waits(void)
{
        network_run_prepare();
        NETWORK_DO("sweep");
        g_autofree char *before = network_world_snapshot();
        NetworkRun run =
                NETWORK_START("add", "1000-s", "host", NETWORK_LIST("pass", "slow", "second"), network_run_plugins());
        wait_for_slow();
        kill_run(&run);
        NetworkRun del = NETWORK_START("del", "1000-s");
        /* The time is not what is tested: what it does in it would be seen below. */
        g_usleep(100000);
        let_slow_go();
        network_run_done(del);
        g_autofree char *calls = network_run_calls();
        g_assert_cmpstr(calls, ==, UNDONE);
        network_world_assert_same(before);
}

static bool is_ok(NetworkRun *run)
{
        NetworkAnswer answer = network_run_end(run, NULL);
        bool ok = answer.words && g_str_equal(answer.words[0], "ok");

        network_answer_done(&answer);
        return ok;
}

/* At any moment, with the real plugins: four at a time, half of which come to their end. */
static void test_killed_anywhere(void)
{
        GRand *random = g_rand_new_with_seed(7);
        unsigned n_killed = 0;

        network_run_prepare();
        network_world_warm_up();
        NETWORK_DO("sweep");
        g_autofree char *before = network_world_snapshot();
        for (unsigned round = 0; round < 6; round++) {
                NetworkRun runs[4];

                for (unsigned i = 0; i < G_N_ELEMENTS(runs); i++) {
                        g_autofree char *id = g_strdup_printf("1000-k%u-%u", round, i);
                        g_autofree char *port = g_strdup_printf("tcp,127.0.0.1,%u,80", 18100 + i);

                        runs[i] = NETWORK_START("add", id, BASE, REAL_LIST, REAL_PLUGINS, port);
                }
                g_usleep((gulong) g_rand_int_range(random, 1000, 160000));
                for (unsigned i = 0; i < G_N_ELEMENTS(runs) / 2; i++)
                        (void) kill(runs[i].pid, SIGKILL);
                for (unsigned i = 0; i < G_N_ELEMENTS(runs); i++) {
                        bool ok = is_ok(&runs[i]);

                        g_assert_true(ok || i < G_N_ELEMENTS(runs) / 2);
                        n_killed += !ok;
                }
                NETWORK_DO("sweep");
                network_world_assert_same(before);
        }
        g_test_message("%u were killed", n_killed);
        g_assert_cmpuint(n_killed, >, 0);
        g_rand_free(random);
}

/* A del that is killed is as good as one that has not begun. */
static void test_killed_del(void)
{
        network_run_prepare();
        network_world_warm_up();
        g_autofree char *before = network_world_snapshot();
        for (unsigned i = 0; i < 6; i++) {
                NETWORK_DO("add", "1000-d", BASE, REAL_LIST, REAL_PLUGINS, "tcp,127.0.0.1,18100,80");
                NetworkRun run = NETWORK_START("del", "1000-d");
                g_usleep(i * 20000);
                kill_run(&run);
                NETWORK_DO("del", "1000-d");
                network_world_assert_same(before);
        }
}

/* One plugin fails: the others have their DEL, and the record and the namespace are kept for the next try. */
static void test_stuck(void)
{
        network_run_prepare();
        NETWORK_DO("sweep");
        g_autofree char *before = network_world_snapshot();
        const char *list = NETWORK_LIST("pass", "stuck", "second");
        NETWORK_DO("add", "1000-s", "host", list, network_run_plugins());
        g_free(shell("touch '%s/log/stuck'", network_run_plugins()));
        g_free(network_run_calls());
        NETWORK_ERROR("NetworkFailed",
                      "The network 'tests' could not be taken down: the plugin stuck said: it does not come off (still "
                      "stuck, code 117)",
                      "del", "1000-s");
        g_autofree char *calls = network_run_calls();
        g_assert_cmpstr(calls, ==, "DEL second\nend second\nDEL stuck\nDEL pass\nend pass\n");
        g_assert_cmpint(shell_status("grep -q ' " PIN "1000-s ' /proc/1/mountinfo"), ==, 0);
        NETWORK_ERROR("NetworkFailed", "could not be taken down", "add", "1000-s", "host", list, network_run_plugins());
        NetworkAnswer answer = NETWORK_OK("sweep");
        g_assert_cmpstr(network_answer_find(&answer, "count"), ==, "0");
        network_answer_done(&answer);

        g_free(shell("rm '%s/log/stuck'", network_run_plugins()));
        answer = NETWORK_OK("sweep");
        g_assert_cmpstr(network_answer_find(&answer, "count"), ==, "1");
        network_answer_done(&answer);
        network_world_assert_same(before);
}

/* One of the same name takes the place of what was left. */
static void test_leftover(void)
{
        network_run_prepare();
        const char *list = NETWORK_LIST("pass");
        NETWORK_DO("add", "1000-s", "host", list, network_run_plugins());
        g_free(network_run_calls());
        NETWORK_DO("add", "1000-s", "host", list, network_run_plugins());
        g_autofree char *calls = network_run_calls();
        g_assert_cmpstr(calls, ==, "DEL pass\nend pass\nADD pass\nend pass\n");
        NETWORK_DO("del", "1000-s");
}

/* After a restart of the machine there are records and leases, and nothing else. */
static void test_restarted_machine(void)
{
        network_run_prepare();
        network_world_warm_up();
        NETWORK_DO("add", "1000-r", BASE, REAL_LIST, REAL_PLUGINS, "tcp,127.0.0.1,18100,80");
        g_free(shell("ip netns delete gangway-1000-r; ip link delete gangway0; nft flush ruleset"));
        NetworkAnswer answer = NETWORK_OK("sweep");
        g_assert_cmpstr(network_answer_find(&answer, "count"), ==, "1");
        network_answer_done(&answer);
        g_autofree char *left =
                shell("cd /var/lib/cni/networks/gangway && ls | grep -v '^lo\\|^last_' || true; ls '%s'; "
                      "ls /run/netns; ls /sys/class/net | grep -v '^lo$' || true",
                      network_run_path("records"));
        g_assert_cmpstr(left, ==, "");
}

/* Files that nothing can be made of: what a machine that stopped has left half-written, and pins that nobody knows. */
static void test_rubbish(void)
{
        network_run_prepare();
        NETWORK_DO("sweep");
        g_autofree char *before = network_world_snapshot();
        g_free(shell("cd '%s' && : >1000-a.json && echo '{' >1000-b.json && : >1000-c.new && : >1000-d.lock && "
                     "mkdir 1000-e.json && ip netns add gangway-1000-f && : >" PIN "1000-g",
                     network_run_path("records")));
        NETWORK_DO("add", "1000-h", "host", NETWORK_LIST("pass"), network_run_plugins());
        g_free(shell("cd '%s' && mv 1000-h.json 1000-i.json", network_run_path("records")));
        NETWORK_DO("add", "1000-b", "host", NETWORK_LIST("pass"), network_run_plugins());
        NETWORK_DO("sweep");
        g_free(shell("rmdir '%s/1000-e.json'", network_run_path("records")));
        network_world_assert_same(before);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/network-undo/failures", test_failures},
                {"/network-undo/failure-after-real", test_failure_after_real},
                {"/network-undo/cancel", test_cancel},
                {"/network-undo/daemon-gone", test_daemon_gone},
                {"/network-undo/killed-waits", test_killed_waits},
                {"/network-undo/killed-anywhere", test_killed_anywhere},
                {"/network-undo/killed-del", test_killed_del},
                {"/network-undo/stuck", test_stuck},
                {"/network-undo/leftover", test_leftover},
                {"/network-undo/restarted-machine", test_restarted_machine},
                {"/network-undo/rubbish", test_rubbish},
        };

        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
