/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gangway-network by itself: what it makes with the real plugins and the list that is installed, what each plugin is
 * told, and what it refuses. No daemon takes part.
 */
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "common.h"
#include "network-world.h"
#include "network/network-run.h"

#define BASE "100000000"
#define PIN  "/run/netns/gangway-"

static char *inside(const char *id, const char *command)
{
        return shell("nsenter --net=" PIN "%s %s", id, command);
}

static guint64 inode(int fd)
{
        struct stat info;

        g_assert_no_errno(fstat(fd, &info));
        return info.st_ino;
}

/* Started as the daemon would: in a mount namespace of its own, and the pin is among the machine's mounts. */
static void test_add(void)
{
        network_run_prepare();
        g_free(shell("rmdir '%s'", network_run_path("records")));
        NetworkAnswer answer = network_run_ok(network_run_start(
                "30", true, (const char *const[]){"add", "1000-c1", BASE, REAL_LIST, REAL_PLUGINS, NULL}));
        const char *address = network_answer_find(&answer, "address");
        g_autofree char *addresses = inside("1000-c1", "ip -o -4 address show dev eth0");
        g_autofree char *route = inside("1000-c1", "ip route show default");
        g_autofree char *mac = inside("1000-c1", "ip -o link show dev eth0");
        g_autofree char *loopback = inside("1000-c1", "ip -o -4 address show dev lo up");
        g_autofree char *listed = shell("ip netns list");

        g_assert_true(g_str_has_prefix(address, "10.209."));
        g_assert_nonnull(strstr(addresses, address));
        g_assert_nonnull(strstr(route, network_answer_find(&answer, "gateway")));
        g_assert_nonnull(strstr(mac, network_answer_find(&answer, "mac")));
        g_assert_nonnull(strstr(loopback, "127.0.0.1/8"));
        g_assert_nonnull(strstr(listed, "gangway-1000-c1"));
        g_autofree char *records = shell("stat -c '%%a %%u' '%s' '%s'", network_run_path("records"),
                                         network_run_path("records/1000-c1.json"));
        g_assert_cmpstr(records, ==, "700 0\n600 0");
        g_assert_cmpstr(network_answer_find(&answer, "network"), ==, "gangway");
        g_assert_cmpstr(network_answer_find(&answer, "netns-path"), ==, PIN "1000-c1");

        /* The network namespace belongs to the user namespace, which has the ids that were asked for. */
        int owner = ioctl(answer.net, NS_GET_USERNS);
        g_autofree char *map =
                shell("nsenter --user=/proc/%d/fd/%d cat /proc/self/uid_map /proc/self/gid_map", getpid(), answer.user);
        g_assert_no_errno(owner);
        g_assert_cmpuint(inode(owner), ==, inode(answer.user));
        g_assert_cmpuint(strtoull(map, NULL, 10), ==, 0);
        g_assert_nonnull(strstr(map, BASE));
        g_assert_nonnull(strstr(map, "65536"));
        close(owner);
        network_answer_done(&answer);
        NETWORK_DO("del", "1000-c1");
}

static void test_host_ids(void)
{
        network_run_prepare();
        NetworkAnswer answer = NETWORK_OK("add", "0-h", "host", REAL_LIST, REAL_PLUGINS);
        g_assert_cmpint(answer.user, ==, -1);
        int owner = ioctl(answer.net, NS_GET_USERNS), own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
        g_assert_cmpuint(inode(owner), ==, inode(own));
        close(owner);
        close(own);
        network_answer_done(&answer);
        NETWORK_DO("del", "0-h");
}

