/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network-world.h"

#include "common.h"
#include "network/network-run.h"

/* What counts packets, and host-local's note of where to go on, change without anything being left. */
static const char snapshot_script[] =
        "{ echo interfaces; ls /sys/class/net\n"
        "echo namespaces; ls /run/netns 2>/dev/null; grep -o ' /run/netns/.*' /proc/1/mountinfo\n"
        "echo rules; nft -s list ruleset; iptables-save | grep -v '^[#:]'\n"
        "echo leases; find /var/lib/cni/networks -type f 2>/dev/null ! -name 'last_reserved_ip.*' ! -name lock | sort\n"
        "echo records; ls -A '%s'\n"
        "echo processes; pgrep -x gangway-network; } 2>&1 || true";

void network_world_warm_up(void)
{
        NETWORK_DO("add", "0-warm", "host", REAL_LIST, REAL_PLUGINS, "tcp,127.0.0.1,18099,80");
        /* It looks for a table, which makes one. */
        NetworkRun check = NETWORK_START("check", "0-warm");
        NetworkAnswer answer = network_run_end(&check, NULL);
        network_answer_done(&answer);
        NETWORK_DO("del", "0-warm");
}

char *network_world_snapshot(void)
{
        return shell(snapshot_script, network_run_path("records"));
}

void network_world_assert_same(const char *before)
{
        g_autofree char *after = network_world_snapshot();
        g_autofree char *difference = NULL;

        if (g_str_equal(before, after))
                return;
        g_assert_true(g_file_set_contents(network_run_path("before"), before, -1, NULL));
        g_assert_true(g_file_set_contents(network_run_path("after"), after, -1, NULL));
        difference = shell("diff '%s' '%s' || true", network_run_path("before"), network_run_path("after"));
        g_error("something was left:\n%s", difference);
}
