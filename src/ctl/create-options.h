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
        const char *net;
        const char *security;
        const char *hostname;
        bool output;
        bool read_only;
        GArray *properties; /* ScopeProperty */
        GArray *limits;     /* ResourceLimit */
} CreateOptions;

#define OPTIONS_CREATE                                                                                                 \
        {"rootfs", required_argument, NULL, OPTION_ROOTFS}, {"host-path", required_argument, NULL, OPTION_HOST_PATH},  \
                {"output", no_argument, NULL, OPTION_OUTPUT}, {"read-only", no_argument, NULL, OPTION_READ_ONLY},      \
                {"net", required_argument, NULL, OPTION_NET}, {"security", required_argument, NULL, OPTION_SECURITY},  \
                {"hostname", required_argument, NULL, OPTION_HOSTNAME},                                                \
                {"property", required_argument, NULL, OPTION_PROPERTY},                                                \
        {                                                                                                              \
                "rlimit", required_argument, NULL, OPTION_RLIMIT                                                       \
        }

void create_options_init(CreateOptions *options);
void create_options_done(CreateOptions *options);

/* Takes the option c. Returns 1 where it was one of these, 0 where not, or a negative errno with error filled in. */
int create_options_take(CreateOptions *options, int c, const char *value, sd_bus_error *error);

/* Calls CreateContainer, and offers polkit's text agent before it. An empty name has one made up.
 * watch_bus: the container is released when this program leaves the bus. */
int create_options_call(Ctl *ctl, const CreateOptions *options, const char *name, bool watch_bus, char **ret_path,
                        sd_bus_error *error);
