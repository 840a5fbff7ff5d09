/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unpack/syscall-filter.h"
#include "util/cleanup.h"

/* Owners, modes and capabilities of files that are made are those that the archive says, and each layer is unpacked in
 * a root of its own. */
#define CAPABILITY(name) (UINT64_C(1) << (name))
#define KEPT                                                                                                           \
        (CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_DAC_OVERRIDE) | CAPABILITY(CAP_FOWNER) | CAPABILITY(CAP_FSETID) |      \
         CAPABILITY(CAP_SETFCAP) | CAPABILITY(CAP_SYS_CHROOT))

#define MEMORY_MAX    (UINT64_C(1) << 30)
#define FILES_MAX     256
#define PROCESSES_MAX 16

/* The sanitizers reserve terabytes of addresses, and make system calls of their own at the end. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* open_tree(2) copies mounts of the own mount namespace only: it comes before that is left. The copy is put over the
 * root, made the root, and the old root taken away from under it. */
static int enter_mounts(int folder, const char **ret_step)
{
        _cleanup_close_ int tree = -1;
        /* A copy of a shared mount is a shared one, which can't become the root. */
        struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                                        .propagation = MS_PRIVATE};

        *ret_step = "copy the mount of the target folder";
        tree = open_tree(folder, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
                return -errno;

        *ret_step = "leave the machine's mounts";
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return -errno;

        *ret_step = "make the target folder the root";
        if (move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(tree) < 0 ||
            syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                return -errno;
        return 0;
}

int confine_enter(int folder, const char **ret_step)
{
        int r;

        r = enter_mounts(folder, ret_step);
        if (r < 0)
                return r;

        *ret_step = "leave the machine's namespaces";
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWCGROUP) < 0)
                return -errno;
        return 0;
}

static int set_capabilities(uint64_t kept)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2] = {
                {.effective = (uint32_t) kept, .permitted = (uint32_t) kept},
                {.effective = (uint32_t) (kept >> 32), .permitted = (uint32_t) (kept >> 32)},
        };

        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int drop_capabilities(void)
{
        for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
                if (!(KEPT & CAPABILITY(capability)) && prctl(PR_CAPBSET_DROP, capability) < 0)
                        return -errno;
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return -errno;
        return set_capabilities(KEPT);
}

static int limit_resources(void)
{
        static const struct {
                int resource;
                uint64_t value;
        } limits[] = {
                {RLIMIT_AS, MEMORY_MAX},
                {RLIMIT_CORE, 0},
                {RLIMIT_NOFILE, FILES_MAX},
                {RLIMIT_NPROC, PROCESSES_MAX},
        };

        for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
                struct rlimit limit = {.rlim_cur = limits[i].value, .rlim_max = limits[i].value};

                if (SANITIZED && limits[i].resource == RLIMIT_AS)
                        continue;
                if (setrlimit(limits[i].resource, &limit) < 0)
                        return -errno;
        }
        return 0;
}

int confine_drop(const char **ret_step)
{
        int r;

        *ret_step = "become root of the user namespace";
        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                return -errno;

        *ret_step = "limit its resources";
        r = limit_resources();
        if (r < 0)
                return r;

        *ret_step = "give up capabilities";
        r = drop_capabilities();
        if (r < 0)
                return r;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        (void) umask(0022);

        *ret_step = "filter its system calls";
        return SANITIZED ? 0 : syscall_filter_enter();
}

int confine_change_root(const char *folder)
{
        if (chroot(folder) < 0 || chdir("/") < 0)
                return -errno;
        return set_capabilities(KEPT & ~CAPABILITY(CAP_SYS_CHROOT));
}