/* Two reach each other; nothing of either stays. */
static void test_del(void)
{
        network_run_prepare();
        network_world_warm_up();
        g_autofree char *before = network_world_snapshot();
        NETWORK_DO("add", "1000-a", BASE, REAL_LIST, REAL_PLUGINS, "tcp,127.0.0.1,18080,80");
        NetworkAnswer answer = NETWORK_OK("add", "1000-b", "100065536", REAL_LIST, REAL_PLUGINS);
        g_auto(GStrv) address = g_strsplit(network_answer_find(&answer, "address"), "/", 2);
        g_autofree char *ping = shell("nsenter --net=" PIN "1000-a busybox ping -c 1 -W 5 %s", address[0]);

        network_answer_done(&answer);
        NETWORK_DO("del", "1000-b");
        NETWORK_DO("del", "1000-a");
        network_world_assert_same(before);
        NETWORK_DO("del", "1000-a");
        NETWORK_DO("del", "1000-never");
        network_world_assert_same(before);
}

static gboolean is_answered(gpointer data)
{
        g_autofree char *heard = shell("busybox nc -w 5 127.0.0.1 18081 </dev/null 2>&1 || true");

        return g_str_equal(heard, "hello");
}

static void test_ports(void)
{
        network_run_prepare();
        NETWORK_DO("add", "1000-p", BASE, REAL_LIST, REAL_PLUGINS, "tcp,127.0.0.1,18081,80", "udp,,18082,53");
        g_free(shell("systemd-run -q --unit network-server --collect nsenter --net=" PIN
                     "1000-p busybox nc -ll -p 80 -e /bin/echo hello"));
        wait_until(is_answered, NULL, "the server in the namespace answers");
        /* By the other addresses of the machine it is not published. */
        g_assert_cmpint(shell_status("busybox nc -w 5 10.209.0.1 18081 </dev/null >/dev/null 2>&1"), !=, 0);
        g_autofree char *rules = shell("nft list ruleset 2>&1");
        g_assert_nonnull(strstr(rules, "18082"));
        g_free(shell("systemctl stop network-server"));
        NETWORK_DO("del", "1000-p");
        g_autofree char *after = shell("nft list ruleset 2>&1");
        g_assert_null(strstr(after, "1808"));
}

#define SECRET "http://127.0.0.1:17777/secret"
#define GET                                                                                                            \
        "python3 -c 'import urllib.request as u; print(u.urlopen(\"" SECRET                                            \
        "\", timeout=%d).read().decode())' 2>/dev/null"
/* Its own loopback gone, and the machine's beyond the gateway. */
#define REROUTE                                                                                                        \
        "ip address delete 127.0.0.1/8 dev lo; for i in all eth0; do echo 1 >/proc/sys/net/ipv4/conf/$i/"              \
        "route_localnet; done; ip route add 127.0.0.1 via 10.209.0.1 "                                                 \
        "src $(ip -4 -o address show eth0 | grep -o '10[.0-9]*' | head -n 1)"

static gboolean is_served(gpointer data)
{
        return shell_status(GET " >/dev/null", 5) == 0;
}

/* The plugin portmap opens the way from the bridge to the machine's loopback, and we close it again. */
static void test_loopback(void)
{
        network_run_prepare();
        g_free(shell(
                "cd '%s' && echo secret >secret && systemd-run -q --unit network-server --collect busybox httpd -f "
                "-p 127.0.0.1:17777 -h \"$PWD\"",
                network_run_path("records")));
        wait_until(is_served, NULL, "the server on the machine's loopback answers");
        NETWORK_DO("add", "1000-p", BASE, REAL_LIST, REAL_PLUGINS, "tcp,127.0.0.1,18081,80");
        g_autofree char *script = g_build_filename(network_run_path("records"), "reroute", NULL);
        g_assert_true(g_file_set_contents(script, REROUTE, -1, NULL));
        g_free(shell("nsenter --net=" PIN "1000-p sh -e '%s'", script));
        g_assert_cmpint(shell_status("nsenter --net=" PIN "1000-p " GET, 2), !=, 0);
        /* It is the rule that does it. */
        g_free(shell("iptables -t raw -F PREROUTING"));
        g_autofree char *got = shell("nsenter --net=" PIN "1000-p " GET, 5);
        g_assert_cmpstr(got, ==, "secret");
        /* And it comes back, once. */
        NETWORK_DO("add", "1000-q", BASE, REAL_LIST, REAL_PLUGINS, "tcp,127.0.0.1,18082,80");
        NETWORK_DO("add", "1000-r", BASE, REAL_LIST, REAL_PLUGINS, "tcp,127.0.0.1,18083,80");
        g_autofree char *rules = shell("iptables -t raw -S PREROUTING | grep -c -- '-d 127.0.0.0/8 ! -i lo'");
        g_assert_cmpstr(rules, ==, "1");
        g_assert_cmpint(shell_status("nsenter --net=" PIN "1000-p " GET, 2), !=, 0);
        g_free(shell("systemctl stop network-server"));
        NETWORK_DO("sweep");
}

