/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab.h"

#include "common.h"

#define NETNS "lab"

static const char new_script[] =
        "set -e; exec 2>&1\n"
        "ip netns add " NETNS "\n"
        "ip link add lab0 type veth peer name eth0 netns " NETNS "\n"
        "ip address add " LAB_ADDRESS "/24 dev lab0; ip link set lab0 up\n"
        "ip -n " NETNS " address add " LAB_OUTSIDE_ADDRESS "/24 dev eth0; ip -n " NETNS " link set eth0 up\n"
        "ip -n " NETNS " link set lo up\n"
        "ip route add default via " LAB_OUTSIDE_ADDRESS "\n"
        "for name in outside loopback; do mkdir -p $GANGWAY_TEST_DIR/lab/$name; echo $name "
        ">$GANGWAY_TEST_DIR/lab/$name/name; done\n"
        "systemd-run -q --unit lab-outside --collect ip netns exec " NETNS
        " busybox httpd -f -p 9000 -h $GANGWAY_TEST_DIR/lab/outside\n"
        "systemd-run -q --unit lab-loopback --collect busybox httpd -f -p 127.0.0.1:7777 -h "
        "$GANGWAY_TEST_DIR/lab/loopback\n"
        /* udev does so on a machine that has it. */
        "chmod 666 /dev/net/tun\n";

static const char free_script[] = "systemctl stop lab-outside lab-loopback; ip link delete lab0; ip netns delete " NETNS
                                  "; rm -rf $GANGWAY_TEST_DIR/lab";

typedef struct Port {
        const char *netns;
        unsigned number;
} Port;

static gboolean listens(gpointer data)
{
        const Port *port = data;
        g_autofree char *enter = *port->netns ? g_strdup_printf("ip netns exec %s ", port->netns) : g_strdup("");

        return shell_status("%sss -Hltn 'sport = :%u' | grep -q .", enter, port->number) == 0;
}

void lab_wait_listening(const char *netns, unsigned port)
{
        Port wanted = {netns, port};

        wait_until(listens, &wanted, "a server listens");
}

void lab_new(void)
{
        /* What a test that failed left. */
        (void) shell_status("{ %s; } >/dev/null 2>&1", free_script);
        g_free(shell("%s", new_script));
        lab_wait_listening(NETNS, 9000);
        lab_wait_listening("", 7777);
}

void lab_free(void)
{
        g_free(shell("%s", free_script));
}

char *lab_outside(const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_autofree char *command = g_strdup_vprintf(format, args), *quoted = g_shell_quote(command);
        va_end(args);
        return shell("ip netns exec " NETNS " sh -c %s", quoted);
}
