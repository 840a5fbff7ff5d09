/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Runs gangway-network of this build as the daemon does, with a folder of records and one of plugins that do as they
 * are told (tests/network/plugin), both in the folder of tests.
 */

#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Where the real ones are on Debian, Fedora, Arch. */
#define REAL_PLUGINS "/usr/lib/cni:/usr/libexec/cni:/opt/cni/bin"
#define REAL_LIST    "/etc/cni/net.d/88-gangway.conflist"

typedef struct NetworkRun {
        pid_t pid;
        int socket;
} NetworkRun;

typedef struct NetworkAnswer {
        GStrv words; /* NULL where there is none */
        int net, user;
} NetworkAnswer;

/* Removes what an earlier test has left in the folders. */
void network_run_prepare(void);

/* A file in the folder of tests. */
const char *network_run_path(const char *name);

/* A network list in it, with plugins of these types, each with this text in it (",\"a\":1"). Returns its path. */
const char *network_run_list(const char *version, const char *more, const char *const *types);
#define NETWORK_LIST(...) network_run_list("1.0.0", "", (const char *const[]){__VA_ARGS__, NULL})

/* The folders of plugins: ours. */
const char *network_run_plugins(void);

/* What the plugins were called for, "ADD a\nend a\n…", from now on anew. The caller frees it. */
char *network_run_calls(void);

/* words: VERB, ARGUMENTS…, NULL. seconds: a plugin may take, or NULL. alone: in a mount namespace of its own, as the
 * daemon is. */
NetworkRun network_run_start(const char *seconds, bool alone, const char *const *words);
NetworkAnswer network_run_end(NetworkRun *run, siginfo_t *ret_info);
void network_answer_done(NetworkAnswer *answer);

#define NETWORK_START(...) network_run_start("30", false, (const char *const[]){__VA_ARGS__, NULL})

/* Where nothing but "ok" will do; and where an error of this name, with this part in its sentence, will. */
NetworkAnswer network_run_ok(NetworkRun run);
void network_run_error(NetworkRun run, const char *name, const char *part);
#define NETWORK_OK(...)                network_run_ok(NETWORK_START(__VA_ARGS__))
#define NETWORK_DO(...)                network_run_done(NETWORK_START(__VA_ARGS__))
#define NETWORK_ERROR(name, part, ...) network_run_error(NETWORK_START(__VA_ARGS__), "org.gangway1.Error." name, part)

/* As network_run_ok(), with nothing of interest in the answer. */
void network_run_done(NetworkRun run);

/* The value of a key of an answer; fails where there is none. */
const char *network_answer_find(const NetworkAnswer *answer, const char *key);
