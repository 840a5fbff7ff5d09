/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The last wall around a parser that somebody took over: mostly, that the kernel's many rarely used calls are out of
 * reach. What the list lets do is confined by the namespaces, so it does not look at arguments.
 */

#include "unpack/syscall-filter.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

/* One name stands for what each processor calls it; those that a processor or libseccomp does not have are passed
 * over. */
static const char *const allowed[] = {
        /* memory, signals, time */
        "brk",
        "clock_gettime",
        "futex",
        "getrandom",
        "gettimeofday",
        "madvise",
        "mmap",
        "mmap2",
        "mprotect",
        "mremap",
        "munmap",
        "restart_syscall",
        "rt_sigaction",
        "rt_sigprocmask",
        "rt_sigreturn",
        "sigaltstack",
        "sigreturn",
        /* this machine, of which there is an image to choose */
        "uname",
        /* processes */
        "capset",
        "chroot",
        "clone",
        "clone3",
        "exit",
        "exit_group",
        "fork",
        "getegid",
        "geteuid",
        "getgid",
        "getpid",
        "gettid",
        "getuid",
        "kill",
        "prctl",
        "rseq",
        "set_robust_list",
        "tgkill",
        "uname",
        "wait4",
        "waitid",
        /* what is open */
        "close",
        "dup",
        "fadvise64",
        "fadvise64_64",
        "arm_fadvise64_64",
        "fcntl",
        "fcntl64",
        "fstat",
        "fstat64",
        "lseek",
        "_llseek",
        "pipe2",
        "poll",
        "ppoll",
        "pread64",
        "pwrite64",
        "read",
        "recvmsg",
        "sendmsg",
        "socketpair",
        "write",
        "writev",
        /* the tree */
        "chdir",
        "chmod",
        "chown",
        "chown32",
        "fchdir",
        "fchmod",
        "fchmodat",
        "fchown",
        "fchown32",
        "fchownat",
        "fgetxattr",
        "fremovexattr",
        "fsetxattr",
        "fstatat64",
        "fstatfs",
        "fstatfs64",
        "ftruncate",
        "ftruncate64",
        "getcwd",
        "getdents64",
        "getxattr",
        "lchown",
        "lchown32",
        "lgetxattr",
        "link",
        "linkat",
        "lsetxattr",
        "lstat",
        "lstat64",
        "mkdir",
        "mkdirat",
        "mknod",
        "mknodat",
        "newfstatat",
        "open",
        "openat",
        "openat2",
        "readlink",
        "readlinkat",
        "removexattr",
        "rename",
        "renameat",
        "renameat2",
        "rmdir",
        "setxattr",
        "stat",
        "stat64",
        "statfs",
        "statfs64",
        "statx",
        "symlink",
        "symlinkat",
        "umask",
        "unlink",
        "unlinkat",
        "utimensat",
        "utimensat_time64",
};

static int add_all(scmp_filter_ctx filter)
{
        for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
                int r, number = seccomp_syscall_resolve_name(allowed[i]);

                if (number == __NR_SCMP_ERROR)
                        continue;
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
                if (r < 0 && r != -EDOM)
                        return r;
        }
        return 0;
}

int syscall_filter_enter(void)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
        int r;

        if (!filter)
                return -ENOMEM;
        r = add_all(filter);
        /* A binary tree: the parser makes a few calls for each file. */
        if (r >= 0)
                r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        if (r >= 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        return r;
}
