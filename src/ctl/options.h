/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The options of getopt_long(3) that verbs share. A verb's table is put together from the macros; its loop hands what
 * it does not know itself to option_common().
 */

#include <getopt.h>

#include "ctl/ctl.h"

enum {
        OPTION_NO_ASK_PASSWORD = 0x100,
        OPTION_JSON,
        OPTION_WHOM,
        OPTION_NAME,
        OPTION_ID,
        OPTION_ROOTFS,
        OPTION_HOST_PATH,
        OPTION_OUTPUT,
        OPTION_READ_ONLY,
        OPTION_NET,
        OPTION_SECURITY,
        OPTION_HOSTNAME,
        OPTION_ADD_HOST,
        OPTION_DNS,
        OPTION_PROPERTY,
        OPTION_RLIMIT,
        OPTION_IMAGE,
        OPTION_MOUNT,
        OPTION_SECRET,
        OPTION_SSH,
        OPTION_SECRET_ENV,
        OPTION_SYSTEM,
        OPTION_PLATFORM,
        OPTION_OLDER_THAN,
        OPTION_KEEP,
        OPTION_ALL_USERS,
};

/* ':' makes a missing value ':', '+' stops at the first word that is no option. */
#define OPTIONS_SHORT ":h"
#define OPTIONS_COMMON                                                                                                 \
        {"help", no_argument, NULL, 'h'},                                                                              \
        {                                                                                                              \
                "no-ask-password", no_argument, NULL, OPTION_NO_ASK_PASSWORD                                           \
        }
#define OPTIONS_END                                                                                                    \
        {                                                                                                              \
        }

/* Takes --help, --no-ask-password, and whatever is wrong. Returns true where the verb is over: with *ret_status. */
bool option_common(Ctl *ctl, int c, char **argv, int *ret_status);

/* Says that words are missing or too many. Returns the exit status. */
int option_usage(char **argv, const char *sentence);
