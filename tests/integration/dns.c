/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns.h"

#include "common.h"

struct DnsServer {
        char *pid_file;
        char *pid;
};

/* It goes to the background itself, when it listens; until then what is wrong is its exit code. */
DnsServer *dns_server_new(const char *namespace, const char *address, const char *name, const char *answer)
{
        static guint count = 0;
        DnsServer *server = g_new0(DnsServer, 1);
        g_autofree char *enter = namespace ? g_strdup_printf("nsenter --net='%s'", namespace) : g_strdup("");

        server->pid_file = g_strdup_printf("/run/gangway-test-dns-%d.%u", getpid(), ++count);
        g_free(shell("%s dnsmasq --conf-file=/dev/null --no-resolv --no-hosts --user=root --pid-file='%s' "
                     "--bind-interfaces --listen-address='%s' --local=/#/ --host-record='%s,%s' 2>&1",
                     enter, server->pid_file, address, name, answer));
        server->pid = file_text("%s", server->pid_file);
        return server;
}

static gboolean is_gone(gpointer data)
{
        return shell_status("kill -0 %s 2>/dev/null", ((DnsServer *) data)->pid) != 0;
}

void dns_server_free(DnsServer *server)
{
        g_free(shell("kill %s", server->pid));
        wait_until(is_gone, server, "dnsmasq ends");
        (void) unlink(server->pid_file); /* mostly it does so itself */
        g_free(server->pid_file);
        g_free(server->pid);
        g_free(server);
}
