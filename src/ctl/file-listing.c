/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The columns that everybody knows from ls(1).
 */

#include "config.h"

#include "ctl/file-listing.h"

#include <string.h>
#include <sys/stat.h>

static char type_letter(const char *type)
{
        static const struct {
                const char *type;
                char letter;
        } letters[] = {
                {"file", '-'},   {"directory", 'd'}, {"symlink", 'l'}, {"fifo", 'p'},
                {"socket", 's'}, {"character", 'c'}, {"block", 'b'},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(letters); i++)
                if (strcmp(letters[i].type, type) == 0)
                        return letters[i].letter;
        return '?';
}

/* An x that stands for two bits: for execution, and for one of set-id and sticky. */
static char execute_letter(bool execute, bool special, char letter)
{
        if (special)
                return execute ? letter : g_ascii_toupper(letter);
        return execute ? 'x' : '-';
}

char *listing_mode(const char *type, uint32_t mode)
{
        char text[] = "?rwxrwxrwx";

        text[0] = type_letter(type);
        for (unsigned i = 0; i < 9; i++)
                if (!(mode & (0400U >> i)))
                        text[i + 1] = '-';
        text[3] = execute_letter(mode & S_IXUSR, mode & S_ISUID, 's');
        text[6] = execute_letter(mode & S_IXGRP, mode & S_ISGID, 's');
        text[9] = execute_letter(mode & S_IXOTH, mode & S_ISVTX, 't');
        return g_strdup(text);
}

char *listing_name(const char *text)
{
        GString *shown = g_string_new(NULL);

        while (*text) {
                gunichar character = g_utf8_get_char_validated(text, -1);
                bool valid = character < (gunichar) -2;
                const char *next = valid ? g_utf8_next_char(text) : text + 1;

                if (valid && !g_unichar_iscntrl(character) && g_unichar_type(character) != G_UNICODE_FORMAT)
                        g_string_append_unichar(shown, character);
                else
                        for (const char *byte = text; byte < next; byte++)
                                g_string_append_printf(shown, "\\%03o", (unsigned char) *byte);
                text = next;
        }
        return g_string_free(shown, FALSE);
}
