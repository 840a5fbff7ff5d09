/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What this machine's processor runs: the tiny programs that find it out really run, natively or by an emulator. */

#include "backend/processor.h"

#include <errno.h>
#include <signal.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "model/tiny-elf.h"
#include "unit.h"

#define WAIT_USEC (20 * G_USEC_PER_SEC)

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
        g_error("nothing came for too long");
        return 0;
}

static void on_probed(bool runs, void *userdata)
{
        *(int *) userdata = runs;
}

static int probe(const char *architecture)
{
        sd_event *event = NULL;
        Reaper *reaper = NULL;
        ProcessorProbe *running = NULL;
        int result = -1, r;

        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(reaper_new(event, &reaper), ==, 0);
        g_assert_cmpint(sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, WAIT_USEC, 0, on_limit, NULL), >=, 0);
        r = processor_probe(reaper, architecture, on_probed, &result, &running);
        if (r < 0)
                result = r;
        while (result == -1)
                g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
        g_assert_null(processor_probe_free(running));
        reaper_free(reaper);
        sd_event_unref(event);
        return result;
}

static bool is_x86_64(void)
{
        struct utsname name;

        g_assert_cmpint(uname(&name), ==, 0);
        return g_str_equal(name.machine, "x86_64");
}

static void test_probe(void)
{
        g_autofree char *command_line = NULL;
        unsigned fds = count_fds();
        int runs = probe("386");

        g_assert_cmpint(runs, >=, 0);
        /* The kernel's own word, where it gives one. */
        if (is_x86_64() && g_file_test("/proc/sys/abi/vsyscall32", G_FILE_TEST_EXISTS) &&
            g_file_get_contents("/proc/cmdline", &command_line, NULL, NULL) && !strstr(command_line, "ia32_emulation"))
                g_assert_cmpint(runs, ==, 1);
        g_assert_cmpint(probe("arm"), >=, 0);
        g_assert_cmpint(probe("amd64"), ==, -ENOTSUP);
        g_assert_cmpuint(count_fds(), ==, fds);
        g_assert_null(processor_probe_free(NULL));
}

/* By an emulator, where there is one: the bytes are right on machines that this is not. */
static void try_emulated(const char *architecture, const char *emulator)
{
        g_autofree char *path = g_find_program_in_path(emulator), *folder = make_tree();
        g_autofree char *file = g_build_filename(folder, "program", NULL);
        const char *const argv[] = {path, file, NULL};
        g_autoptr(GError) error = NULL;
        unsigned char bytes[TINY_ELF_MAX];
        size_t size = tiny_elf_make(architecture, bytes);
        int status = 0;

        g_assert_cmpuint(size, >, 0);
        if (path) {
                g_assert_true(g_file_set_contents_full(file, (const char *) bytes, (gssize) size,
                                                       G_FILE_SET_CONTENTS_NONE, 0755, &error));
                g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status,
                                           &error));
                g_assert_no_error(error);
                g_assert_true(WIFEXITED(status));
                g_assert_cmpint(WEXITSTATUS(status), ==, TINY_ELF_EXIT);
        }
        remove_tree(&folder);
        folder = NULL;
}

static void test_programs(void)
{
        unsigned char bytes[TINY_ELF_MAX];

        g_assert_cmpuint(tiny_elf_make("riscv64", bytes), ==, 0);
        try_emulated("386", "qemu-i386-static");
        try_emulated("arm", "qemu-arm-static");
}

static void test_level(void)
{
        g_autofree char *machine = processor_get_machine();

        if (g_str_equal(machine, "x86_64"))
                g_assert_cmpuint(processor_get_level(), >=, 1);
        g_assert_cmpuint(processor_get_level(), <=, 4);
}

int main(int argc, char **argv)
{
        sigset_t child;

        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        g_assert_cmpint(sigprocmask(SIG_BLOCK, &child, NULL), ==, 0);
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/processor/probe", test_probe);
        g_test_add_func("/processor/programs", test_programs);
        g_test_add_func("/processor/level", test_level);
        return g_test_run();
}
