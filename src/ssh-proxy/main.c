/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gangway-ssh-proxy UID GID: stands between a container and the ssh agent of its caller. Fd 3 is the socket that the
 * container sees, fd 4 the agent's, as an O_PATH fd of its file. An agent looks at who connects, and so does the
 * kernel: so it is the caller who does, with none of root's rights, and nothing that the caller could not do as well.
 * Nor can the caller look into it or steer it, since it began as root's.
 *
 * It is started inside the container's scope, and ends with it.
 */

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "ssh-proxy/proxy.h"
#include "util/cleanup.h"

#define LISTENER_FD 3
#define AGENT_FD    4

static bool parse_id(const char *text, uint32_t *ret)
{
        unsigned long value;
        char *end;

        errno = 0;
        value = strtoul(text, &end, 10);
        if (errno != 0 || end == text || *end || value >= UINT32_MAX)
                return false;
        *ret = (uint32_t) value;
        return true;
}

/* Root keeps one right, that to use another user's socket: who has become root by sudo still has his own agent. All
 * others have none. */
static int drop_capabilities(uid_t uid)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

        if (uid == 0)
                data[0].permitted = data[0].effective = 1U << CAP_DAC_OVERRIDE;
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int drop_rights(uid_t uid, gid_t gid)
{
        static const struct rlimit no_core = {};

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &no_core) < 0 || chdir("/") < 0 ||
            setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ||
            prctl(PR_SET_DUMPABLE, 0) < 0)
                return -errno;
        return drop_capabilities(uid);
}

int main(int argc, char **argv)
{
        uint32_t uid, gid;

        if (argc != 3 || !parse_id(argv[1], &uid) || !parse_id(argv[2], &gid))
                return 2;
        if (syscall(SYS_close_range, AGENT_FD + 1, ~0U, 0) < 0 || drop_rights(uid, gid) < 0)
                return EXIT_FAILURE;
        (void) proxy_run(LISTENER_FD, AGENT_FD);
        return EXIT_FAILURE;
}
