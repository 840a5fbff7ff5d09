/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The rules are those of one line of CSV, so that what works with another container tool works here: a path may hold a
 * comma, when its field is quoted. Nothing is guessed: a quote in the middle of a field is a part of it.
 */

#include "config.h"

#include "ctl/field-list.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"

static void field_free(void *data)
{
        Field *field = data;

        g_free(field->key);
        g_free(field->value);
        g_free(field);
}

/* One field without its quotes, and *text past it. Returns NULL where the quotes don't end at a comma or the end. */
static char *take_field(const char **text)
{
        g_autoptr(GString) field = g_string_new(NULL);
        const char *p = *text;

        if (*p != '"')
                p = strchrnul(p, ',');
        else
                for (p++; *p != '"' || p[1] == '"'; p++) {
                        if (!*p)
                                return NULL;
                        if (*p == '"')
                                p++;
                        g_string_append_c(field, *p);
                }
        if (**text != '"')
                g_string_append_len(field, *text, p - *text);
        else if (*++p && *p != ',')
                return NULL;
        *text = p;
        return g_string_free(g_steal_pointer(&field), FALSE);
}

static int add_field(const char *option, GPtrArray *fields, const char *text, sd_bus_error *error)
{
        const char *equals = strchrnul(text, '=');
        Field *field;

        if (equals == text)
                return error_invalid(error, _("%s: '%s' is no KEY=VALUE"), option, text);
        field = g_new(Field, 1);
        *field = (Field){.key = g_strndup(text, (gsize) (equals - text)),
                         .value = *equals ? g_strdup(equals + 1) : NULL};
        for (guint i = 0; i < fields->len; i++)
                if (strcmp(((const Field *) fields->pdata[i])->key, field->key) == 0) {
                        field_free(field);
                        return error_invalid(error, _("%s: the key %s is given twice"), option,
                                             ((const Field *) fields->pdata[i])->key);
                }
        g_ptr_array_add(fields, field);
        return 0;
}

int field_list_parse(const char *option, const char *text, GPtrArray **ret, sd_bus_error *error)
{
        g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(field_free);
        const char *rest = text;
        int r;

        for (;;) {
                g_autofree char *field = take_field(&rest);

                if (!field)
                        return error_invalid(error, _("%s: the quotes in '%s' do not end with a field"), option, text);
                r = add_field(option, fields, field, error);
                if (r < 0)
                        return r;
                if (!*rest)
                        break;
                rest++;
        }
        *ret = g_steal_pointer(&fields);
        return 0;
}

int field_number(const char *option, const Field *field, unsigned base, uint64_t max, uint64_t *ret,
                 sd_bus_error *error)
{
        guint64 number;

        if (!field->value || !g_ascii_string_to_unsigned(field->value, base, 0, max, &number, NULL))
                return error_invalid(error,
                                     base == 8 ? _("%s: %s takes an octal number such as 0400, not '%s'")
                                               : _("%s: %s takes a number, not '%s'"),
                                     option, field->key, field->value ?: "");
        *ret = number;
        return 0;
}

int field_bool(const char *option, const Field *field, bool *ret, sd_bus_error *error)
{
        if (!field->value || strcmp(field->value, "true") == 0 || strcmp(field->value, "1") == 0)
                *ret = true;
        else if (strcmp(field->value, "false") == 0 || strcmp(field->value, "0") == 0)
                *ret = false;
        else
                return error_invalid(error, _("%s: %s takes true or false, not '%s'"), option, field->key,
                                     field->value);
        return 0;
}
