/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /etc/resolv.conf: what it says, for each way in which the machine's may look, and that names are found by it.
 */
#include "common.h"
#include "dns.h"

#include <glib/gstdio.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define RESOLVED    "/run/systemd/resolve/resolv.conf"
#define NO_SERVER   "# There is no DNS server: "
#define NONE        "'net-mode': <'none'>"

static char *machine_resolv_conf;

static char *resolv_conf_of(Container *container)
{
        char *output = NULL;

        g_assert_cmpuint(process_run(container, &output, .script = "cat /etc/resolv.conf"), ==, 0);
        return output;
}

static void assert_resolv_conf(Container *container, const char *expected)
{
        g_autofree char *text = resolv_conf_of(container);

        g_assert_cmpstr(text, ==, expected);
}

static void write_machine(const char *text, const char *resolved)
{
        g_autoptr(GError) error = NULL;

        g_file_set_contents(RESOLV_CONF, text, -1, &error);
        g_assert_no_error(error);
        g_assert_no_errno(g_mkdir_with_parents("/run/systemd/resolve", 0755));
        if (resolved)
                g_file_set_contents(RESOLVED, resolved, -1, &error);
        else
                (void) unlink(RESOLVED);
        g_assert_no_error(error);
}

static void restore_machine(void)
{
        write_machine(machine_resolv_conf, NULL);
        daemon_configure(NULL);
}

static const struct {
        const char *machine, *resolved, *config, *options;
        const char *expected; /* its beginning, where it is a comment */
} variants[] = {
        {"nameserver 192.0.2.1\nsearch a b\noptions ndots:3\n", NULL, NULL, "{" NONE "}",
         "nameserver 192.0.2.1\nsearch a b\noptions ndots:3"},
        {"nameserver 127.0.0.1\nnameserver ::1\nnameserver fe80::1%lo\nnameserver 192.0.2.1\n", NULL, NULL,
         "{" NONE "}", "nameserver 192.0.2.1"},
        {"nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch stub\n", "nameserver 192.0.2.5\nsearch real\n", NULL,
         "{" NONE "}", "nameserver 192.0.2.5\nsearch real"},
        {"nameserver 127.0.0.53\nsearch stub\n", NULL, "[DNS]\nServers=192.0.2.9\n", "{" NONE "}",
         "nameserver 192.0.2.9\nsearch stub"},
        {"nameserver 127.0.0.53\nnameserver 192.0.2.1\n", "nameserver 192.0.2.5\n", NULL, "{" NONE "}",
         "nameserver 192.0.2.1"},
        {"nameserver 127.0.0.1\nsearch a\n", "nameserver 192.0.2.5\n",
         "[DNS]\nServers=192.0.2.9 2001:db8::9\nSearch=x.example y\nOptions=rotate\n", "{" NONE "}",
         "nameserver 192.0.2.9\nnameserver 2001:db8::9\nsearch x.example y\noptions rotate"},
        {"", NULL, NULL, "{" NONE "}", NO_SERVER},
        {"nameserver 127.0.0.1\n", NULL, NULL, "{" NONE "}", NO_SERVER},
        {"# as it is\nnameserver 127.0.0.53\noptions edns0", "nameserver 192.0.2.5\n", "[DNS]\nServers=192.0.2.9\n",
         "{'net-mode': <'host'>}", "# as it is\nnameserver 127.0.0.53\noptions edns0"},
        {"nameserver 192.0.2.1\nsearch a\n", NULL, NULL, "{" NONE ", 'dns-servers': <['192.0.2.2', '2001:DB8::2']>}",
         "nameserver 192.0.2.2\nnameserver 2001:db8::2\nsearch a"},
        {"nameserver 127.0.0.53\nsearch a\n", NULL, NULL, "{'net-mode': <'host'>, 'dns-servers': <['127.0.0.1']>}",
         "nameserver 127.0.0.1\nsearch a"},
};

