/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Networks that can't be had, that fail half-way, that outlive their daemon, and that are ready before they are asked
 * for. Plugins of the tests' own are shell scripts in a folder beside the real ones.
 */
#include "common.h"

#include <glib/gstdio.h>

#define DROP_INS "/run/systemd/system/gangwayd.service.d"
#define SANDBOX  "{'net-mode': <'sandbox'>}"

static char *in_test_dir(const char *name)
{
        return g_build_filename(g_getenv("GANGWAY_TEST_DIR"), name, NULL);
}

/* A configuration with a list of the bridge plugin and, after it, one of the tests' own that runs `script`, with the
 * command in $CNI_COMMAND and what came before it in $input. */
static char *config_with_plugin(const char *script)
{
        g_autofree char *plugins = in_test_dir("plugins"), *list = in_test_dir("test.conflist");
        g_autofree char *file = g_build_filename(plugins, "gangway-test", NULL), *text = NULL;
        static const char list_text[] =
                "{\"cniVersion\": \"1.0.0\", \"name\": \"test\", \"plugins\": ["
                "{\"type\": \"bridge\", \"bridge\": \"test0\", \"isGateway\": true, \"ipMasq\": true, \"ipam\": "
                "{\"type\": \"host-local\", \"ranges\": [[{\"subnet\": \"10.210.0.0/24\"}]]}}, {\"type\": "
                "\"gangway-test\"}]}";

        g_assert_no_errno(g_mkdir_with_parents(plugins, 0755));
        text = g_strdup_printf("#!/bin/sh\ninput=$(cat)\n"
                               "result=$(printf %%s \"$input\" | python3 -c 'import json, sys; "
                               "print(json.dumps(json.load(sys.stdin).get(\"prevResult\", {})))')\n%s\n",
                               script);
        g_assert_true(g_file_set_contents(file, text, -1, NULL));
        g_assert_no_errno(g_chmod(file, 0755));
        g_assert_true(g_file_set_contents(list, list_text, -1, NULL));
        return g_strdup_printf("[Network]\nList=%s\nPluginPath=%s:/usr/lib/cni\n", list, plugins);
}

/* What the real plugins make once and keep is there afterwards. */
static void warm_up_with(const char *options)
{
        g_autoptr(Container) container = container_new(client, .options = options);

        container_release(container);
}

static void warm_up(void)
{
        warm_up_with("{'net-mode': <'sandbox'>, 'ports': <[('tcp', uint16 0, uint16 80)]>}");
}

/* By another daemon, which makes the folders of all containers anew with the first one. */
static void wait_restored(const char *before)
{
        warm_up_with(NULL);
        world_wait_same(before);
}