static void test_check(void)
{
        network_run_prepare();
        NETWORK_DO("add", "1000-k", BASE, REAL_LIST, REAL_PLUGINS);
        NETWORK_DO("check", "1000-k");
        g_free(inside("1000-k", "ip address flush dev eth0"));
        NETWORK_ERROR("NetworkFailed",
                      "The network 'gangway' is not as it was set up: the plugin bridge said: ", "check", "1000-k");
        NETWORK_DO("del", "1000-k");
        NETWORK_ERROR("NetworkFailed", "There is no network of '1000-k'", "check", "1000-k");
}

/* The list may have changed since, or be gone. */
static void test_own_copy(void)
{
        network_run_prepare();
        g_free(network_run_calls());
        NETWORK_DO("add", "1000-l", "host", NETWORK_LIST("pass", "second"), network_run_plugins());
        (void) NETWORK_LIST("fail");
        NETWORK_DO("check", "1000-l");
        g_assert_no_errno(unlink(network_run_path("list.conflist")));
        NETWORK_DO("del", "1000-l");
        g_autofree char *calls = network_run_calls();
        g_assert_cmpstr(calls, ==,
                        "ADD pass\nend pass\nADD second\nend second\nCHECK pass\nend pass\nCHECK second\nend second\n"
                        "DEL second\nend second\nDEL pass\nend pass\n");
}

/* A Python expression about what a plugin was called with: e is its environment, i its input. */
static char *told(const char *call, const char *expression)
{
        return shell("python3 -c 'import json; c = json.load(open(\"%s/log/%s\")); e = c[\"environment\"]; "
                     "i = c[\"input\"]; print(%s)'",
                     network_run_plugins(), call, expression);
}

static void assert_told(const char *call, const char *expression, const char *expected)
{
        g_autofree char *text = told(call, expression);

        g_assert_cmpstr(text, ==, expected);
}

#define INPUT "json.dumps(i, sort_keys=True)"
#define OWN   "{\"cniVersion\": \"%s\", \"ips\": [{\"address\": \"192.0.2.7/24\", \"gateway\": \"192.0.2.1\"}]}"
#define PORTS                                                                                                          \
        "{\"portMappings\": [{\"containerPort\": 80, \"hostIP\": \"127.0.0.1\", \"hostPort\": 8080, \"protocol\": "    \
        "\"tcp\"}, {\"containerPort\": 5353, \"hostPort\": 53, \"protocol\": \"udp\"}]}"

static void assert_input(const char *call, const char *version, bool with_ports, bool with_result)
{
        g_autofree char *result = g_strdup_printf(", \"prevResult\": " OWN, version);
        g_autofree char *expected = g_strdup_printf(
                "{\"cniVersion\": \"%s\", \"name\": \"tests\"%s%s, \"type\": \"%s\", \"x\": [1, null]}", version,
                with_result ? result : "", with_ports ? ", \"runtimeConfig\": " PORTS : "", strchr(call, '.') + 1);

        assert_told(call, INPUT, expected);
}

