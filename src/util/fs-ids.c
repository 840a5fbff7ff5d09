/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "util/fs-ids.h"

#include <errno.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

int fs_ids_enter(uid_t uid, gid_t gid, int *ret_saved)
{
        int securebits = prctl(PR_GET_SECUREBITS);

        if (securebits < 0 || prctl(PR_SET_SECUREBITS, securebits | SECBIT_NO_SETUID_FIXUP) < 0)
                return -errno;
        (void) setfsgid(gid);
        (void) setfsuid(uid);
        *ret_saved = securebits;
        return 0;
}

void fs_ids_leave(int saved)
{
        (void) setfsuid(0);
        (void) setfsgid(0);
        (void) prctl(PR_SET_SECUREBITS, saved);
}
