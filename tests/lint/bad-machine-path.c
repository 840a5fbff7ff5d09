/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/util/bad.c */

static const char *const folders[] = {
        "/usr/bin/crun",
        "/home/user/project",
        "/home/somebody/project", /* want: machine-path */
};