static void run_all(const char *version, bool with_ports)
{
        const char *capability = ",\"x\":[1,null],\"capabilities\":{\"portMappings\":true}";
        const char *list = network_run_list(version, with_ports ? capability : ",\"x\":[1,null]",
                                            (const char *const[]){"pass", "second", NULL});

        if (with_ports)
                NETWORK_DO("add", "1000-t", "host", list, network_run_plugins(), "tcp,127.0.0.1,8080,80",
                           "udp,,53,5353");
        else
                NETWORK_DO("add", "1000-t", "host", list, network_run_plugins());
        NETWORK_DO("check", "1000-t");
        NETWORK_DO("del", "1000-t");
}

/* What the specification says that a plugin gets. */
static void test_protocol(void)
{
        static const char *const calls[] = {"ADD.pass",     "ADD.second", "CHECK.pass",
                                            "CHECK.second", "DEL.pass",   "DEL.second"};

        network_run_prepare();
        run_all("0.4.0", true);
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
                g_auto(GStrv) words = g_strsplit(calls[i], ".", 2);

                assert_input(calls[i], "0.4.0", true, i > 0);
                assert_told(calls[i], "e[\"CNI_COMMAND\"]", words[0]);
                assert_told(calls[i], "e[\"CNI_CONTAINERID\"], e[\"CNI_NETNS\"], e[\"CNI_IFNAME\"], e[\"CNI_ARGS\"]",
                            "1000-t " PIN "1000-t eth0 IgnoreUnknown=1");
                assert_told(calls[i], "e[\"CNI_PATH\"]", network_run_plugins());
                assert_told(calls[i], "c[\"arguments\"]", "[]");
                /* Python adds one. */
                assert_told(calls[i], "*(k for k in e if k[:4] != \"CNI_\" and k != \"LC_CTYPE\")", "PATH");
        }
        run_all("1.0.0", false);
        assert_input("ADD.second", "1.0.0", false, true);
        assert_input("DEL.pass", "1.0.0", false, true);
}

/* Before 0.4.0 there was no CHECK, and DEL got no result. */
static void test_old_version(void)
{
        network_run_prepare();
        run_all("0.3.1", false);
        g_autofree char *calls = network_run_calls();
        g_assert_null(strstr(calls, "CHECK"));
        assert_input("ADD.second", "0.3.1", false, true);
        assert_input("DEL.second", "0.3.1", false, false);
}

static void test_failed_check(void)
{
        network_run_prepare();
        NETWORK_DO("add", "1000-t", "host", NETWORK_LIST("pass", "second"), network_run_plugins());
        g_free(shell("touch '%s/log/unchecked'", network_run_plugins()));
        g_free(network_run_calls());
        NETWORK_ERROR("NetworkFailed",
                      "The network 'tests' is not as it was set up: the plugin pass said: it is not there (pass, code "
                      "117)",
                      "check", "1000-t");
        g_autofree char *calls = network_run_calls();
        g_assert_cmpstr(calls, ==, "CHECK pass\n");
        NETWORK_DO("del", "1000-t");
}

static const char *write_list(const char *text)
{
        const char *path = network_run_path("bad.conflist");

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        return path;
}

#define HEAD "{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":"

