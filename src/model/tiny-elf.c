/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/tiny-elf.h"

#include <elf.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>

/* Where the file is mapped, whole. */
#define ADDRESS 0x00100000U

/* exit(42) as system calls, and nothing else. */
static const struct {
        const char *architecture;
        uint16_t machine;
        uint32_t flags;
        unsigned char code[12];
} programs[] = {
        {"386",
         EM_386,
         0,
         {
                 0xbb, TINY_ELF_EXIT, 0, 0, 0, /* mov $42, %ebx */
                 0xb8, 1, 0, 0, 0,             /* mov $1, %eax: exit */
                 0xcd, 0x80,                   /* int $0x80 */
         }},
        {"arm",
         EM_ARM,
         EF_ARM_EABI_VER5,
         {
                 TINY_ELF_EXIT, 0, 0xa0, 0xe3, /* mov r0, #42 */
                 1, 0x70, 0xa0, 0xe3,          /* mov r7, #1: exit */
                 0, 0, 0, 0xef,                /* svc #0 */
         }},
};

typedef struct TinyElf {
        Elf32_Ehdr header;
        Elf32_Phdr segment;
        unsigned char code[12];
} TinyElf;

G_STATIC_ASSERT(sizeof(TinyElf) <= TINY_ELF_MAX);

size_t tiny_elf_make(const char *architecture, unsigned char bytes[static TINY_ELF_MAX])
{
        for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
                TinyElf elf = {
                        .header =
                                {
                                        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
                                                    EV_CURRENT},
                                        .e_type = GUINT16_TO_LE(ET_EXEC),
                                        .e_machine = GUINT16_TO_LE(programs[i].machine),
                                        .e_version = GUINT32_TO_LE(EV_CURRENT),
                                        .e_entry = GUINT32_TO_LE(ADDRESS + offsetof(TinyElf, code)),
                                        .e_phoff = GUINT32_TO_LE(offsetof(TinyElf, segment)),
                                        .e_flags = GUINT32_TO_LE(programs[i].flags),
                                        .e_ehsize = GUINT16_TO_LE(sizeof(Elf32_Ehdr)),
                                        .e_phentsize = GUINT16_TO_LE(sizeof(Elf32_Phdr)),
                                        .e_phnum = GUINT16_TO_LE(1),
                                },
                        .segment =
                                {
                                        .p_type = GUINT32_TO_LE(PT_LOAD),
                                        .p_vaddr = GUINT32_TO_LE(ADDRESS),
                                        .p_paddr = GUINT32_TO_LE(ADDRESS),
                                        .p_filesz = GUINT32_TO_LE(sizeof(TinyElf)),
                                        .p_memsz = GUINT32_TO_LE(sizeof(TinyElf)),
                                        .p_flags = GUINT32_TO_LE(PF_R | PF_X),
                                        .p_align = GUINT32_TO_LE(0x1000),
                                },
                };

                if (strcmp(programs[i].architecture, architecture) != 0)
                        continue;
                memcpy(elf.code, programs[i].code, sizeof(elf.code));
                memcpy(bytes, &elf, sizeof(elf));
                return sizeof(elf);
        }
        return 0;
}
