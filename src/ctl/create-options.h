/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The options that create and run share, and the CreateContainer call that is made of them.
 */

#include <glib.h>

#include "ctl/ctl.h"
#include "ctl/options.h"

typedef struct CreateOptions {
        const char *rootfs;
        const char *host_path;
        const char *image;
        const char *net;
        const char *security;
        const char *hostname;
        GArray *ports; /* PortOption */
        const char *platform;
        bool output;
        bool read_only;
        GArray *properties; /* ScopeProperty */
        GArray *limits;     /* ResourceLimit */
        GPtrArray *mounts;  /* MountOption */
        GPtrArray *secrets; /* SecretOption */
        GPtrArray *agents;  /* AgentOption */
        GPtrArray *hosts;   /* HostOption */
        GPtrArray *dns;     /* const char *, borrowed from the command line */
} CreateOptions;

#define OPTIONS_CREATE_SHORT "p:v:"
#define OPTIONS_CREATE                                                                                                 \
        {"image", required_argument, NULL, OPTION_IMAGE}, {"rootfs", required_argument, NULL, OPTION_ROOTFS},          \
                {"host-path", required_argument, NULL, OPTION_HOST_PATH},                                              \
                {"output", no_argument, NULL, OPTION_OUTPUT}, {"read-only", no_argument, NULL, OPTION_READ_ONLY},      \
                {"mount", required_argument, NULL, OPTION_MOUNT}, {"volume", required_argument, NULL, 'v'},            \
                {"secret", required_argument, NULL, OPTION_SECRET}, {"ssh", required_argument, NULL, OPTION_SSH},      \
                {"net", required_argument, NULL, OPTION_NET}, {"security", required_argument, NULL, OPTION_SECURITY},  \
                {"publish", required_argument, NULL, 'p'}, {"hostname", required_argument, NULL, OPTION_HOSTNAME},     \
                {"add-host", required_argument, NULL, OPTION_ADD_HOST}, {"dns", required_argument, NULL, OPTION_DNS},  \
                {"platform", required_argument, NULL, OPTION_PLATFORM},                                                \
                {"property", required_argument, NULL, OPTION_PROPERTY},                                                \
        {                                                                                                              \
                "rlimit", required_argument, NULL, OPTION_RLIMIT                                                       \
        }

void create_options_init(CreateOptions *options);
void create_options_done(CreateOptions *options);

/* Takes the option c. Returns 1 where it was one of these, 0 where not, or a negative errno with error filled in. */
int create_options_take(CreateOptions *options, int c, const char *value, sd_bus_error *error);

/* Whether an option names the root file system; only where none does, a word of the command line is to do so. */
bool create_options_have_root(const CreateOptions *options);

/* Whether a --mount is at "/". */
bool create_options_mount_root(const CreateOptions *options);

/* Takes such a word: a folder where it begins with '/' or '.', else the name of an image. It has to stay. */
void create_options_take_root(CreateOptions *options, const char *word);

/* The secret of this id, where there is one, is for a variable: it needs no file. */
void create_options_use_as_variable(CreateOptions *options, const char *id);

/* Calls CreateContainer, and offers polkit's text agent before it. An empty name has one made up.
 * watch_bus: the container is released when this program leaves the bus. */
int create_options_call(Ctl *ctl, const CreateOptions *options, const char *name, bool watch_bus, char **ret_path,
                        sd_bus_error *error);
