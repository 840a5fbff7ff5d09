/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * NAME=VALUE of --property and --rlimit, read without the bus. What is wrong is said as an InvalidArgs in error.
 */

#include <glib.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

typedef struct ScopeProperty {
        const char *name; /* as the bus calls it, static */
        uint64_t number;  /* signature t, where mask is NULL */
        GByteArray *mask; /* signature ay */
} ScopeProperty;

typedef struct ResourceLimit {
        const char *name; /* without "RLIMIT_", static */
        uint64_t soft;
        uint64_t hard;
} ResourceLimit;

/* "MemoryMax=512M": names as in systemd.resource-control(5). ret->mask belongs to the caller. */
int scope_property_parse(const char *text, ScopeProperty *ret, sd_bus_error *error);

/* Frees what property holds. */
void scope_property_done(ScopeProperty *property);

/* Appends (sv). */
int scope_property_append(sd_bus_message *message, const ScopeProperty *property);

/* "NOFILE=1024:4096", "NOFILE=1024" for both, "CORE=0:infinity"; the prefix RLIMIT_ may be there. */
int resource_limit_parse(const char *text, ResourceLimit *ret, sd_bus_error *error);

/* Appends {s(tt)}. */
int resource_limit_append(sd_bus_message *message, const ResourceLimit *limit);
