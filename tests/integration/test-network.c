/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a container sees of the network, with real traffic, whoever gives it one: the CNI plugins or pasta.
 */
#include "common.h"
#include "ctl.h"
#include "dns.h"
#include "lab.h"

#define SANDBOX "'net-mode': <'sandbox'>"
#define PASTA   "[Network]\nProvider=pasta\n"

static const char *const providers[] = {"", PASTA};

/* The last line of an HTTP server's file /name, with an address and a port; "" where there is no answer. The client's
 * side stays open until the server has closed its own: pasta of 2023 loses the end of a connection that was closed by
 * half. */
#define FETCH                                                                                                          \
        "f=$(mktemp -u) && mkfifo $f && exec 3<>$f && printf 'GET /name HTTP/1.0\\r\\n\\r\\n' >&3 && "                 \
        "busybox timeout 5 busybox nc %s <&3 2>/dev/null | tail -n 1; rm $f"

static char *fetch(Container *container, const char *server)
{
        g_autofree char *script = g_strdup_printf(FETCH, server);
        char *output = NULL;

        (void) process_run(container, &output, .script = script);
        return output;
}

static void assert_fetches(Container *container, const char *server, const char *text)
{
        g_autofree char *got = fetch(container, server);

        g_assert_cmpstr(got, ==, text);
}

/* The first of Addresses, without the length of its prefix. */
static char *address_of(Container *container)
{
        g_autoptr(GVariant) addresses = client_property(container->client, container->path, "Addresses");
        const char *address;

        g_assert_cmpuint(g_variant_n_children(addresses), >, 0);
        g_variant_get_child(addresses, 0, "&s", &address);
        assert_contains(address, "/");
        return g_strndup(address, (gsize) (strchr(address, '/') - address));
}

static void serve(Container *container, const char *text)
{
        g_autofree char *script = g_strdup_printf("echo %s >/srv/name; httpd -p 80 -h /srv", text);

        g_assert_cmpuint(process_run(container, NULL, .script = script), ==, 0);
}

static char *fetch_here(const char *address, guint port)
{
        g_autofree char *server = g_strdup_printf("%s %u", address, port);

        return shell(FETCH, server);
}

static char *fetch_outside(const char *address, guint port)
{
        g_autofree char *server = g_strdup_printf("%s %u", address, port);

        return lab_outside(FETCH, server);
}

/* What arrives at a UDP port of the container, while something is sent to one of this machine. A datagram may be lost,
 * so it is sent until one has come. */
static char *receive_datagram(Container *container, guint inside, guint here)
{
        return shell("nsenter -t %u -n timeout 10 python3 -c 'import socket\n"
                     "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                     "s.bind((\"\", %u))\n"
                     "print(s.recv(100).decode())' & receiver=$!\n"
                     "while kill -0 $receiver 2>/dev/null; do "
                     "bash -c 'printf datagram >/dev/udp/127.0.0.1/%u; sleep 0.05'; done",
                     container_leader(container), inside, here);
}

static guint port_of(Container *container, guint index)
{
        g_autoptr(GVariant) ports = client_property(container->client, container->path, "Ports");
        guint16 port;

        g_variant_get_child(ports, index, "(ssqq)", NULL, NULL, &port, NULL);
        return port;
}

static void test_none(void)
{
        g_autoptr(Container) container = container_new_started(client, .options = "{'net-mode': <'none'>}");
        g_autofree char *output = NULL;

        g_assert_cmpuint(
                process_run(container, &output, .script = "ip -o link | cut -d: -f2; cat /sys/class/net/lo/flags"), ==,
                0);
        g_assert_cmpstr(output, ==, " lo\n0x9");
}

static void test_host(void)
{
        g_autoptr(Container) container = container_new_started(client, .options = "{'net-mode': <'host'>}");

        assert_fetches(container, LAB_LOOPBACK, "loopback");
        assert_fetches(container, LAB_OUTSIDE, "outside");
}

static void test_default_is_sandbox(void)
{
        g_autofree char *root = root_copy(NULL), *output = NULL;

        g_assert_cmpint(ctl_run(&output, NULL, CTL("run", "--rootfs", root, "--", "sh", "-c", "ip -o -4 address")), ==,
                        0);
        assert_contains(output, "scope global");
}

static void test_reach(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(providers); i++) {
                daemon_configure(providers[i]);
                g_autoptr(Container) container = container_new_started(alice, .options = "{" SANDBOX "}");
                g_autofree char *address = address_of(container), *addresses = NULL, *loopback = NULL, *other = NULL;

                assert_fetches(container, LAB_OUTSIDE, "outside");
                process_run(container, &addresses, .script = "ip -o -4 address show scope global; ip route");
                assert_contains(addresses, address);
                assert_contains(addresses, "default via");
                /* Neither by its name nor by any other address of this machine. */
                loopback = fetch(container, LAB_LOOPBACK);
                g_assert_cmpstr(loopback, ==, "");
                other = fetch(container, LAB_ADDRESS " 7777");
                g_assert_cmpstr(other, ==, "");
        }
        daemon_configure(NULL);
}

/* The namespace is the container's own: its root may do with it what root may. */
static void test_rights(void)
{
        static const char script[] =
                "mount | grep -q '^sysfs on /sys' && test -e /sys/class/net/lo && ping -c 1 -W 2 127.0.0.1 && "
                "httpd -p 81 && ! ip link set lo down";

        for (size_t i = 0; i < G_N_ELEMENTS(providers); i++) {
                daemon_configure(providers[i]);
                g_autoptr(Container) container = container_new_started(client, .options = "{" SANDBOX "}");
                g_autofree char *output = NULL;
                guint code = process_run(container, &output, .script = script);

                if (code != 0)
                        g_error("%s", output);
        }
        daemon_configure(NULL);
}

static void test_insecure(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(providers); i++) {
                daemon_configure(providers[i]);
                g_autoptr(Container) container =
                        container_new_started(client, .options = "{" SANDBOX ", 'security-mode': <'insecure'>}");
                g_autofree char *loopback = NULL;

                assert_fetches(container, LAB_OUTSIDE, "outside");
                loopback = fetch(container, LAB_LOOPBACK);
                g_assert_cmpstr(loopback, ==, "");
        }
        daemon_configure(NULL);
}

