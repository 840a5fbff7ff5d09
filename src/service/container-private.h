/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of a container share: container.c (its life), container-start.c and start-job.c (processes),
 * container-freeze.c (pauses), container-files.c and container-commit.c (what it wrote), container-release.c (its end).
 */

#include "backend/cgroup.h"
#include "backend/launcher.h"
#include "service/container-mounts.h"
#include "service/container-network.h"
#include "service/container.h"

typedef struct ContainerCommits ContainerCommits;
typedef struct ContainerFiles ContainerFiles;
typedef struct StartJob StartJob;

typedef struct LauncherEnd {
        Container *container;
        Launcher *launcher;
        uint64_t number;
} LauncherEnd;

struct Container {
        Service *service;
        ContainerSpec *spec;
        uint32_t owner;
        uint32_t id_base;
        char *id;
        char *unit;
        char *platform; /* that it is for, normalised; NULL until it is known */
        ContainerState state;
        const Runtime *runtime; /* of its first start, for all later ones */
        char *runtime_path;

        ContainerDir *dir;
        Launcher *launcher; /* until PID 1 runs */
        GPtrArray *ending;  /* LauncherEnd, of launchers that are not needed any more */
        uint64_t last_launcher;
        GQueue freezes; /* calls that wait for some of these, or for a commit */
        Scope *scope;
        char *cgroup_path;
        OomWatch *oom;
        int cgroup;

        /* Of its making: */
        bool mounted;
        bool networked;
        bool joining; /* the launcher is asked to take the network's namespaces */
        bool joined;  /* it has them, or there are none to have */
        bool created_told;
        bool waited; /* it is shown already */
        bool scope_started;
        /* Of pauses: */
        bool freezing; /* systemd has not answered one of them yet */
        bool paused_by_caller;
        /* Of its release: */
        bool removed; /* its folders */
        bool releasing_network;
        bool network_released; /* or never made */

        ContainerMounts *mounts;
        ContainerNetwork *network;
        ContainerDone created;
        ContainerWaits waits;
        void *created_userdata;

        Process *leader;      /* borrowed from processes */
        GPtrArray *processes; /* Process */
        GHashTable *by_id;    /* the same, by id */
        uint64_t last_number; /* for ids */
        GQueue jobs;          /* StartJob, those that wait first, and those under way */
        unsigned n_running;

        ContainerFiles *files;
        ContainerCommits *commits;

        GQueue releases; /* those who wait for the release */
        ReaperWatch *removal;
        char *release_error; /* the name and the sentence of why it was released by itself */
        char *release_sentence;

        const ContainerListener *listener;
        void *userdata;
};

void container_changed(Container *container, const char *const *properties);
/* Follows the table; an event that can't be is a bug and changes nothing. It tells nobody: where somebody waits for an
 * answer that goes first, and one signal tells all that has changed. */
void container_event(Container *container, ContainerEvent event);
void container_state_changed(Container *container);

/* container-freeze.c */
/* Goes on with the calls of Pause and Resume, in their order, as far as that can be now. */
void container_freezes_run(Container *container);
/* Answers those that wait. */
void container_freezes_abort(Container *container, const sd_bus_error *error);
/* As container_freeze(), and what the caller asked for stays remembered. done gets no userdata. */
void container_freeze_for_commit(Container *container, bool freeze, ContainerDone done);

/* Says, once, that its making waits for others. It may be released by that. */
void container_wait(Container *container);

/* container-start.c */
void container_start_jobs_run(Container *container);
void container_start_jobs_abort(Container *container, const sd_bus_error *error);

/* container-release.c */
/* Ends a launcher, which may be NULL; a release waits for it. */
void container_end_launcher(Container *container, Launcher *launcher);
void container_launcher_end_free(void *data);
void container_release_continue(Container *container);
