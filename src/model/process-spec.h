/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/*
 * A request to run a process in a container: what Start and Exec take.
 */

#define PROCESS_FD_MAX 63U

typedef struct ProcessFd {
        uint32_t number; /* in the process */
        int fd;          /* owned */
} ProcessFd;

/* A variable whose value is a secret of the container. */
typedef struct SecretEnv {
        char *name;
        char *secret; /* its id */
        bool optional;
} SecretEnv;

typedef struct ProcessSpec {
        char *id; /* NULL: one is made up */
        GStrv argv;
        GPtrArray *env;        /* "NAME=VALUE", NULL at its end once checked */
        GPtrArray *secret_env; /* SecretEnv, those without their value yet */
        char *cwd;
        char *user;
        bool tty;
        uint16_t rows;
        uint16_t columns;
        bool watch_bus;
        GArray *fds; /* ProcessFd */
} ProcessSpec;

/* Who it runs as, when the names have been looked up. The ids are the container's. */
typedef struct ProcessUser {
        uint32_t uid;
        uint32_t gid;
        GArray *groups; /* uint32_t; NULL: none */
} ProcessUser;

/* What an image says about processes, for what a call leaves open. Lists end with NULL; each may be NULL. */
typedef struct ProcessDefaults {
        const char *const *env;        /* NAME=VALUE */
        const char *const *entrypoint; /* together with cmd the argv of a first process that has none */
        const char *const *cmd;
        const char *user;
        const char *working_dir;
} ProcessDefaults;

ProcessSpec *process_spec_new(void);
ProcessSpec *process_spec_free(ProcessSpec *spec);

/* Adds a variable. Errors: InvalidArgs, for a name that is empty or has a "=". */
int process_spec_add_env(ProcessSpec *spec, const char *name, const char *value, sd_bus_error *error);

/* Adds a variable whose value is to be the secret. Errors: InvalidArgs, as process_spec_add_env(). */
int process_spec_add_secret_env(ProcessSpec *spec, const char *name, const char *secret, bool optional,
                                sd_bus_error *error);

/* Adds an fd, of which it makes a copy. Errors: InvalidArgs, for a number twice or above PROCESS_FD_MAX. */
int process_spec_add_fd(ProcessSpec *spec, uint32_t number, int fd, sd_bus_error *error);

/* Fills in what was not given: variables that are not there, user and cwd where they are NULL, and argv where it is
 * empty. Before the check. */
void process_spec_apply(ProcessSpec *spec, const ProcessDefaults *defaults);

/* Checks the whole, and fills in what has a default: cwd, PATH, TERM. Errors: InvalidArgs. */
int process_spec_check(ProcessSpec *spec, sd_bus_error *error);

/* Where a secret's value comes from: the caller's, or NULL where there is none of this id. */
typedef GBytes *(*ProcessSecretFind)(const char *id, void *userdata);

/* Gives a checked request's secret variables their values. Errors, none of which says anything of a value:
 * NoSuchSecret; InvalidArgs, for one that can be no variable's value: with a NUL, longer than the kernel takes, or no
 * UTF-8, which a runtime's documents are in. */
int process_spec_set_secrets(ProcessSpec *spec, ProcessSecretFind find, void *userdata, sd_bus_error *error);

/* Gives a variable to a checked request, where the caller did not. */
void process_spec_set_default(ProcessSpec *spec, const char *name, const char *value);

bool process_spec_has_env(const ProcessSpec *spec, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ProcessSpec, process_spec_free)
