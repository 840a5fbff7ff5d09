/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A handler compares the first bytes of a file, less those that its mask leaves out. So it stands for an architecture
 * where it takes that one's programs, executables of a fixed address and those of any address, with the rest of their
 * header as it usually is, and takes no other's. What exactly it compares is not asked: handlers that are in use leave
 * out this or that (that of ppc64le half of the machine's number).
 */

#include "model/binfmt-entry.h"

#include <elf.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

/* As many as the kernel looks at: BINPRM_BUF_SIZE is 256 since Linux 5.1. */
#define MAGIC_MAX 256U

/* Offsets in a header, the same for both classes. */
#define TYPE_AT    16U
#define MACHINE_AT 18U
#define VERSION_AT 20U
#define HEADER_END 24U

typedef struct Machine {
        const char *architecture;
        unsigned number;
        unsigned char class, order;
} Machine;

static const Machine machines[] = {
        {"386", EM_386, ELFCLASS32, ELFDATA2LSB},
        {"amd64", EM_X86_64, ELFCLASS64, ELFDATA2LSB},
        {"arm", EM_ARM, ELFCLASS32, ELFDATA2LSB},
        {"arm64", EM_AARCH64, ELFCLASS64, ELFDATA2LSB},
        {"loong64", 258 /* EM_LOONGARCH */, ELFCLASS64, ELFDATA2LSB},
        {"mips", EM_MIPS, ELFCLASS32, ELFDATA2MSB},
        {"mips64", EM_MIPS, ELFCLASS64, ELFDATA2MSB},
        {"mips64le", EM_MIPS, ELFCLASS64, ELFDATA2LSB},
        {"mipsle", EM_MIPS, ELFCLASS32, ELFDATA2LSB},
        {"ppc64", EM_PPC64, ELFCLASS64, ELFDATA2MSB},
        {"ppc64le", EM_PPC64, ELFCLASS64, ELFDATA2LSB},
        {"riscv64", EM_RISCV, ELFCLASS64, ELFDATA2LSB},
        {"s390x", EM_S390, ELFCLASS64, ELFDATA2MSB},
        {"sparc64", EM_SPARCV9, ELFCLASS64, ELFDATA2MSB},
};

static void put_half(unsigned char *at, unsigned value, unsigned char order)
{
        at[order == ELFDATA2LSB ? 0 : 1] = (unsigned char) (value & 0xff);
        at[order == ELFDATA2LSB ? 1 : 0] = (unsigned char) (value >> 8);
}

static bool is_taken(const unsigned char *magic, const unsigned char *mask, size_t n, const unsigned char *header)
{
        for (size_t i = 0; i < n; i++)
                if ((header[i] ^ magic[i]) & mask[i])
                        return false;
        return true;
}

/* A handler that looks further than here must not ask for anything there. So the one of MIPS' ABI n32, which differs by
 * a flag, is not taken for that of o32. */
static bool takes_all(const unsigned char *magic, const unsigned char *mask, size_t n, const Machine *machine)
{
        unsigned char header[MAGIC_MAX] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3};

        header[EI_CLASS] = machine->class;
        header[EI_DATA] = machine->order;
        header[EI_VERSION] = EV_CURRENT;
        put_half(header + MACHINE_AT, machine->number, machine->order);
        header[machine->order == ELFDATA2LSB ? VERSION_AT : HEADER_END - 1] = EV_CURRENT;
        put_half(header + TYPE_AT, ET_EXEC, machine->order);
        if (!is_taken(magic, mask, n, header))
                return false;
        put_half(header + TYPE_AT, ET_DYN, machine->order);
        return is_taken(magic, mask, n, header);
}

int binfmt_magic_to_platform(const unsigned char *magic, const unsigned char *mask, size_t n, Platform *ret)
{
        const Machine *found = NULL;

        if (n < VERSION_AT || n > MAGIC_MAX)
                return 0;
        for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
                if (!takes_all(magic, mask, n, &machines[i]))
                        continue;
                if (found)
                        return 0;
                found = &machines[i];
        }
        /* There are more machines than those that images have a name for. */
        if (!found || mask[found->order == ELFDATA2LSB ? MACHINE_AT : MACHINE_AT + 1] != 0xff)
                return 0;
        platform_set(ret, "linux", found->architecture, NULL);
        return 1;
}

/* Returns the number of bytes, or -EBADMSG. */
static int read_bytes(const char *digits, unsigned char bytes[static MAGIC_MAX])
{
        size_t n = strlen(digits);

        if (n == 0 || n % 2 != 0 || n / 2 > MAGIC_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++)
                if (!g_ascii_isxdigit(digits[i]))
                        return -EBADMSG;
        for (size_t i = 0; i < n / 2; i++)
                bytes[i] = (unsigned char) (g_ascii_xdigit_value(digits[2 * i]) << 4 |
                                            g_ascii_xdigit_value(digits[2 * i + 1]));
        return (int) (n / 2);
}

/* The lines of a handler's file: a word, and what follows. */
typedef struct Lines {
        const char *flags, *offset, *magic, *mask, *extension;
} Lines;

static int read_lines(char **lines, Lines *ret)
{
        const struct {
                const char *word;
                const char **value;
        } words[] = {
                {"flags:", &ret->flags}, {"offset", &ret->offset},       {"magic", &ret->magic},
                {"mask", &ret->mask},    {"extension", &ret->extension}, {"interpreter", NULL},
        };

        for (; *lines && **lines; lines++) {
                size_t i = 0, length = strcspn(*lines, " ");

                while (i < G_N_ELEMENTS(words) &&
                       (strlen(words[i].word) != length || strncmp(words[i].word, *lines, length) != 0))
                        i++;
                /* What a later kernel may add to it says nothing of these. */
                if (i == G_N_ELEMENTS(words) || !words[i].value)
                        continue;
                if (*words[i].value)
                        return -EBADMSG;
                *words[i].value = *lines + length + ((*lines)[length] == ' ');
        }
        return 0;
}

static int parse_magic(const Lines *lines, Platform *ret)
{
        unsigned char magic[MAGIC_MAX], mask[MAGIC_MAX];
        int n = read_bytes(lines->magic, magic);

        if (n < 0)
                return n;
        memset(mask, 0xff, sizeof(mask));
        if (lines->mask && read_bytes(lines->mask, mask) != n)
                return -EBADMSG;
        if (!strchr(lines->flags, 'F') || strcmp(lines->offset, "0") != 0)
                return 0;
        return binfmt_magic_to_platform(magic, mask, (size_t) n, ret);
}

int binfmt_entry_parse(const char *text, Platform *ret)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        Platform platform;
        Lines found = {};
        bool enabled;
        int r;

        if (!lines[0] || (strcmp(lines[0], "enabled") != 0 && strcmp(lines[0], "disabled") != 0))
                return -EBADMSG;
        enabled = *lines[0] == 'e';
        r = read_lines(lines + 1, &found);
        if (r < 0)
                return r;
        if (!found.flags || !found.extension == !found.magic)
                return -EBADMSG;
        if (found.extension)
                return 0;
        if (!found.offset)
                return -EBADMSG;
        r = parse_magic(&found, &platform);
        if (r <= 0 || !enabled)
                return r < 0 ? r : 0;
        *ret = platform;
        return 1;
}

bool binfmt_status_is_enabled(const char *text)
{
        return strcmp(text, "enabled\n") == 0 || strcmp(text, "enabled") == 0;
}
