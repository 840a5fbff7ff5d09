/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/processor.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "model/tiny-elf.h"
#include "model/x86-level.h"
#include "util/cleanup.h"
#include "util/spawn.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

/* Since Linux 6.3, where vm.memfd_noexec may be set. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

struct ProcessorProbe {
        ReaperWatch *watch;
        ProcessorProbed done;
        void *userdata;
};

char *processor_get_machine(void)
{
        struct utsname name;

        (void) uname(&name);
        return g_strdup(name.machine);
}

unsigned processor_get_level(void)
{
#ifdef __x86_64__
        X86Features features = {};
        unsigned a, b, c, d;

        if (__get_cpuid(1, &a, &b, &c, &d))
                features.leaf1_ecx = c;
        if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
                features.leaf7_ebx = b;
        if (__get_cpuid(0x80000001, &a, &b, &c, &d))
                features.extended1_ecx = c;
        if (features.leaf1_ecx & bit_OSXSAVE) {
                __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
                features.xcr0 = a;
        }
        return x86_level(&features);
#else
        return 0;
#endif
}

/* The kernel runs no file that somebody has open for writing. Returns the fd. */
static int make_program(const char *architecture)
{
        unsigned char bytes[TINY_ELF_MAX];
        _cleanup_close_ int file = -1;
        char path[sizeof("/proc/self/fd/") + 12];
        size_t size = tiny_elf_make(architecture, bytes);
        int fd;

        if (size == 0)
                return -ENOTSUP;
        file = memfd_create("gangway-probe", MFD_CLOEXEC | MFD_EXEC);
        if (file < 0 && errno == EINVAL)
                file = memfd_create("gangway-probe", MFD_CLOEXEC);
        if (file < 0)
                return -errno;
        if (write(file, bytes, size) != (ssize_t) size)
                return -EIO;
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static void on_ended(const siginfo_t *info, void *userdata)
{
        ProcessorProbe *probe = userdata;

        probe->watch = reaper_watch_free(probe->watch);
        probe->done(info->si_code == CLD_EXITED && info->si_status == TINY_ELF_EXIT, probe->userdata);
}

int processor_probe(Reaper *reaper, const char *architecture, ProcessorProbed done, void *userdata,
                    ProcessorProbe **ret)
{
        _cleanup_close_ int program = make_program(architecture), null = open("/dev/null", O_RDWR | O_CLOEXEC);
        g_autofree ProcessorProbe *probe = g_new0(ProcessorProbe, 1);
        /* spawn() makes its control fd the child's 3. */
        const SpawnRequest request = {
                .path = "/proc/self/fd/3",
                .argv = (const char *const[]){"gangway-probe", NULL},
                .control = program,
                .null = null,
                .death_signal = SIGKILL,
        };
        pid_t pid;
        int pidfd, r;

        if (program < 0)
                return program;
        if (null < 0)
                return -errno;
        probe->done = done;
        probe->userdata = userdata;
        r = spawn(&request, &pid, &pidfd);
        if (r >= 0)
                r = reaper_watch(reaper, pid, pidfd, on_ended, probe, &probe->watch);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&probe);
        return 0;
}

ProcessorProbe *processor_probe_free(ProcessorProbe *probe)
{
        if (!probe)
                return NULL;
        reaper_watch_free(probe->watch);
        g_free(probe);
        return NULL;
}