static void test_ports(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(providers); i++) {
                daemon_configure(providers[i]);
                g_autoptr(Container) container = container_new_started(
                        alice, .options = "{" SANDBOX ", 'ports': <[('tcp', uint16 8080, uint16 80), "
                                          "('tcp', uint16 0, uint16 80), ('udp', uint16 5300, uint16 53)]>}");
                guint chosen = port_of(container, 1);

                serve(container, "inside");
                g_autofree char *one = fetch_here("127.0.0.1", 8080), *two = fetch_here("127.0.0.1", chosen);
                g_assert_cmpstr(one, ==, "inside");
                g_assert_cmpstr(two, ==, "inside");
                g_assert_cmpuint(port_of(container, 0), ==, 8080);
                /* From this machine alone. */
                g_autofree char *far = fetch_outside(LAB_ADDRESS, 8080);
                g_assert_cmpstr(far, ==, "");

                g_autofree char *datagram = receive_datagram(container, 53, 5300);
                g_assert_cmpstr(datagram, ==, "datagram");
                container_release(container);
                /* And it is free again. */
                g_autofree char *gone = fetch_here("127.0.0.1", 8080);
                g_assert_cmpstr(gone, ==, "");
                g_free(shell("python3 -c 'import socket; socket.create_server((\"127.0.0.1\", 8080))' 2>&1"));
        }
        daemon_configure(NULL);
}

static void test_port_in_use(void)
{
        static const char options[] = "{" SANDBOX ", 'ports': <[('tcp', uint16 8081, uint16 80)]>}";
        static const char taken[] = "{" SANDBOX ", 'ports': <[('tcp', uint16 7777, uint16 80)]>}";

        for (size_t i = 0; i < G_N_ELEMENTS(providers); i++) {
                daemon_configure(providers[i]);
                g_autoptr(Container) first = container_new(alice, .options = options);
                g_autofree char *before = world_snapshot();
                g_autoptr(Reply) second = container_new_fails(bob, .options = options);
                g_autoptr(Reply) third = container_new_fails(bob, .options = taken);

                assert_error(second, ERROR_GANGWAY("PortInUse"), "The port 8081/tcp of 127.0.0.1 is in use");
                assert_error(third, ERROR_GANGWAY("PortInUse"), "The port 7777/tcp of 127.0.0.1 is in use");
                world_assert_same(before);
                container_release(first);
                g_autoptr(Container) next = container_new_started(bob, .options = options);
        }
        daemon_configure(NULL);
}

