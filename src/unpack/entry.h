/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <archive_entry.h>
#include <limits.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

/*
 * What an entry of a tar archive may be. Its path becomes one that has no "..", no empty or "." component and no "/" in
 * front, so that equal paths are equal strings; "." is the top folder.
 */

typedef struct Entry {
        struct archive_entry *archive_entry; /* borrowed; with the paths below */
        mode_t type;                         /* AE_IF…; 0 for a hard link */
        char path[PATH_MAX];
        char link[PATH_MAX]; /* of a hard link: the target's path, in the same way; or "" */
} Entry;

/* Reads an entry. `what` begins sentences: "Layer 2 (sha256:…)". Errors with a sentence: InvalidImage. */
int entry_read(Entry *entry, struct archive_entry *archive_entry, uint64_t depth_max, const char *what,
               sd_bus_error *error);

/* Checks ids and ACLs of an entry that is to be made. All ids are of the 65,536 that an image has. */
int entry_check_ids(const Entry *entry, const char *what, sd_bus_error *error);

/* An error with a sentence that begins with what cannot be unpacked, and where. */
int entry_error(const Entry *entry, const char *what, sd_bus_error *error, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* The same for an errno, which may mean that the disk is full. */
int entry_disk_error(const Entry *entry, const char *what, sd_bus_error *error, int errnum);

/* Sets the extended attributes of a file or folder that is whole: user.* and security.capability. All others are left
 * out: they would say something to the machine, or have a value that only means something there. */
int entry_set_attributes(const Entry *entry, const char *what, sd_bus_error *error);
