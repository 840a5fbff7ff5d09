/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Enum values and the words that the bus and the config use for them: one table a type, read in both directions.
 * DEFINE_WORD_TABLE(net_mode, NetMode, table) makes net_mode_to_string() and net_mode_from_string(), which answers
 * -EINVAL for a word that is not there.
 */

#include <errno.h>
#include <string.h>

#define DECLARE_WORD_TABLE(name, Type)                                                                                 \
        const char *name##_to_string(Type value);                                                                      \
        int name##_from_string(const char *word)

#define DEFINE_WORD_TABLE(name, Type, table)                                                                           \
        const char *name##_to_string(Type value)                                                                       \
        {                                                                                                              \
                return table[value];                                                                                   \
        }                                                                                                              \
        int name##_from_string(const char *word)                                                                       \
        {                                                                                                              \
                for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)                                          \
                        if (strcmp(table[i], word) == 0)                                                               \
                                return (int) i;                                                                        \
                return -EINVAL;                                                                                        \
        }