/* What is open to others is a question to polkit, and then it is open. */
static void test_port_address(void)
{
        static const char options[] =
                "{" SANDBOX ", 'ports': <[('tcp', uint16 8082, uint16 80)]>, 'port-address': <'0.0.0.0'>}";

        for (size_t i = 0; i < G_N_ELEMENTS(providers); i++) {
                daemon_configure(providers[i]);
                g_autoptr(Reply) refused = container_new_fails(alice, .options = options);
                g_autoptr(Container) container = container_new_started(client, .options = options);

                assert_error(refused, ERROR_INTERACTIVE, "org.gangway1.host-network");
                serve(container, "open");
                g_autofree char *far = fetch_outside(LAB_ADDRESS, 8082);
                g_assert_cmpstr(far, ==, "open");
        }
        daemon_configure(NULL);
}

static void test_port_arguments(void)
{
        static const struct {
                const char *options, *sentence;
        } rows[] = {
                {"{" SANDBOX ", 'ports': <[('icmp', uint16 1, uint16 1)]>}", "'icmp' is no protocol"},
                {"{" SANDBOX ", 'ports': <[('tcp', uint16 1, uint16 0)]>}", "can't be 0"},
                {"{" SANDBOX ", 'ports': <[('tcp', uint16 1, uint16 1), ('tcp', uint16 1, uint16 2)]>}", "1/tcp twice"},
                {"{'net-mode': <'none'>, 'ports': <[('tcp', uint16 1, uint16 1)]>}", "needs the net-mode 'sandbox'"},
                {"{" SANDBOX ", 'port-address': <'127.0.0.1'>}", "there are none"},
                {"{" SANDBOX ", 'ports': <[('tcp', uint16 8083, uint16 1)]>, 'port-address': <'nowhere'>}",
                 "'nowhere' is no IPv4 address"},
                {"{" SANDBOX ", 'ports': <[('tcp', uint16 8083, uint16 1)]>, 'port-address': <'203.0.113.9'>}",
                 "no address of this machine"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autoptr(Reply) reply = container_new_fails(client, .options = rows[i].options);

                assert_error(reply, ERROR_INVALID_ARGS, rows[i].sentence);
        }
}

static void test_between_containers(void)
{
        g_autoptr(Container) one = container_new_started(alice, .options = "{" SANDBOX "}");
        g_autoptr(Container) two = container_new_started(bob, .options = "{" SANDBOX "}");
        g_autofree char *address = address_of(one), *server = g_strdup_printf("%s 80", address);

        serve(one, "one");
        assert_fetches(two, server, "one");
}

static void test_nothing_left(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(providers); i++) {
                daemon_configure(providers[i]);
                /* What plugins make once and keep is there from now on. */
                g_autoptr(Container) first = container_new_started(client, .options = "{" SANDBOX "}");
                container_release(first);
                g_autofree char *before = world_snapshot();
                g_autoptr(Container) container = container_new_started(
                        alice, .options = "{" SANDBOX ", 'ports': <[('tcp', uint16 8080, uint16 80)]>}");
                g_autoptr(Container) never_started = container_new(bob, .options = "{" SANDBOX "}");

                container_release(container);
                container_release(never_started);
                world_assert_same(before);
        }
        daemon_configure(NULL);
}

/* PID 1 ends by itself: what serves the network goes with it, and so does the scope. */
static void test_ends_with_the_first_process(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(providers); i++) {
                daemon_configure(providers[i]);
                g_autoptr(Container) container = container_new(client, .options = "{" SANDBOX "}");
                g_autofree char *unit = container_unit(container), *state = NULL;
                g_autoptr(Process) process = process_new(container, .method = "Start", .script = "exit 7");

                g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 7);
                container_wait_state(container, "exited");
                state = shell("timeout 10 sh -c 'while systemctl is-active -q %s; do sleep 0.05; done' && echo gone",
                              unit);
                g_assert_cmpstr(state, ==, "gone");
        }
        daemon_configure(NULL);
}

/* A first process that can't be started leaves the way free for another one. */
static void test_second_try(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(providers); i++) {
                daemon_configure(providers[i]);
                g_autoptr(Container) container =
                        container_new(client, .options = "{" SANDBOX ", 'ports': <[('tcp', uint16 8080, uint16 80)]>}");
                g_autoptr(Reply) failed = process_fails(container, .method = "Start", .argv = ARGV("/no/such"));
                g_autoptr(Process) process = process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"));

                assert_error(failed, ERROR_GANGWAY("NoSuchProgram"), "/no/such");
                serve(container, "second");
                g_autofree char *got = fetch_here("127.0.0.1", 8080);
                g_assert_cmpstr(got, ==, "second");
        }
        daemon_configure(NULL);
}

