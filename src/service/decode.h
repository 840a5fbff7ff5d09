/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* Reading a{sv} options: the keys are a table, and one that is not in it is an error that names it. */

typedef struct OptionRow {
        const char *name;
        const char *type; /* of the variant's content */
        /* Reads the content, the variant has been entered. Returns a negative errno, with error where there is a reason
         * to give. */
        int (*read)(sd_bus_message *m, void *target, sd_bus_error *error);
} OptionRow;

/* Reads the a{sv} that comes next in m. rows end with one that has no name; what says whose options they are, for
 * messages: "option", "mount key". Errors: InvalidArgs. */
int decode_options(sd_bus_message *m, const char *what, const OptionRow *rows, void *target, sd_bus_error *error);

/* Reads a string into *target, whose old value is freed by g_free(). */
int decode_string(sd_bus_message *m, char **target);

int decode_bool(sd_bus_message *m, bool *target);

/* Reads a word of a table; from_string answers -EINVAL for one that is not in it. */
int decode_word(sd_bus_message *m, const char *what, int (*from_string)(const char *), const char *words,
                sd_bus_error *error);

/* Reads a platform, in any spelling, into *target in the normalised one. Errors: InvalidArgs, PlatformNotSupported. */
int decode_platform(sd_bus_message *m, char **target, sd_bus_error *error);

/* A copy of the fd that comes next. Returns it. */
int decode_fd(sd_bus_message *m);
