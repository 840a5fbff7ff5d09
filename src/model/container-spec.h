/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "model/filter.h"
#include "model/hosts-file.h"
#include "model/mount-spec.h"
#include "model/published-port.h"
#include "util/word-table.h"

/*
 * A request to make a container, as the caller meant it. The bus side fills it in, container_spec_check() looks at it
 * as a whole; from then on it never changes.
 */

typedef enum NetMode {
        NET_SANDBOX,
        NET_NONE,
        NET_HOST,
} NetMode;

typedef enum SecurityMode {
        SECURITY_SANDBOX,
        SECURITY_INSECURE,
} SecurityMode;

/* What a secret mount shows: an id with bytes, or with an fd that they are read from. */
#define SECRETS_MAX     32U
#define SECRET_SIZE_MAX (500U * 1024U)
#define AGENTS_MAX      32U

/* With the bounds of a filter, these are some 15 ms of work, whatever a caller thinks of. */
#define CONSTRAINTS_MAX 16U

typedef struct SecretSpec {
        char *id;
        GBytes *bytes; /* NULL: they are read from fd */
        int fd;        /* owned, -1 where bytes is set */
} SecretSpec;

/* What an ssh mount leads to: the fd that came along is kept as it is. */
typedef struct AgentSpec {
        char *id;
        int fd; /* owned */
} AgentSpec;

typedef struct ResourceLimit {
        char *name; /* "NOFILE" */
        uint64_t soft;
        uint64_t hard;
} ResourceLimit;

typedef struct ScopeProperty {
        char *name;
        uint64_t number; /* of a property of type "t" */
        GBytes *bytes;   /* of one of type "ay" */
} ScopeProperty;

typedef struct ContainerSpec {
        char *name;
        char *hostname;
        char *platform; /* normalised; NULL: that of the root, or the machine's */
        NetMode net_mode;
        SecurityMode security_mode;
        bool watch_bus;
        GArray *ports;               /* PublishedPort */
        char *port_address;          /* as it was asked for, or NULL: see container_spec_get_port_address() */
        GPtrArray *extra_hosts;      /* ExtraHost, further lines of /etc/hosts */
        GPtrArray *dns_servers;      /* char *, addresses, instead of those of the machine; none: those */
        GPtrArray *mounts;           /* MountSpec, in the caller's order */
        GPtrArray *secrets;          /* SecretSpec */
        GPtrArray *agents;           /* AgentSpec */
        GPtrArray *constraints;      /* Filter, of which the machine has to meet one; none: all is well */
        GPtrArray *rlimits;          /* ResourceLimit */
        GPtrArray *scope_properties; /* ScopeProperty */
} ContainerSpec;

DECLARE_WORD_TABLE(net_mode, NetMode);
DECLARE_WORD_TABLE(security_mode, SecurityMode);

ContainerSpec *container_spec_new(void);
ContainerSpec *container_spec_free(ContainerSpec *spec);

/* bytes are copied, and wiped when it is freed; fd is taken over. One of the two is given: NULL, or -1. */
SecretSpec *secret_spec_new(const char *id, const void *bytes, size_t size, int fd);
AgentSpec *agent_spec_new(const char *id, int fd);
ResourceLimit *resource_limit_new(const char *name, uint64_t soft, uint64_t hard);
ScopeProperty *scope_property_new(const char *name, uint64_t number, GBytes *bytes);

/* The root's mount, NULL where there is none. */
const MountSpec *container_spec_get_root(const ContainerSpec *spec);

/* The address of this machine that the ports are bound to. */
const char *container_spec_get_port_address(const ContainerSpec *spec);

/* NULL where there is none of this id. */
const SecretSpec *container_spec_find_secret(const ContainerSpec *spec, const char *id);
const AgentSpec *container_spec_find_agent(const ContainerSpec *spec, const char *id);

/* Of a checked request: where programs find the agent when nobody says where, which is the first ssh mount that was
 * given no destination. NULL: there is none. */
const char *container_spec_get_agent_path(const ContainerSpec *spec);
bool container_spec_has_agents(const ContainerSpec *spec);

/* Checks what can be said without looking at the machine, and fills in what has a default: a name, the host name, what
 * mounts have. Errors: InvalidArgs, NoSuchSecret, NoSuchAgent. */
int container_spec_check(ContainerSpec *spec, sd_bus_error *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ContainerSpec, container_spec_free)
