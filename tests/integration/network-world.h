/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * All that networks of containers leave in the machine, as its administrator sees it.
 */

/* Has the plugins make what they make once and keep: the bridge, and their chains of rules. */
void network_world_warm_up(void);

/* Interfaces, network namespaces, rules, leases, records and helper processes, as a text: two are equal where nothing
 * was left. The caller frees it. */
char *network_world_snapshot(void);

/* Fails the test with the lines that differ. */
void network_world_assert_same(const char *before);
