/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * From CreateContainer to Start's reply with each kind of network, beside what the CNI plugins take by themselves, one
 * after the other in each round. What has to be done in between (another configuration, the pool) is not measured.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "figures.h"
#include "plugins.h"
#include "util/cleanup.h"

#define LIST    "/etc/cni/net.d/88-gangway.conflist"
#define PLUGINS "/usr/lib/cni"

static void run(const char *command)
{
        if (system(command) != 0)
                g_error("failed: %s", command);
}

/* Until everything is as it is to stay: no helper at work, and as many networks ready. */
static void configure(const char *text, unsigned pool)
{
        g_autofree char *command =
                g_strdup_printf("printf '%s' >/etc/gangway/gangwayd.conf; systemctl reload gangwayd.service; "
                                "timeout 20 sh -c 'while pgrep -x gangway-network >/dev/null || "
                                "test $(ls /run/netns 2>/dev/null | grep -c ^gangway-pool) != %u; do sleep 0.02; done'",
                                text, pool);

        run(command);
}

static char *create(int root, const char *net_mode)
{
        sd_bus_message *m = new_call(ROOT, MANAGER, "CreateContainer"), *reply;
        const char *path;
        char *copy;

        check(sd_bus_message_append(m, "sa{sv}", "", 2, "net-mode", "s", net_mode, "mounts", "aa{sv}", 1, 3, "type",
                                    "s", "bind", "destination", "s", "/", "source", "h", root),
              "CreateContainer", NULL);
        reply = call(m);
        check(sd_bus_message_read(reply, "o", &path), "CreateContainer", NULL);
        copy = g_strdup(path);
        sd_bus_message_unref(reply);
        return copy;
}

static void measure(Figure *figure, int root, const char *net_mode)
{
        g_autofree char *path = NULL;
        sd_bus_message *m;
        double begun;

        g_usleep(100000);
        begun = now_ms();
        path = create(root, net_mode);
        m = new_call(path, CONTAINER, "Start");
        check(sd_bus_message_append(m, "asa{ss}a{uh}a{sv}", 2, "sleep", "1000", 0, 0, 0), "Start", NULL);
        sd_bus_message_unref(call(m));
        figure_add(figure, now_ms() - begun);
        call_plain(path, CONTAINER, "Release");
}

static double measure_plugins(unsigned round)
{
        g_autofree char *id = g_strdup_printf("bench-%u", round), *netns = g_strdup_printf("/run/netns/%s", id);
        g_autofree char *add = g_strdup_printf("ip netns add %s && ip -n %s link set lo up", id, id);
        g_autofree char *delete = g_strdup_printf("ip netns delete %s", id);
        double ms;

        run(add);
        g_usleep(100000);
        ms = plugins_add(LIST, PLUGINS, id, netns);
        plugins_del(LIST, PLUGINS, id, netns);
        run(delete);
        return ms;
}

int main(int argc, char *argv[])
{
        unsigned rounds = argc > 2 ? (unsigned) g_ascii_strtoull(argv[2], NULL, 10) : 20;
        Figure none = {"net-mode none"}, sandbox = {"sandbox"}, pool = {"sandbox, from the pool"}, pasta = {"pasta"};
        Figure add = {"ADD of the plugins alone"};
        _cleanup_close_ int root = -1;
        double cost;
        gboolean ok;

        if (argc < 2)
                g_error("Run this as tools/boot tests/bench/network");
        root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                g_error("%s: %s", argv[1], g_strerror(errno));
        bus_open();
        for (unsigned i = 0; i < rounds; i++) {
                configure("", 0);
                measure(&none, root, "none");
                figure_add(&add, measure_plugins(i));
                measure(&sandbox, root, "sandbox");
                configure("[Network]\\nPool=1\\n", 1);
                measure(&pool, root, "sandbox");
                configure("[Network]\\nProvider=pasta\\n", 0);
                measure(&pasta, root, "sandbox");
        }
        configure("", 0);
        bus_close();

        g_print("CreateContainer to Start's reply\n  %-44s %8s %8s   rounds\n", "milliseconds", "median", "95 %");
        figure_print(&none);
        figure_print(&add);
        figure_print(&sandbox);
        figure_print(&pool);
        figure_print(&pasta);
        cost = figure_median(&add) + figure_median(&none);
        ok = figure_compare("sandbox / (ADD + none)", figure_median(&sandbox) / cost, 1.15, TRUE);
        ok = figure_compare("with the pool / none", figure_median(&pool) / figure_median(&none), 1.1, TRUE) && ok;
        g_print("\n%s\n", ok ? "All figures are reached." : "Some figures are missed.");
        return EXIT_SUCCESS;
}
