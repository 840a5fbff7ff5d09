/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "model/container-spec.h"

/*
 * Transient scope units of systemd, without a blocking call: org.freedesktop.systemd1(5), systemd.scope(5).
 */

typedef struct ScopeManager ScopeManager;
typedef struct Scope Scope;

typedef struct ScopeCallbacks {
        /* systemd took the request: from now on it moves the process. error where it refused. */
        void (*accepted)(const sd_bus_error *error, void *userdata);
        /* The process is in the scope. error where the start failed or was cancelled. */
        void (*started)(const sd_bus_error *error, void *userdata);
        /* The unit is gone: no process is left in it. */
        void (*gone)(void *userdata);
} ScopeCallbacks;

int scope_manager_new(sd_bus *bus, ScopeManager **ret);
ScopeManager *scope_manager_free(ScopeManager *manager);

/* Asks for a scope around the process pid of the user with this uid. device: one that a program in the scope needs
 * besides the usual ones; NULL: none. Errors: of sending. */
int scope_new(ScopeManager *manager, const ContainerSpec *spec, uint32_t owner, pid_t pid, const char *device,
              const ScopeCallbacks *callbacks, void *userdata, Scope **ret);

/* Forgets the scope; the unit stays. */
Scope *scope_free(Scope *scope);

/* Whether systemd has taken the request. */
bool scope_is_accepted(const Scope *scope);

/* Whether the job of starting it is over. */
bool scope_is_started(const Scope *scope);

/* Whether the unit is gone, or never was. */
bool scope_is_gone(const Scope *scope);

typedef void (*ScopeReplied)(const sd_bus_error *error, void *userdata);

/* Freezes or thaws all processes; replied is called when it is done, or with error. */
int scope_freeze(Scope *scope, bool freeze, ScopeReplied replied, void *userdata);

/* Sends a signal to every process. */
int scope_signal(Scope *scope, int signal, ScopeReplied replied, void *userdata);

/* Stops the unit. A scope whose process died before it was moved has none that could end, and would stay. */
void scope_stop(Scope *scope);

/* Stops units of an earlier daemon, whose processes nobody watches any more. */
int scope_manager_sweep(ScopeManager *manager);
