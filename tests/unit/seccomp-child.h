/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A system call, made in a child of its own, with a seccomp filter or without. */

#include <errno.h>
#include <glib.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Call {
        long number;
        long arguments[5];
} Call;

typedef struct Outcome {
        long result; /* what the call returned, or the negative errno */
        int status;  /* of the child */
} Outcome;

/* The way to make a call that is usual here. */
static inline long seccomp_child_call(const Call *call)
{
        const long *a = call->arguments;
        long result = syscall(call->number, a[0], a[1], a[2], a[3], a[4], 0L);

        return result < 0 ? -errno : result;
}

static inline void seccomp_child_install(GBytes *bpf)
{
        struct sock_fprog program;
        size_t size;

        program.filter = (struct sock_filter *) g_bytes_get_data(bpf, &size);
        program.len = (unsigned short) (size / sizeof(struct sock_filter));
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
                _exit(2);
}

/* Makes the call in a child. bpf: NULL for no filter. */
static inline Outcome seccomp_child_run(GBytes *bpf, long (*make)(const Call *), const Call *call)
{
        Outcome outcome = {};
        long *shared;
        pid_t pid;

        /* cppcheck-suppress invalidFunctionArg ; -1 is what mmap(2) wants of an anonymous mapping */
        shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        g_assert_true(shared != MAP_FAILED);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                (void) signal(SIGSEGV, SIG_DFL);
                if (bpf)
                        seccomp_child_install(bpf);
                *shared = make(call);
                _exit(0);
        }
        g_assert_cmpint(waitpid(pid, &outcome.status, 0), ==, pid);
        outcome.result = *shared;
        g_assert_cmpint(munmap(shared, sizeof(*shared)), ==, 0);
        return outcome;
}
