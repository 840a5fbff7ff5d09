/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Small seccomp profiles as text: one rule, on getppid, in a profile that allows the rest. */

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/seccomp-profile.h"

#define RULE(content)       "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" content "]}"
#define ERRNO_RULE(content) RULE("{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_ERRNO\"," content "}")
#define ARGUMENT(content)   ERRNO_RULE("\"args\":[{" content "}]")

/* Loads a profile with this text. Returns what seccomp_profile_load() does. */
static inline int seccomp_text_load(const char *text, SeccompProfile **ret, char **ret_message)
{
        g_autofree char *path = NULL;
        int fd, r;

        fd = g_file_open_tmp("gangway-seccomp-XXXXXX", &path, NULL);
        g_assert_cmpint(fd, >=, 0);
        (void) close(fd);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        r = seccomp_profile_load(path, ret, ret_message);
        if (r < 0)
                g_assert_true(g_str_has_prefix(*ret_message, path) && (*ret_message)[strlen(path)] == ':');
        (void) g_unlink(path);
        return r;
}
