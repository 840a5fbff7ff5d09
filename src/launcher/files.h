/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reading what lies in one of a container's mounts. Look-ups are confined to the mount, work under the ids of the
 * container's root, and wait for nobody but the file system: what is no regular file is never opened.
 */

/* One answer has no more entries than this, with the longest names and targets some 20 MiB: the bus would cut the
 * daemon off for a message of 32 MiB. */
#define FILES_ENTRIES_MAX 4096U

typedef struct FilesView {
        int top;           /* of the mount, a folder or a file, as files_open_view() gives it; borrowed */
        uint32_t id_base;  /* the host's id of the container's root */
        uint32_t id_count; /* how many ids the container has from there on */
} FilesView;

typedef struct FileEntry {
        const char *type; /* "file", "directory", "symlink", "fifo", "socket", "character", "block" */
        uint64_t size;    /* bytes */
        uint32_t mode;    /* 07777 */
        uint32_t uid;     /* inside; 65534 where it has none there */
        uint32_t gid;
        int64_t mtime;         /* microseconds since 1970 */
        char target[PATH_MAX]; /* of a symlink, "" of all others */
} FileEntry;

/* A failure as the caller on the bus reads it. */
typedef struct FilesError {
        const char *name;
        char sentence[PATH_MAX + 512];
} FilesError;

/* The mount that top belongs to, from top on, as one of its own: read-only, and without set-user-id programs and
 * devices, since fds of it are handed out. What is mounted upon it is not seen there. Returns an O_PATH fd, which keeps
 * the mount alive. Errors: those of open_tree(2), mount_setattr(2). */
int files_open_view(int top);

/* These return a negative errno with an error set. path is looked up with top as "/"; it may not climb above it by
 * "..", and symlinks end there. */

/* Opens a regular file for reading. Returns the fd. */
int files_open(const FilesView *view, const char *path, FilesError *error);

/* Looks at a file; where follow is false, at a symlink itself. */
int files_stat(const FilesView *view, const char *path, bool follow, FileEntry *ret, FilesError *error);

/* Returns a negative errno to stop. */
typedef int (*FilesListed)(const char *name, const FileEntry *entry, void *userdata);

/* Calls listed for each entry of a folder, in the order of strcmp(3). With a limit, for that many that come after the
 * name `after`: fewer mean that the end is reached. With none (0) for all, and more than FILES_ENTRIES_MAX are an
 * error. */
int files_list(const FilesView *view, const char *path, size_t limit, const char *after, FilesListed listed,
               void *userdata, FilesError *error);

/* For files-list.c: the entry of a name in a folder ("" with the folder's own fd, opened by O_PATH, is the fd's).
 * Errors: of fstatat(2), readlinkat(2). */
int files_entry(const FilesView *view, int folder, const char *name, FileEntry *ret);
/* Opens what path leads to, O_PATH with further flags. */
int files_find(const FilesView *view, const char *path, int flags, FilesError *error);
int files_fail(FilesError *error, int r, const char *path);
int files_fail_as(FilesError *error, int r, const char *name, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
