/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The terminal that gangwayctl itself runs on.
 */

#include <stdbool.h>
#include <stdint.h>

typedef struct TerminalSize {
        uint16_t rows;
        uint16_t columns;
} TerminalSize;

/* The size of the terminal on standard input, output or error, whichever is one first; else 24 by 80. */
TerminalSize terminal_size(void);

/* Puts the terminal on standard input into raw mode, where there is one. It is put back by terminal_restore(), and at
 * every exit(). Returns whether there is one, or a negative errno. */
int terminal_make_raw(void);

/* Undoes terminal_make_raw(). Any number of calls. */
void terminal_restore(void);

/* A descriptor of the same file as fd that does not block, where that can be had without a change to the file
 * description, which other programs share: a terminal or a FIFO is opened anew. Else a plain copy. With CLOEXEC. */
int terminal_open_again(int fd, int flags);
