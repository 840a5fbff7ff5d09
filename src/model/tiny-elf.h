/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* The exit code of the program below: one that nothing else ends with by accident. */
#define TINY_ELF_EXIT 42
#define TINY_ELF_MAX  128U

/* Makes a 32-bit program that ends at once with TINY_ELF_EXIT, to see whether the kernel runs such: for the
 * architecture "386" or "arm" (v5 and greater). Returns its size, or 0 for another architecture. */
size_t tiny_elf_make(const char *architecture, unsigned char bytes[static TINY_ELF_MAX]);