static void test_variants(void)
{
        for (gsize i = 0; i < G_N_ELEMENTS(variants); i++) {
                g_test_message("row %" G_GSIZE_FORMAT, i);
                write_machine(variants[i].machine, variants[i].resolved);
                daemon_configure(variants[i].config);
                g_autoptr(Container) container = container_new_started(client, .options = variants[i].options);
                g_autofree char *text = resolv_conf_of(container);

                if (g_str_equal(variants[i].expected, NO_SERVER))
                        g_assert_true(g_str_has_prefix(text, NO_SERVER));
                else
                        g_assert_cmpstr(text, ==, variants[i].expected);
        }
        restore_machine();
}

/* What is not there, no file, or too large is as good as empty, and holds nobody up. */
static void test_odd_files(void)
{
        static const char *const makes[] = {"true", "mkfifo " RESOLV_CONF, "mkdir " RESOLV_CONF,
                                            "ln -s resolv.conf " RESOLV_CONF,
                                            "yes nameserver 192.0.2.1 | head -n 4000 >" RESOLV_CONF};

        for (gsize i = 0; i < G_N_ELEMENTS(makes); i++) {
                g_free(shell("rm -rf " RESOLV_CONF "; %s", makes[i]));
                g_autoptr(Container) container = container_new_started(alice, .options = "{" NONE "}");
                g_autofree char *text = resolv_conf_of(container);

                g_assert_true(g_str_has_prefix(text, NO_SERVER));
        }
        g_free(shell("rm -rf " RESOLV_CONF));
        restore_machine();
}

static void test_follows(void)
{
        write_machine("nameserver 192.0.2.1\n", NULL);
        g_autoptr(Container) first = container_new_started(alice, .options = "{" NONE "}");
        write_machine("nameserver 192.0.2.2\n", NULL);
        g_autoptr(Container) second = container_new_started(alice, .options = "{" NONE "}");

        assert_resolv_conf(first, "nameserver 192.0.2.1");
        assert_resolv_conf(second, "nameserver 192.0.2.2");
        g_free(shell("echo '[DNS]\nServers=192.0.2.3' >> " CONFIG_FILE "; systemctl reload gangwayd.service"));
        write_machine("nameserver 127.0.0.1\n", NULL);
        g_autoptr(Container) third = container_new_started(alice, .options = "{" NONE "}");
        assert_resolv_conf(third, "nameserver 192.0.2.3");
        container_release(first);
        container_release(second);
        container_release(third);
        restore_machine();
}

static void test_bad_config(void)
{
        daemon_write_config("[DNS]\nServers=192.0.2.1 nonsense\n");
        g_assert_cmpint(shell_status("systemctl restart gangwayd.service 2>/dev/null"), !=, 0);
        g_autofree char *log = shell("journalctl -q --no-pager -o cat -u gangwayd.service | tail -n 20");
        assert_contains(log, "[DNS] Servers= holds 'nonsense', which is not allowed");
        daemon_configure(NULL);
}

/* By a server that listens on the machine's loopback, as the container with the machine's network does. */
static void test_lookup(void)
{
        DnsServer *server = dns_server_new(NULL, "127.0.0.1", "only-here.test", "192.0.2.77");
        g_autofree char *unknown = NULL;

        write_machine("nameserver 127.0.0.1\n", NULL);
        g_autoptr(Container) host = container_new_started(client, .options = "{'net-mode': <'host'>}");
        g_autoptr(Container) none = container_new_started(client, .options = "{" NONE "}");
        g_autofree char *found = NULL;
        g_assert_cmpuint(process_run(host, &found, .script = "nslookup only-here.test"), ==, 0);
        assert_contains(found, "192.0.2.77");
        assert_contains(found, "127.0.0.1");
        g_assert_cmpuint(process_run(host, &unknown, .script = "nslookup nowhere.test"), !=, 0);
        g_assert_cmpuint(process_run(none, NULL, .script = "timeout 1 nslookup only-here.test"), !=, 0);
        dns_server_free(server);
        restore_machine();
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/resolv-conf/variants", test_variants}, {"/resolv-conf/odd-files", test_odd_files},
                {"/resolv-conf/follows", test_follows},   {"/resolv-conf/bad-config", test_bad_config},
                {"/resolv-conf/lookup", test_lookup},
        };

        if (!g_file_get_contents(RESOLV_CONF, &machine_resolv_conf, NULL, NULL))
                machine_resolv_conf = g_strdup("");
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