static void test_pasta_has_no_rights(void)
{
        daemon_configure(PASTA);
        g_autoptr(Container) container = container_new_started(client, .options = "{" SANDBOX "}");
        g_autofree char *cgroup = container_cgroup(container);
        g_autofree char *status = shell(
                "for p in $(cat %s/cgroup.procs); do grep -q '^Name:.*pas[st]' /proc/$p/status && "
                "{ cat /proc/$p/status; test /proc/$p/ns/user -ef /proc/1/ns/user || echo elsewhere; }; done; true",
                cgroup);
        g_autofree char *first = shell("awk 'END { print $2 + 65535 }' /proc/%u/uid_map", container_leader(container));
        g_autofree char *uid = g_strdup_printf("Uid:\t%s\t%s\t%s\t%s", first, first, first, first);

        assert_contains(status, uid);
        /* What it may do there it may do in the container's user namespace, or below. */
        assert_contains(status, "elsewhere");
        assert_contains(status, "NoNewPrivs:\t1");
        assert_contains(status, "Seccomp:\t2");
        container_release(container);
        daemon_configure(NULL);
}

/* By the servers of the machine's resolv.conf, one of which is outside. */
static void test_names(void)
{
        DnsServer *server = dns_server_new(LAB_NETNS_PATH, LAB_OUTSIDE_ADDRESS, "only-outside.test", "192.0.2.77");
        g_autofree char *file = file_text("/etc/resolv.conf");

        g_free(shell("printf 'nameserver 127.0.0.1\\nnameserver " LAB_OUTSIDE_ADDRESS "\\n' >/etc/resolv.conf"));
        for (size_t i = 0; i < G_N_ELEMENTS(providers); i++) {
                daemon_configure(providers[i]);
                g_autoptr(Container) container = container_new_started(alice, .options = "{" SANDBOX "}");
                g_autofree char *found = NULL;

                g_assert_cmpuint(process_run(container, &found, .script = "nslookup only-outside.test"), ==, 0);
                assert_contains(found, "192.0.2.77");
        }
        daemon_configure(NULL);
        g_assert_true(g_file_set_contents("/etc/resolv.conf", file, -1, NULL));
        dns_server_free(server);
}

static void test_ctl(void)
{
        g_autofree char *root = root_copy(NULL), *shown = NULL, *json = NULL, *errors = NULL;

        g_assert_cmpint(
                ctl_run(NULL, NULL,
                        CTL("create", "--name", "ports", "--rootfs", root, "-p", "8084:80", "-p", "5353:53/udp")),
                ==, 0);
        g_assert_cmpint(ctl_run(&shown, NULL, CTL("show", "ports")), ==, 0);
        assert_contains(shown, "ports: 127.0.0.1:8084 -> 80/tcp\n               127.0.0.1:5353 -> 53/udp\n");
        assert_contains(shown, "addresses: 10.");
        g_assert_cmpint(ctl_run(&json, NULL, CTL("show", "--json", "ports")), ==, 0);
        assert_contains(json, "\"container-port\" : 53");
        g_assert_cmpint(ctl_run(NULL, &errors, CTL("create", "--rootfs", root, "-p", "80:")), !=, 0);
        assert_contains(errors, "-p 80:: it has to be");
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("release", "ports")), ==, 0);
}

static const Test tests[] = {
        {"/network/lab", lab_new},
        {"/network/none", test_none},
        {"/network/host", test_host},
        {"/network/default-is-sandbox", test_default_is_sandbox},
        {"/network/reach", test_reach},
        {"/network/rights", test_rights},
        {"/network/insecure", test_insecure},
        {"/network/ports", test_ports},
        {"/network/port-in-use", test_port_in_use},
        {"/network/port-address", test_port_address},
        {"/network/port-arguments", test_port_arguments},
        {"/network/between-containers", test_between_containers},
        {"/network/nothing-left", test_nothing_left},
        {"/network/ends-with-the-first-process", test_ends_with_the_first_process},
        {"/network/second-try", test_second_try},
        {"/network/pasta-has-no-rights", test_pasta_has_no_rights},
        {"/network/names", test_names},
        {"/network/ctl", test_ctl},
        {"/network/lab-free", lab_free},
};

int main(int argc, char **argv)
{
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
