/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/backend/bad.c */

int bad_waiver(int source)
{
        /* lint: allow cloexec (want: waiver) */
        dup2(source, STDOUT_FILENO); /* want: cloexec */
        /* lint: allow everything: it is late (want: waiver) */
        dup2(source, STDERR_FILENO); /* want: cloexec */
        /* lint: allow thread: there is none here (want: waiver) */
        return 0;
}
