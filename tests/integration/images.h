/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "common.h"

/* What the tests of images and operations share: archives to import, and calls about them. Options are a{sv} in
 * GVariant's text format, NULL for none. */

/* A tar archive of what a shell script makes in an empty folder; the caller frees its path. */
char *archive_new(const char *script);
/* A small root file system. */
const char *archive_shared(void);

guint32 image_import_send(Client *caller, const char *name, int fd, const char *options);
/* The operation's path. */
char *image_import(Client *caller, const char *name, int fd, const char *options);
/* Imports the shared archive and waits for it. */
void image_new(Client *caller, const char *name, const char *options);
Reply *image_import_fails(Client *caller, const char *name, int fd, const char *options);

Reply *image_tag(Client *caller, const char *name, const char *new_name, const char *options);
Reply *image_remove(Client *caller, const char *name, const char *options);
/* Each image that the caller sees, as " UID/NAME" or " system/NAME", in their order. */
char *image_list(Client *caller);
/* Removes every image of all users and of the system, and what they leave. */
void images_clear(void);

/* What there is when the daemon has just been started, and has opened the records. */
char *fresh_snapshot(void);

/* The result, a{sv}. */
GVariant *operation_wait(Client *caller, const char *path);
guint64 operation_wait_number(Client *caller, const char *path, const char *key);
Reply *operation_wait_fails(Client *caller, const char *path, const char *error, const char *part);

/* An import that goes on until `writer` is closed, having got the whole archive but for its last bytes. */
typedef struct SlowImport {
        Client *client;
        char *path;
        int writer;
        char *rest; /* what is still to be written */
        gsize rest_size;
} SlowImport;

SlowImport *slow_import_new(Client *caller, const char *name);
/* Writes what is missing. */
void slow_import_end(SlowImport *import);
void slow_import_free(SlowImport *import);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SlowImport, slow_import_free)