/* Nothing is made, and no plugin is run. */
static void test_unavailable(void)
{
        network_run_prepare();
        NETWORK_DO("sweep");
        g_autofree char *before = network_world_snapshot();
        const char *plugins = network_run_plugins(), *list = NETWORK_LIST("pass", "missing");
        g_autofree char *large = g_strnfill(300000, ' ');

        NETWORK_ERROR("NetworkUnavailable", "name one in [Network] of gangwayd.conf", "add", "1-a", "host",
                      "/nowhere/x", plugins);
        NETWORK_ERROR("NetworkUnavailable", "needs the CNI plugin 'missing', which is not in", "add", "1-a", "host",
                      list, plugins);
        NETWORK_ERROR("NetworkUnavailable", "containernetworking-plugins on Debian and Fedora, cni-plugins on Arch",
                      "add", "1-a", "host", REAL_LIST, "/nowhere");
        NETWORK_ERROR("NetworkUnavailable", "it is no plain file", "add", "1-a", "host", "/etc", plugins);
        NETWORK_ERROR("NetworkUnavailable", "it is no plain file", "add", "1-a", "host", "/dev/zero", plugins);
        NETWORK_ERROR("NetworkUnavailable", "it is larger than", "add", "1-a", "host", write_list(large), plugins);
        NETWORK_ERROR("NetworkUnavailable", "it is no JSON object or array, or not a whole one", "add", "1-a", "host",
                      write_list("{"), plugins);
        NETWORK_ERROR("NetworkUnavailable", "the type '../pass' of plugin 1 is no file name", "add", "1-a", "host",
                      write_list(HEAD "[{\"type\":\"../pass\"}]}"), plugins);
        NETWORK_ERROR("NetworkUnavailable", "has no plugin with the capability portMappings", "add", "1-a", "host",
                      NETWORK_LIST("pass"), plugins, "tcp,,80,80");
        g_autofree char *calls = network_run_calls();
        g_assert_cmpstr(calls, ==, "");
        network_world_assert_same(before);
}

static const struct {
        const char *part, *id, *base, *list, *plugins, *port;
} refused[] = {
        {"'a/b' is no id", "a/b", "host", REAL_LIST, REAL_PLUGINS, NULL},
        {"'..' is no id", "..", "host", REAL_LIST, REAL_PLUGINS, NULL},
        {"'' is no id", "", "host", REAL_LIST, REAL_PLUGINS, NULL},
        {"'-1' is neither 'host' nor", "1-a", "-1", REAL_LIST, REAL_PLUGINS, NULL},
        {"'4294967295' is neither", "1-a", "4294967295", REAL_LIST, REAL_PLUGINS, NULL},
        {"'x' is no absolute path", "1-a", "host", "x", REAL_PLUGINS, NULL},
        {"'/a:b' has to be absolute paths", "1-a", "host", REAL_LIST, "/a:b", NULL},
        {"'tcp,,0,80' is no port", "1-a", "host", REAL_LIST, REAL_PLUGINS, "tcp,,0,80"},
};

static void test_arguments(void)
{
        network_run_prepare();
        NETWORK_DO("sweep");
        g_autofree char *before = network_world_snapshot();

        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
                network_run_error(NETWORK_START("add", refused[i].id, refused[i].base, refused[i].list,
                                                refused[i].plugins, refused[i].port),
                                  "org.freedesktop.DBus.Error.InvalidArgs", refused[i].part);
        network_run_error(NETWORK_START("add", "1-a"), "org.freedesktop.DBus.Error.InvalidArgs", "has 1 arguments");
        network_run_error(NETWORK_START("del", "../x"), "org.freedesktop.DBus.Error.InvalidArgs", "is no id");
        network_run_error(NETWORK_START("check", "../x"), "org.freedesktop.DBus.Error.InvalidArgs", "is no id");
        network_run_error(NETWORK_START("mend"), "org.freedesktop.DBus.Error.InvalidArgs", "no request 'mend'");
        network_world_assert_same(before);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/network-helper/add", test_add},
                {"/network-helper/host-ids", test_host_ids},
                {"/network-helper/del", test_del},
                {"/network-helper/ports", test_ports},
                {"/network-helper/loopback", test_loopback},
                {"/network-helper/check", test_check},
                {"/network-helper/own-copy", test_own_copy},
                {"/network-helper/protocol", test_protocol},
                {"/network-helper/old-version", test_old_version},
                {"/network-helper/failed-check", test_failed_check},
                {"/network-helper/unavailable", test_unavailable},
                {"/network-helper/arguments", test_arguments},
        };

        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
