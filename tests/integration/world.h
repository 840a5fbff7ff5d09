/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client.h"

/* The standard output of a shell command, without the last newline; the test fails where the command does. */
char *shell(const char *format, ...) G_GNUC_PRINTF(1, 2);
int shell_status(const char *format, ...) G_GNUC_PRINTF(1, 2);

char *file_text(const char *format, ...) G_GNUC_PRINTF(1, 2);
char *link_text(const char *format, ...) G_GNUC_PRINTF(1, 2);

pid_t daemon_pid(void);

/* All that gangway has in the system now, as a text: processes, mounts in every namespace, scopes, control groups,
 * folders, and the daemon's fds. Two such texts are equal where nothing was left. Waits until no helper of the daemon's
 * is at work: one answers before it ends, and that of an earlier test would be gone afterwards. */
char *world_snapshot(void);
/* Fails the test with the lines that differ. */
void world_assert_same(const char *before);
/* As world_assert_same(), for what ends without a call to wait for. */
void world_wait_same(const char *before);

/* Replaces the tests' own polkit rules. `body` is the inside of a JavaScript function(action, subject); it returns when
 * polkit follows it. */
void polkit_rules(const char *body);
/* What other tests than those of polkit itself run with: alice and bob may create sandboxed containers. */
#define POLKIT_USUAL                                                                                                   \
        "if (action.id == 'org.gangway1.create' && (subject.user == 'alice' || subject.user == 'bob')) return "        \
        "polkit.Result.YES;"

#define CONFIG_FILE "/etc/gangway/gangwayd.conf"

/* Makes this the daemon's configuration, beside the runtime that GANGWAY_TEST_RUNTIME asks for, and restarts it where
 * it was another one. NULL: nothing else, as the tests run with usually. */
void daemon_configure(const char *text);

/* Restarts it, and waits until it is alone again: what it has to sweep is done by helpers. */
void daemon_restart(void);
/* The same, without the restart. */
void daemon_write_config(const char *text);
