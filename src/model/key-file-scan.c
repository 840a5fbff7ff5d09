/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/key-file-scan.h"

#include <glib.h>
#include <string.h>

/* The rules are those of the Desktop Entry Specification as GKeyFile reads it: space before a line and around a key is
 * nothing, '#' opens a comment only as a line's first character. */
static void classify(KeyFileScan *scan)
{
        size_t length = strlen(scan->content);
        const char *equals;

        if (length == 0 || scan->content[0] == '#') {
                scan->kind = KEY_FILE_LINE_EMPTY;
                return;
        }

        if (scan->content[0] == '[' && length > 2 && scan->content[length - 1] == ']') {
                scan->kind = KEY_FILE_LINE_GROUP;
                g_free(scan->group);
                scan->group = g_strndup(scan->content + 1, length - 2);
                return;
        }

        equals = strchr(scan->content, '=');
        if (scan->content[0] == '[' || !equals || equals == scan->content) {
                scan->kind = KEY_FILE_LINE_BROKEN;
                return;
        }
        scan->kind = KEY_FILE_LINE_KEY;
        scan->key = g_strchomp(g_strndup(scan->content, (size_t) (equals - scan->content)));
}

int key_file_scan_next(KeyFileScan *scan)
{
        const char *start = scan->text + scan->offset, *end;
        size_t length;

        g_clear_pointer(&scan->key, g_free);
        g_clear_pointer(&scan->content, g_free);
        if (scan->offset >= scan->size)
                return 0;

        end = memchr(start, '\n', scan->size - scan->offset);
        length = end ? (size_t) (end - start) : scan->size - scan->offset;
        scan->offset += length + 1;
        scan->line++;
        scan->content = g_strstrip(g_strndup(start, length));
        classify(scan);
        return 1;
}

void key_file_scan_done(KeyFileScan *scan)
{
        g_clear_pointer(&scan->group, g_free);
        g_clear_pointer(&scan->key, g_free);
        g_clear_pointer(&scan->content, g_free);
}

unsigned key_file_find_line(const char *text, size_t size, const char *group, const char *key)
{
        KeyFileScan scan = {.text = text, .size = size};
        unsigned line = 0;

        while (line == 0 && key_file_scan_next(&scan) > 0)
                if (scan.kind == KEY_FILE_LINE_KEY && g_strcmp0(scan.group, group) == 0 && strcmp(scan.key, key) == 0)
                        line = scan.line;
        key_file_scan_done(&scan);
        return line;
}
