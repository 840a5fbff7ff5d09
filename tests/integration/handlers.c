/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "handlers.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

#define FOLDER "/run/test-binfmt_misc"

/* As in qemu's scripts/qemu-binfmt-conf.sh: class, byte order and machine. */
static const struct {
        const char *architecture, *emulator, *class_and_order, *type_and_machine, *type_mask;
} kinds[] = {
        {"arm64", "aarch64", "\\x02\\x01", "\\x02\\x00\\xb7\\x00", "\\xfe\\xff\\xff\\xff"},
        {"riscv64", "riscv64", "\\x02\\x01", "\\x02\\x00\\xf3\\x00", "\\xfe\\xff\\xff\\xff"},
        {"s390x", "s390x", "\\x02\\x02", "\\x00\\x02\\x00\\x16", "\\xff\\xfe\\xff\\xff"},
        {"ppc64le", "ppc64le", "\\x02\\x01", "\\x02\\x00\\x15\\x00", "\\xfe\\xff\\xff\\x00"},
        {"loong64", "loongarch64", "\\x02\\x01", "\\x02\\x00\\x02\\x01", "\\xfe\\xff\\xff\\xff"},
        {"mips64le", "mips64el", "\\x02\\x01", "\\x02\\x00\\x08\\x00", "\\xfe\\xff\\xff\\xff"},
};

/* The number of this boot is in the names, so that boots side by side, and tools/boot at the end, know their own. */
static char *full_name(const char *name)
{
        return g_strdup_printf("gangway-test-%s-%s", g_getenv("GANGWAY_BOOT_ID") ?: "0", name);
}

static void write_file(const char *name, const char *text)
{
        g_autofree char *path = g_build_filename(FOLDER, name, NULL);
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, text, strlen(text)) != (gssize) strlen(text))
                g_error("%s: %s: %s", path, text, g_strerror(errno));
        close_fd(&fd);
}

static void remove_own(void)
{
        g_autofree char *prefix = full_name(""), *pattern = NULL;

        g_free(shell("for i in %s/'%s'*; do [ ! -e \"$i\" ] || echo -1 >\"$i\"; done", FOLDER, prefix));
}

void handlers_begin(void)
{
        g_free(shell("mkdir -p %s && { mountpoint -q %s || mount -t binfmt_misc binfmt_misc %s; }", FOLDER, FOLDER,
                     FOLDER));
        remove_own();
}

void handlers_end(void)
{
        remove_own();
        g_free(shell("umount %s && rmdir %s", FOLDER, FOLDER));
}

void handler_add(const char *name, const char *architecture, const char *flags)
{
        size_t i = 0;

        while (strcmp(kinds[i].architecture, architecture) != 0) {
                i++;
                g_assert_cmpuint(i, <, G_N_ELEMENTS(kinds));
        }
        g_autofree char *full = full_name(name);
        g_autofree char *emulator = g_strdup_printf("/usr/bin/qemu-%s-static", kinds[i].emulator);
        g_autofree char *text = g_strdup_printf(
                ":%s:M::\\x7fELF%s\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00%s:"
                "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff%s:%s:%s",
                full, kinds[i].class_and_order, kinds[i].type_and_machine, kinds[i].type_mask,
                access(emulator, X_OK) == 0 ? emulator : "/bin/true", flags);

        write_file("register", text);
}

void handler_set(const char *name, const char *word)
{
        g_autofree char *full = full_name(name);

        write_file(full, word);
}

const char *handler_missing(const char *const *platforms)
{
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                g_autofree char *platform = g_strdup_printf("linux/%s", kinds[i].architecture);

                if (!g_strv_contains(platforms, platform))
                        return kinds[i].architecture;
        }
        g_error("this machine has a handler for every architecture that this test knows");
}
