/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

/*
 * skopeo, fetching an image in a transient service unit of its own, gangway-pull-….service: as a user that exists only
 * as long as it runs, without capabilities, new privileges, devices, or a file system that it could write to, and
 * within the slice of the user who asked. What it fetches it writes as a docker archive to a pipe.
 */

typedef struct PullUnits PullUnits;
typedef struct PullUnit PullUnit;

int pull_units_new(sd_event *event, sd_bus *bus, PullUnits **ret);
PullUnits *pull_units_free(PullUnits *units);

/* Kills the units that an earlier daemon left. */
int pull_units_sweep(PullUnits *units);

typedef struct PullRequest {
        uint64_t number; /* for the unit's name */
        uint32_t owner;
        const char *reference;
        const char *platform; /* NULL: this machine's */
        uint64_t max_bytes;   /* of a layer */
        int output;           /* the pipe; it stays the caller's own */
} PullRequest;

typedef struct PullCallbacks {
        /* skopeo has ended, or was never started. error is NULL where it has fetched the image as a whole; otherwise
         * PullFailed with what it said. The unit must not be freed in it. */
        void (*ended)(const sd_bus_error *error, void *userdata);
        /* The unit is gone, and no process is left in it. It comes after ended, and the unit may be freed
         * in it. */
        void (*gone)(void *userdata);
} PullCallbacks;

/* Asks systemd for the unit. The callbacks come from the event loop only. Errors: PullFailed where skopeo is not
 * there; of sending. */
int pull_unit_new(PullUnits *units, const PullRequest *request, const PullCallbacks *callbacks, void *userdata,
                  PullUnit **ret, sd_bus_error *error);

/* Forgets the unit, and stops it where it still runs. */
PullUnit *pull_unit_free(PullUnit *unit);

/* Has systemd stop it: ended follows, where it had not ended yet, and gone. */
void pull_unit_stop(PullUnit *unit);
