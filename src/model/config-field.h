/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "model/config.h"

/*
 * One setting of gangwayd.conf: where it stands, what it may hold, and how its value gets into a Config.
 */

/* The value of a field that is a list: words with white space between them. */
typedef struct ConfigWordRule {
        char *(*normalize)(const char *word); /* NULL: it can't be one of them */
        const char *what;
} ConfigWordRule;

typedef struct ConfigField {
        const char *group;
        const char *key;
        size_t offset;    /* in Config: an unsigned, a char * where max is 0, a uint64_t where it is a size, a char **
                             where it is a list */
        guint64 min, max; /* max 0: an absolute path; of a list: the number of its words */
        guint64 multiple;
        bool size;                  /* of bytes: it may end with K, M, G or T, as those of systemd */
        bool path_list;             /* paths with ':' between them */
        const char *const *words;   /* the unsigned is the index of one of these */
        const ConfigWordRule *list; /* NULL: it is none */
} ConfigField;

/* A file that is read, and what was wrong with it. */
typedef struct ConfigText {
        const char *bytes;
        size_t size;
        const char *filename;
        char *message; /* of the caller's, where something was */
} ConfigText;

/* Keeps "FILE:LINE: SENTENCE" as the message. Returns -EINVAL. */
int config_refuse(ConfigText *text, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts a value, which this line sets, in its place. Errors: -EINVAL, with the message. */
int config_field_take(ConfigText *text, unsigned line, const ConfigField *field, const char *value, Config *config);
