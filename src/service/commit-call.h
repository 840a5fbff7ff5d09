/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* The method Commit of org.gangway1.Container; userdata is the ContainerBus. */
int commit_call(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* A call that polkit is asked about. */
typedef struct CommitCall CommitCall;

/* Its container is gone. */
void commit_call_forget_container(CommitCall *call);
