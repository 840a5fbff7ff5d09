/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>

#include "util/error.h"
#include "util/platform.h"

static const OptionRow *find_row(const OptionRow *rows, const char *name)
{
        for (; rows->name; rows++)
                if (strcmp(rows->name, name) == 0)
                        return rows;
        return NULL;
}

static int decode_option(sd_bus_message *m, const char *what, const OptionRow *rows, GHashTable *seen, void *target,
                         sd_bus_error *error)
{
        const char *name, *type;
        const OptionRow *row;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        row = find_row(rows, name);
        if (!row)
                return error_invalid(error, "There is no %s '%.128s'", what, name);
        if (!g_hash_table_add(seen, (char *) row->name))
                return error_invalid(error, "The %s '%s' is given twice", what, name);
        r = sd_bus_message_peek_type(m, NULL, &type);
        if (r < 0)
                return r;
        if (strcmp(type, row->type) != 0)
                return error_invalid(error, "The %s '%s' is of the type '%s', not '%s'", what, name, row->type, type);

        r = sd_bus_message_enter_container(m, 'v', type);
        if (r >= 0)
                r = row->read(m, target, error);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r;
}

int decode_options(sd_bus_message *m, const char *what, const OptionRow *rows, void *target, sd_bus_error *error)
{
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = decode_option(m, what, rows, seen, target, error);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int decode_string(sd_bus_message *m, char **target)
{
        const char *value;
        int r = sd_bus_message_read(m, "s", &value);

        if (r >= 0) {
                g_free(*target);
                *target = g_strdup(value);
        }
        return r;
}

int decode_bool(sd_bus_message *m, bool *target)
{
        int value, r = sd_bus_message_read(m, "b", &value);

        if (r >= 0)
                *target = value != 0;
        return r;
}

int decode_word(sd_bus_message *m, const char *what, int (*from_string)(const char *), const char *words,
                sd_bus_error *error)
{
        const char *word;
        int r;

        r = sd_bus_message_read(m, "s", &word);
        if (r < 0)
                return r;
        r = from_string(word);
        return r < 0 ? error_invalid(error, "'%.128s' is no %s; it is one of %s", word, what, words) : r;
}

int decode_platform(sd_bus_message *m, char **target, sd_bus_error *error)
{
        Platform platform;
        const char *text;
        int r;

        r = sd_bus_message_read(m, "s", &text);
        if (r >= 0)
                r = platform_parse(text, &platform, error);
        if (r < 0)
                return r;
        g_free(*target);
        *target = platform_to_text(&platform);
        return 0;
}

int decode_fd(sd_bus_message *m)
{
        int fd, r;

        r = sd_bus_message_read(m, "h", &fd);
        if (r < 0)
                return r;
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return fd < 0 ? -errno : fd;
}