static void test_unavailable(void)
{
        static const struct {
                const char *config, *sentence;
        } rows[] = {
                {"[Network]\nList=/nowhere.conflist\n", "/nowhere.conflist"},
                {"[Network]\nPluginPath=/nowhere\n", "containernetworking-plugins"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                daemon_configure(rows[i].config);
                warm_up_with(NULL);
                g_autofree char *before = world_snapshot();
                g_autoptr(Reply) reply = container_new_fails(alice, .options = SANDBOX);

                assert_error(reply, ERROR_GANGWAY("NetworkUnavailable"), rows[i].sentence);
                world_assert_same(before);
                g_autoptr(Container) none = container_new_started(alice, .options = "{'net-mode': <'none'>}");
                g_autoptr(Container) host = container_new_started(client, .options = "{'net-mode': <'host'>}");
        }
        daemon_configure(NULL);
}

static void test_pasta_unavailable(void)
{
        daemon_configure("[Network]\nProvider=pasta\n");
        g_free(shell("mount --bind /dev/null /usr/bin/pasta"));
        g_autoptr(Reply) reply = container_new_fails(alice, .options = SANDBOX);
        g_free(shell("umount /usr/bin/pasta"));
        assert_error(reply, ERROR_GANGWAY("NetworkUnavailable"), "install the package passt");
        daemon_configure(NULL);
}

static void test_failing_plugin(void)
{
        g_autofree char *config = config_with_plugin("test $CNI_COMMAND != ADD && exit 0\n"
                                                     "echo '{\"cniVersion\": \"1.0.0\", \"code\": 101, \"msg\": \"no "
                                                     "more wires\", \"details\": \"all 3 are used\"}'; "
                                                     "exit 1");

        daemon_configure(config);
        /* The bridge is made by the first one. */
        g_autoptr(Reply) first = container_new_fails(alice, .options = SANDBOX);
        g_autofree char *before = world_snapshot();
        g_autoptr(Reply) reply = container_new_fails(alice, .options = "{'net-mode': <'sandbox'>}", .name = "failing");

        assert_error(reply, ERROR_GANGWAY("NetworkFailed"), "no more wires");
        assert_contains(reply->message, "all 3 are used");
        assert_contains(reply->message, "gangway-test");
        world_assert_same(before);
        daemon_configure(NULL);
        g_free(shell("ip link delete test0"));
}

/* A plugin that can't undo its part keeps nothing of the rest: the container goes, and the record stays for later. */
static void test_failing_del(void)
{
        g_autofree char *flag = in_test_dir("del-fails");
        g_autofree char *script =
                g_strdup_printf("test $CNI_COMMAND = DEL && test -e %s && exit 1\nprintf %%s \"$result\"", flag);
        g_autofree char *config = config_with_plugin(script), *log = NULL;

        daemon_configure(config);
        warm_up_with(SANDBOX);
        g_autofree char *before = world_snapshot();
        g_autoptr(Container) container = container_new_started(alice, .options = SANDBOX);
        g_free(shell("touch %s", flag));
        container_release(container);
        g_free(shell("rm %s", flag));
        log = shell("journalctl -b -u gangwayd.service -o cat | grep 'could not be undone' | tail -n 1");
        assert_contains(log, "gangway-test");
        /* The next daemon tries again. */
        daemon_restart();
        wait_restored(before);
        daemon_configure(NULL);
        g_free(shell("ip link delete test0"));
}

/* Release while a plugin is at work. */
static void test_release_meanwhile(void)
{
        g_autofree char *flag = in_test_dir("plugin-waits");
        g_autofree char *script = g_strdup_printf(
                "test $CNI_COMMAND = ADD && { mkfifo %s; cat %s; }\nprintf %%s \"$result\"", flag, flag);
        g_autofree char *config = config_with_plugin(script);

        daemon_configure(config);
        warm_up_with(NULL);
        g_autofree char *prepared = g_strdup_printf("test -p %s", flag);
        g_autofree char *before = world_snapshot();
        guint32 serial;
        {
                g_autoptr(Client) caller = client_new("alice");

                serial = container_new_send(caller, .options = "{'net-mode': <'sandbox'>, 'watch-bus': <true>}");
                g_assert_cmpuint(serial, >, 0);
                while (shell_status("%s", prepared) != 0)
                        g_usleep(5000);
                /* The daemon is told to stop: it undoes what is under way. */
                g_free(shell("systemctl stop gangwayd.service; rm %s", flag));
        }
        g_free(shell("systemctl start gangwayd.service"));
        g_free(shell("ip link delete test0"));
        wait_restored(before);
        daemon_configure(NULL);
}

/* It is not killed as long as it gets on with it, however long all of it takes. */
static void test_slow_stop(void)
{
        g_autofree char *lock = in_test_dir("del-lock");
        g_autofree char *script =
                g_strdup_printf("test $CNI_COMMAND = DEL && flock %s sleep 1\nprintf %%s \"$result\"", lock);
        g_autofree char *config = config_with_plugin(script), *result = NULL;
        Container *containers[6];

        g_free(shell("mkdir -p %s && printf '[Service]\nTimeoutStopSec=4\n' >%s/test.conf && systemctl daemon-reload",
                     DROP_INS, DROP_INS));
        daemon_configure(config);
        warm_up_with(SANDBOX);
        g_autofree char *before = world_snapshot();
        for (size_t i = 0; i < G_N_ELEMENTS(containers); i++)
                containers[i] = container_new(client, .options = SANDBOX);
        result = shell("systemctl stop gangwayd.service; systemctl show -P Result gangwayd.service; "
                       "systemctl reset-failed gangwayd.service 2>/dev/null; rm -r %s; systemctl daemon-reload",
                       DROP_INS);
        g_assert_cmpstr(result, ==, "success");
        for (size_t i = 0; i < G_N_ELEMENTS(containers); i++) {
                containers[i]->released = TRUE;
                container_free(containers[i]);
        }
        g_free(shell("systemctl start gangwayd.service"));
        warm_up_with(SANDBOX);
        wait_restored(before);
        daemon_configure(NULL);
        g_free(shell("ip link delete test0"));
}

static void kill_daemon(void)
{
        g_free(shell("systemctl kill -s KILL --kill-whom=main gangwayd.service; "
                     "systemctl reset-failed gangwayd.service; systemctl restart gangwayd.service"));
        client_barrier(client);
}

/* SIGKILL between ADD and Start, while a process runs, and between the end and DEL. */
static void test_killed(void)
{
        warm_up();
        g_autofree char *before = world_snapshot();

        g_autoptr(Container) made = container_new(client, .options = SANDBOX);
        kill_daemon();
        wait_restored(before);

        g_autoptr(Container) running = container_new_started(
                client, .options = "{'net-mode': <'sandbox'>, 'ports': <[('tcp', uint16 8080, uint16 80)]>}");
        kill_daemon();
        wait_restored(before);

        g_autoptr(Container) ended = container_new(client, .options = SANDBOX);
        g_autoptr(Process) process = process_new(ended, .method = "Start", .script = "exit 0");
        g_assert_cmpuint(process_wait(ended, process->id, NULL), ==, 0);
        kill_daemon();
        wait_restored(before);
        /* They went with their daemons. */
        made->released = running->released = ended->released = TRUE;
}

typedef struct PoolWait {
        const char *list;
} PoolWait;

static gboolean pool_is(gpointer data)
{
        g_autofree char *list = shell("ls /run/netns | grep -c '^gangway-pool-' || true");
        g_autofree char *busy = shell("pgrep -x gangway-network || true");

        return g_str_equal(list, ((PoolWait *) data)->list) && !*busy;
}

static void wait_pool(const char *n)
{
        PoolWait wait = {n};

        wait_until(pool_is, &wait, "as many networks of the pool are ready");
}

static void test_pool(void)
{
        warm_up();
        g_autofree char *before = world_snapshot();
        daemon_configure("[Network]\nPool=2\n");
        wait_pool("2");
        {
                g_autofree char *first = shell("ls /run/netns");
                g_autoptr(Container) one = container_new_started(alice, .options = SANDBOX);
                g_autoptr(Container) two = container_new_started(bob, .options = SANDBOX);
                g_autofree char *output = NULL, *pin = shell("for n in /run/netns/gangway-pool-*; do "
                                                             "test $n -ef /proc/%u/ns/net && basename $n; done; true",
                                                             container_leader(one));

                assert_contains(first, pin);
                assert_contains(pin, "gangway-pool-");
                g_assert_cmpuint(process_run(one, &output, .script = "ip -o -4 address show scope global"), ==, 0);
                assert_contains(output, "10.209.");
                /* Two are in use, and two new ones are made. */
                wait_pool("4");
        }
        wait_pool("2");
        /* What somebody has changed is replaced at a reload. */
        g_autofree char *broken = shell("cd /run/netns; set -- gangway-pool-*; ip -n $1 route delete default; echo $1");
        g_free(shell("systemctl reload gangwayd.service"));
        g_free(shell("timeout 20 sh -c 'while test -e /run/netns/%s; do sleep 0.02; done'", broken));
        wait_pool("2");
        daemon_write_config("[Network]\nPool=0\n");
        g_free(shell("systemctl reload gangwayd.service"));
        wait_pool("0");
        daemon_configure("[Network]\nPool=1\n");
        wait_pool("1");
        /* And none stays when the daemon ends, or is killed. */
        kill_daemon();
        wait_pool("1");
        daemon_configure(NULL);
        wait_pool("0");
        wait_restored(before);
}

/* A pool is not for those who want ports: these are given when a network is made. */
static void test_pool_and_ports(void)
{
        daemon_configure("[Network]\nPool=1\n");
        wait_pool("1");
        {
                g_autoptr(Container) container = container_new_started(
                        alice, .options = "{'net-mode': <'sandbox'>, 'ports': <[('tcp', uint16 0, uint16 80)]>}");
                g_autoptr(GVariant) addresses = client_property(alice, container->path, "Addresses");

                g_assert_cmpuint(g_variant_n_children(addresses), ==, 1);
                wait_pool("1");
        }
        daemon_configure(NULL);
}

static const Test tests[] = {
        {"/network-cni/unavailable", test_unavailable},
        {"/network-cni/pasta-unavailable", test_pasta_unavailable},
        {"/network-cni/failing-plugin", test_failing_plugin},
        {"/network-cni/failing-del", test_failing_del},
        {"/network-cni/release-meanwhile", test_release_meanwhile},
        {"/network-cni/slow-stop", test_slow_stop},
        {"/network-cni/killed", test_killed},
        {"/network-cni/pool", test_pool},
        {"/network-cni/pool-and-ports", test_pool_and_ports},
};

int main(int argc, char **argv)
{
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
