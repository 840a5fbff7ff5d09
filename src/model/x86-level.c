/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/x86-level.h"

#include <glib.h>

#define BIT(n) (UINT32_C(1) << (n))

/* What a level has beyond the one below it; level 1 is every x86-64 processor. */
static const X86Features levels[] = {
        {
                /* SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; LAHF/SAHF */
                .leaf1_ecx = BIT(0) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(23),
                .extended1_ecx = BIT(0),
        },
        {
                /* FMA, MOVBE, OSXSAVE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT; the registers xmm and ymm */
                .leaf1_ecx = BIT(12) | BIT(22) | BIT(27) | BIT(28) | BIT(29),
                .leaf7_ebx = BIT(3) | BIT(5) | BIT(8),
                .extended1_ecx = BIT(5),
                .xcr0 = BIT(1) | BIT(2),
        },
        {
                /* AVX512F, AVX512DQ, AVX512CD, AVX512BW, AVX512VL; the registers zmm and k */
                .leaf7_ebx = BIT(16) | BIT(17) | BIT(28) | BIT(30) | BIT(31),
                .xcr0 = BIT(5) | BIT(6) | BIT(7),
        },
};

static int has(uint32_t there, uint32_t wanted)
{
        return (there & wanted) == wanted;
}

unsigned x86_level(const X86Features *features)
{
        unsigned level = 1;

        for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
                if (!has(features->leaf1_ecx, levels[i].leaf1_ecx) || !has(features->leaf7_ebx, levels[i].leaf7_ebx) ||
                    !has(features->extended1_ecx, levels[i].extended1_ecx) || !has(features->xcr0, levels[i].xcr0))
                        break;
                level++;
        }
        return level;
}
