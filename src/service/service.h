/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "backend/helper.h"
#include "backend/pull-unit.h"
#include "backend/reaper.h"
#include "backend/runtime.h"
#include "backend/scope.h"
#include "backend/seccomp-profile.h"
#include "backend/store.h"
#include "model/config.h"
#include "service/caches.h"

/*
 * What the daemon's objects work with: made once in main(), and borrowed by all. The config and what follows from it is
 * replaced on reload; whoever keeps a part of it longer than a call copies it.
 */

typedef struct Service {
        sd_event *event;
        sd_bus *bus;
        Reaper *reaper;
        ScopeManager *scopes;
        PullUnits *pulls;
        Store *store;
        Helpers *store_helpers;
        Helpers *network_helpers;
        Caches *caches;
        SeccompProfile *seccomp;
        Config *config;
        const Runtime *runtime;
        uint64_t capabilities; /* those that the daemon may give away, a bit each by its number */
} Service;
