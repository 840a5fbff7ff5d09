/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Runs gangway-store as the daemon does, and waits for it: one verb, or one that is left running for a while. The
 * programs are those of this build, which the environment names, with tests/store/fake-unpack.c as the unpacker.
 */

#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct StoreRun {
        pid_t pid;
        int socket;
} StoreRun;

/* fd: handed over with the request, or -1. words: VERB, ARGUMENTS…, NULL. */
StoreRun store_run_start(const char *store, int fd, const char *const *words);

/* As store_run_start(), killed before the system call number `call` of those that change something, counted from 1. The
 * tool is strace(1). */
StoreRun store_run_start_killed(const char *store, int fd, const char *const *words, unsigned call);

/* Waits for the answer that is no progress, and for the end. Returns the answer's words, or NULL where there is none.
 * ret_info may be NULL. */
GStrv store_run_end(StoreRun *run, siginfo_t *ret_info);

/* Both. The first with any number of fds. */
GStrv store_run_with(const char *store, const int *fds, size_t n_fds, const char *const *words);
GStrv store_run(const char *store, int fd, const char *const *words);
#define STORE_RUN(store, fd, ...) store_run((store), (fd), (const char *const[]){__VA_ARGS__, NULL})

/* The same, where nothing but "ok" will do; and where an error of this name, with this part in its sentence, will. */
#define STORE_OK(store, fd, ...)                store_run_ok(STORE_RUN((store), (fd), __VA_ARGS__))
#define STORE_ERROR(store, fd, name, part, ...) store_run_error(STORE_RUN((store), (fd), __VA_ARGS__), (name), (part))
GStrv store_run_ok(GStrv answer);
void store_run_error(GStrv answer, const char *name, const char *part);

/* The value of a key of an answer; fails where there is none. */
const char *store_run_find(GStrv answer, const char *key);

/* A source for an import: a regular file with this text. The caller closes it. */
int store_run_script(const char *script);

/* How many entries a folder has. */
unsigned store_run_count(const char *store, const char *folder);

/* Writes a file of bytes that follow from the seed, and says whether a file has them. Returns false where there is no
 * room. */
bool store_run_fill(const char *path, guint64 size, guint32 seed);
bool store_run_is_filled(const char *path, guint64 size, guint32 seed);

/* Says so, and returns false, where this process can't make a store. */
bool store_run_is_possible(void);
