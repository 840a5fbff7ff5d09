/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/config-field.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

G_STATIC_ASSERT(sizeof(unsigned) == sizeof(uint32_t));

int config_refuse(ConfigText *text, unsigned line, const char *format, ...)
{
        g_autofree char *sentence = NULL;
        va_list arguments;

        va_start(arguments, format);
        sentence = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        text->message = g_strdup_printf("%s:%u: %s", text->filename, line, sentence);
        return -EINVAL;
}

/* A number, where the field is a size with one letter behind it, by powers of 1024. */
static bool read_number(const ConfigField *field, const char *value, guint64 *ret)
{
        static const char letters[] = "KMGT";
        size_t length = strlen(value);
        const char *letter = field->size && length > 1 ? strchr(letters, value[length - 1]) : NULL;
        g_autofree char *digits = g_strndup(value, letter ? length - 1 : length);
        unsigned shift = letter ? 10 * (unsigned) (letter - letters + 1) : 0;
        guint64 number;

        if (!g_ascii_string_to_unsigned(digits, 10, 0, field->max >> shift, &number, NULL))
                return false;
        number <<= shift;
        if (number < field->min || number > field->max || number % field->multiple != 0)
                return false;
        *ret = number;
        return true;
}

static int take_number(ConfigText *text, unsigned line, const ConfigField *field, const char *value, Config *config)
{
        guint64 number;

        if (!read_number(field, value, &number)) {
                g_autofree char *of =
                        field->multiple > 1
                                ? g_strdup_printf("a multiple of %" G_GUINT64_FORMAT, field->multiple)
                                : g_strdup(field->size ? "a number of bytes, which may end with K, M, G or T,"
                                                       : "a whole number");

                return config_refuse(text, line,
                                     "[%s] %s=%s is not allowed; it has to be %s from %" G_GUINT64_FORMAT
                                     " to %" G_GUINT64_FORMAT ".",
                                     field->group, field->key, value, of, field->min, field->max);
        }
        if (field->size)
                G_STRUCT_MEMBER(uint64_t, config, field->offset) = number;
        else
                G_STRUCT_MEMBER(unsigned, config, field->offset) = (unsigned) number;
        return 0;
}

static int take_word(ConfigText *text, unsigned line, const ConfigField *field, const char *value, Config *config)
{
        g_autofree char *known = NULL;

        for (unsigned i = 0; field->words[i]; i++)
                if (strcmp(field->words[i], value) == 0) {
                        G_STRUCT_MEMBER(unsigned, config, field->offset) = i;
                        return 0;
                }
        known = g_strjoinv(" or ", (char **) field->words);
        return config_refuse(text, line, "[%s] %s=%s is not allowed; it has to be %s.", field->group, field->key, value,
                             known);
}

static bool are_absolute(const char *value, bool list)
{
        g_auto(GStrv) paths = g_strsplit(value, list ? ":" : "\n", -1);

        for (char **path = paths; *path; path++)
                if (**path != '/')
                        return false;
        return *paths != NULL;
}

static int take_path(ConfigText *text, unsigned line, const ConfigField *field, const char *value, Config *config)
{
        char **path = &G_STRUCT_MEMBER(char *, config, field->offset);

        if (!are_absolute(value, field->path_list))
                return config_refuse(
                        text, line, "[%s] %s=%s is not allowed; it has to be %s, as %s.", field->group, field->key,
                        value, field->path_list ? "absolute paths with ':' between them" : "an absolute path", *path);
        for (const char *c = value; *c; c++)
                if (g_ascii_iscntrl(*c)) {
                        g_autofree char *escaped = g_strescape(value, NULL);

                        return config_refuse(text, line, "[%s] %s=%s is not allowed; it holds a control character.",
                                             field->group, field->key, escaped);
                }
        g_free(*path);
        *path = g_strdup(value);
        return 0;
}

static int take_list(ConfigText *text, unsigned line, const ConfigField *field, const char *value, Config *config)
{
        char ***list = &G_STRUCT_MEMBER(char **, config, field->offset);
        g_auto(GStrv) words = g_strsplit_set(value, " \t", -1);
        g_autoptr(GPtrArray) taken = g_ptr_array_new_with_free_func(g_free);

        for (char **word = words; *word; word++) {
                char *normal = **word ? field->list->normalize(*word) : NULL;
                g_autofree char *escaped = g_strescape(*word, NULL);

                if (!**word)
                        continue;
                if (!normal)
                        return config_refuse(text, line,
                                             "[%s] %s= holds '%s', which is not allowed; it has to be a list of %s.",
                                             field->group, field->key, escaped, field->list->what);
                g_ptr_array_add(taken, normal);
        }
        if (taken->len > field->max)
                return config_refuse(text, line, "[%s] %s= holds %u words; it may be %" G_GUINT64_FORMAT " at most.",
                                     field->group, field->key, taken->len, field->max);
        g_ptr_array_add(taken, NULL);
        g_strfreev(*list);
        *list = (char **) g_ptr_array_free(g_steal_pointer(&taken), FALSE);
        return 0;
}

int config_field_take(ConfigText *text, unsigned line, const ConfigField *field, const char *value, Config *config)
{
        if (field->words)
                return take_word(text, line, field, value, config);
        if (field->list)
                return take_list(text, line, field, value, config);
        if (field->max > 0)
                return take_number(text, line, field, value, config);
        return take_path(text, line, field, value, config);
}
