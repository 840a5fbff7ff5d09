/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What several unit tests need: refusals with their messages, and a folder that goes away. */

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "util/cleanup.h"

/* A call was refused: r is the errno of the error's name, and the message can be sent and has part in it. Frees error.
 */
static inline void assert_refused(int r, sd_bus_error *error, const char *name, const char *part)
{
        g_assert_cmpstr(error->name, ==, name);
        g_assert_cmpint(r, ==, -sd_bus_error_get_errno(error));
        g_assert_cmpint(r, <, 0);
        g_assert_nonnull(error->message);
        if (!g_utf8_validate(error->message, -1, NULL))
                g_error("the message is no UTF-8, and sd-bus does not send it: %s", error->message);
        if (!strstr(error->message, part))
                g_error("'%s' is not in the message: %s", part, error->message);
        sd_bus_error_free(error);
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
        return remove(path);
}

static inline void remove_tree(char **path)
{
        if (*path)
                g_assert_cmpint(nftw(*path, remove_one, 16, FTW_DEPTH | FTW_PHYS), ==, 0);
        g_free(*path);
}

/* A new folder; with _cleanup_(remove_tree) it goes away at the end of the scope. */
static inline char *make_tree(void)
{
        g_autoptr(GError) error = NULL;
        char *path = g_dir_make_tmp("gangway-unit-XXXXXX", &error);

        g_assert_no_error(error);
        return path;
}

/* How many fds this process has. */
static inline unsigned count_fds(void)
{
        DIR *folder = opendir("/proc/self/fd");
        unsigned n = 0;

        g_assert_nonnull(folder);
        while (readdir(folder))
                n++;
        closedir(folder);
        return n;
}

static inline void assert_cloexec(int fd)
{
        g_assert_cmpint(fcntl(fd, F_GETFD), ==, FD_CLOEXEC);
}
