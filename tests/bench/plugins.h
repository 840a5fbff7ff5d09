/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The CNI plugins without gangway: the list that it installs, run by hand as the specification says. */

/* Runs ADD of all plugins of the list for a network namespace, and returns the milliseconds of the plugins alone. */
double plugins_add(const char *list, const char *folder, const char *id, const char *netns);
void plugins_del(const char *list, const char *folder, const char *id, const char *netns);
