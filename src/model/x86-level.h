/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* What an x86-64 processor and its kernel say of themselves: registers of the instruction cpuid, and XCR0. */
typedef struct X86Features {
        uint32_t leaf1_ecx;
        uint32_t leaf7_ebx;
        uint32_t extended1_ecx;
        uint32_t xcr0; /* which registers the kernel saves; 0 where it can't be asked */
} X86Features;

/* The level of the x86-64 psABI ("Micro-Architecture Levels"), 1 to 4, which is the variant of amd64 in OCI. */
unsigned x86_level(const X86Features *features);
