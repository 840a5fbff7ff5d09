/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The lines of a key file. GKeyFile reads the values, but it keeps no line numbers, lets the last of two equal keys
 * win, and takes any name. An admin who mistyped something has to be told where, so the lines are walked once more
 * here.
 */

#include <stddef.h>

typedef enum KeyFileLineKind {
        KEY_FILE_LINE_EMPTY, /* nothing, or a comment */
        KEY_FILE_LINE_GROUP,
        KEY_FILE_LINE_KEY,
        KEY_FILE_LINE_BROKEN,
} KeyFileLineKind;

/* Zero-initialize it but for text and size, then call key_file_scan_next() until it answers 0. What a line holds is
 * valid until the next call. */
typedef struct KeyFileScan {
        const char *text;
        size_t size;
        size_t offset;
        unsigned line; /* from 1 */
        KeyFileLineKind kind;
        char *group;   /* the group the line is in, or opens; NULL before the first one */
        char *key;     /* of a key's line */
        char *content; /* the line without the space around it */
} KeyFileScan;

/* Goes to the next line. Returns 1, or 0 at the end of the text. */
int key_file_scan_next(KeyFileScan *scan);

void key_file_scan_done(KeyFileScan *scan);

/* The number of the first line that sets the key, or 0. */
unsigned key_file_find_line(const char *text, size_t size, const char *group, const char *key);
