/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * --secret and --ssh: what the caller lets a container have, under an id that mounts and secret-env name. The parsers
 * are pure; what is wrong is said as an InvalidArgs in error.
 */

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

typedef struct SecretOption {
        char *id;
        char *file;       /* where its bytes are, or NULL … */
        char *variable;   /* … the variable of the caller's environment that holds them */
        bool is_variable; /* it is used as a variable inside, and shows as a file only where a mount says so */
} SecretOption;

typedef struct AgentOption {
        char *id;
        char *socket; /* its path; NULL: $SSH_AUTH_SOCK */
} AgentOption;

/* "id=NAME,src=FILE" or "id=NAME,env=VARIABLE". ret belongs to the caller. */
int secret_option_parse(const char *text, SecretOption **ret, sd_bus_error *error);

/* Appends {sv}: the id, and the file, which is opened here with the caller's rights, or the bytes of the variable. */
int secret_option_append(sd_bus_message *message, const SecretOption *secret, sd_bus_error *error);

SecretOption *secret_option_free(SecretOption *secret);

/* "default", "ID" or "ID=SOCKET". ret belongs to the caller. */
int agent_option_parse(const char *text, AgentOption **ret, sd_bus_error *error);

/* Appends {sh}: the id and the agent's socket, opened without a connection to it. */
int agent_option_append(sd_bus_message *message, const AgentOption *agent, sd_bus_error *error);

AgentOption *agent_option_free(AgentOption *agent);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SecretOption, secret_option_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AgentOption, agent_option_free)
