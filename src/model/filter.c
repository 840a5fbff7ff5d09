/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The grammar is that of containerd's parser, with its corners:
 *
 * * space is nothing at the beginning of a part of a path, of an operator and of a value, and an error elsewhere;
 * * a value without quotes goes on to a space or comma, whatever is in it, but begins with none of , . = ! ~ " / |;
 * * between quotes are the escapes of Go's strings; / and | are quotes, too, but only around regular expressions, and
 *   the escapes are replaced there as well: /\\d/ has the regular expression \d.
 */

#include "model/filter.h"

#include <stdarg.h>
#include <string.h>

#include "model/pattern.h"
#include "util/error.h"

typedef enum Comparison {
        COMPARISON_PRESENT,
        COMPARISON_EQUAL,
        COMPARISON_NOT_EQUAL,
        COMPARISON_MATCHES,
} Comparison;

typedef struct Selector {
        GStrv path;
        Comparison comparison;
        char *value;
        Pattern *pattern; /* where it is to match */
} Selector;

struct Filter {
        char *text;
        GPtrArray *selectors; /* Selector */
};

typedef struct Parser {
        const char *text;
        const char *at;
        unsigned steps_left;
        sd_bus_error *error;
} Parser;

static void free_selector(gpointer data)
{
        Selector *selector = data;

        g_strfreev(selector->path);
        g_free(selector->value);
        pattern_free(selector->pattern);
        g_free(selector);
}

static int __attribute__((format(printf, 3, 4))) refuse(const Parser *parser, const char *at, const char *format, ...)
{
        g_autofree char *what = NULL;
        va_list arguments;

        va_start(arguments, format);
        what = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        return error_invalid(parser->error, "The constraint '%s' is wrong at position %ld: %s", parser->text,
                             g_utf8_pointer_to_offset(parser->text, at) + 1, what);
}

static void skip_space(Parser *parser)
{
        while (g_unichar_isspace(g_utf8_get_char(parser->at)))
                parser->at = g_utf8_next_char(parser->at);
}

/* The number of an escape: so many digits. Returns 0, which none may have, where there are other characters. */
static gunichar read_digits(Parser *parser, unsigned n, unsigned base)
{
        gunichar number = 0;

        for (; n > 0; n--, parser->at++) {
                int digit = g_ascii_xdigit_value(*parser->at);

                if (digit < 0 || (unsigned) digit >= base)
                        return 0;
                number = number * base + (unsigned) digit;
        }
        return number;
}

/* What stands behind a \, which may be a byte of a character. */
static int unescape(Parser *parser, char quote, GString *target)
{
        static const char letters[] = "abfnrtv", meanings[] = "\a\b\f\n\r\t\v";
        const char *start = parser->at - 1, *letter = *parser->at ? strchr(letters, *parser->at) : NULL;
        gunichar c = 0;

        if (letter || *parser->at == '\\' || *parser->at == quote) {
                g_string_append_c(target, letter ? meanings[letter - letters] : *parser->at);
                parser->at++;
                return 0;
        }
        if (*parser->at == 'u' || *parser->at == 'U') {
                parser->at++;
                c = read_digits(parser, parser->at[-1] == 'u' ? 4 : 8, 16);
                if (c == 0 || !g_unichar_validate(c))
                        return refuse(parser, start, "this is no number of a character");
                g_string_append_unichar(target, c);
                return 0;
        }
        if (*parser->at == 'x') {
                parser->at++;
                c = read_digits(parser, 2, 16);
        } else if (*parser->at >= '0' && *parser->at <= '7') {
                c = read_digits(parser, 3, 8);
        } else {
                return refuse(parser, start, "there is no such escape between quotes; a \\ itself is \\\\");
        }
        if (c == 0 || c > 255)
                return refuse(parser, start, "this is no number of a byte");
        g_string_append_c(target, (char) c);
        return 0;
}

static int read_quoted(Parser *parser, char **ret)
{
        g_autoptr(GString) target = g_string_new(NULL);
        const char *start = parser->at;
        char quote = *parser->at++;
        int r;

        while (*parser->at != quote) {
                if (!*parser->at || *parser->at == '\n')
                        return refuse(parser, start, "there is no second %c", quote);
                if (*parser->at != '\\') {
                        g_string_append_c(target, *parser->at++);
                        continue;
                }
                parser->at++;
                r = unescape(parser, quote, target);
                if (r < 0)
                        return r;
        }
        parser->at++;
        *ret = g_string_free(g_steal_pointer(&target), FALSE);
        return 0;
}

static int read_part(Parser *parser, char **ret)
{
        const char *start;

        skip_space(parser);
        if (*parser->at == '"')
                return read_quoted(parser, ret);
        start = parser->at;
        while (g_ascii_isalnum(*parser->at) || *parser->at == '-' || *parser->at == '_')
                parser->at++;
        if (parser->at == start)
                return refuse(parser, start,
                              "a field's name is of letters, digits, - and _, or stands in double quotes");
        *ret = g_strndup(start, (gsize) (parser->at - start));
        return 0;
}

static int read_path(Parser *parser, GStrv *ret)
{
        g_autoptr(GStrvBuilder) parts = g_strv_builder_new();

        for (;;) {
                g_autofree char *part = NULL;
                int r = read_part(parser, &part);

                if (r < 0)
                        return r;
                g_strv_builder_add(parts, part);
                if (*parser->at != '.')
                        break;
                parser->at++;
        }
        *ret = g_strv_builder_end(parts);
        return 0;
}

static int read_comparison(Parser *parser, Comparison *ret)
{
        static const struct {
                const char *text;
                Comparison comparison;
        } comparisons[] = {{"==", COMPARISON_EQUAL}, {"!=", COMPARISON_NOT_EQUAL}, {"~=", COMPARISON_MATCHES}};
        size_t length;

        skip_space(parser);
        length = strspn(parser->at, "=!~");
        for (size_t i = 0; i < G_N_ELEMENTS(comparisons); i++)
                if (length == 2 && strncmp(parser->at, comparisons[i].text, 2) == 0) {
                        parser->at += 2;
                        *ret = comparisons[i].comparison;
                        return 0;
                }
        return refuse(parser, parser->at, "here has to be ==, != or ~=, or a comma, or the end");
}

static int read_value(Parser *parser, Comparison comparison, char **ret)
{
        const char *start;

        skip_space(parser);
        start = parser->at;
        if (*start == '"' || (comparison == COMPARISON_MATCHES && (*start == '/' || *start == '|')))
                return read_quoted(parser, ret);
        if (*start == '/' || *start == '|')
                return refuse(parser, start, "a value that begins with %c has to stand in double quotes", *start);
        if (!*start || strchr(",.=!~", *start))
                return refuse(parser, start, "a value has to be here; an empty one is \"\"");
        while (*parser->at != ',' && g_unichar_isgraph(g_utf8_get_char(parser->at)))
                parser->at = g_utf8_next_char(parser->at);
        if (parser->at == start)
                return refuse(parser, start, "a character that can't be seen has to stand in double quotes");
        *ret = g_strndup(start, (gsize) (parser->at - start));
        return 0;
}

static int compile(Parser *parser, const char *at, Selector *selector)
{
        g_autofree char *reason = NULL;

        if (pattern_compile(selector->value, parser->steps_left, &selector->pattern, &reason) < 0)
                return refuse(parser, at, "the regular expression %s", reason);
        parser->steps_left -= pattern_get_steps(selector->pattern);
        return 0;
}

static int read_selector(Parser *parser, Selector *selector)
{
        const char *value;
        int r;

        r = read_path(parser, &selector->path);
        if (r < 0 || *parser->at == ',' || !*parser->at)
                return r;
        r = read_comparison(parser, &selector->comparison);
        if (r < 0)
                return r;
        value = parser->at;
        r = read_value(parser, selector->comparison, &selector->value);
        if (r >= 0 && selector->comparison == COMPARISON_MATCHES)
                r = compile(parser, value, selector);
        if (r < 0)
                return r;
        if (*parser->at && *parser->at != ',')
                return refuse(parser, parser->at, "behind a value there can only be a comma, or the end");
        return 0;
}

static int read_selectors(Parser *parser, GPtrArray *selectors)
{
        for (;;) {
                Selector *selector = g_new0(Selector, 1);
                int r;

                g_ptr_array_add(selectors, selector);
                r = read_selector(parser, selector);
                if (r < 0 || !*parser->at)
                        return r;
                parser->at++;
        }
}

int filter_parse(const char *text, Filter **ret, sd_bus_error *error)
{
        g_autoptr(Filter) filter = NULL;
        Parser parser = {.text = text, .at = text, .steps_left = FILTER_STEPS_MAX, .error = error};
        int r;

        if (strlen(text) > FILTER_LENGTH_MAX)
                return error_invalid(error, "The constraint '%.64s…' has %zu bytes, the limit is %u", text,
                                     strlen(text), FILTER_LENGTH_MAX);
        if (!g_utf8_validate(text, -1, NULL))
                return error_invalid(error, "The constraint '%s' is no UTF-8", text);
        filter = g_new0(Filter, 1);
        filter->text = g_strdup(text);
        filter->selectors = g_ptr_array_new_with_free_func(free_selector);
        r = *text ? read_selectors(&parser, filter->selectors) : 0;
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&filter);
        return 0;
}

static bool meets(const Selector *selector, const char *value)
{
        switch (selector->comparison) {
        case COMPARISON_MATCHES:
                return pattern_matches(selector->pattern, value);
        case COMPARISON_PRESENT:
                return true;
        default:
                return strcmp(value, selector->value) == 0;
        }
}

static bool is_met(const Selector *selector, const char *const *values)
{
        bool met = false;

        for (size_t i = 0; values[i] && !met; i++)
                met = meets(selector, values[i]);
        return met != (selector->comparison == COMPARISON_NOT_EQUAL);
}

bool filter_matches(const Filter *filter, FilterLookup lookup, const void *userdata)
{
        static const char *const nothing[] = {NULL}, *const empty[] = {"", NULL};

        for (guint i = 0; i < filter->selectors->len; i++) {
                const Selector *selector = filter->selectors->pdata[i];
                g_auto(GStrv) values = lookup((const char *const *) selector->path, userdata);
                bool needs_it = selector->comparison == COMPARISON_PRESENT || selector->comparison == COMPARISON_EQUAL;

                if (!is_met(selector, values ? (const char *const *) values : needs_it ? nothing : empty))
                        return false;
        }
        return true;
}

const char *filter_get_text(const Filter *filter)
{
        return filter->text;
}

Filter *filter_free(Filter *filter)
{
        if (!filter)
                return NULL;
        g_free(filter->text);
        g_ptr_array_unref(filter->selectors);
        g_free(filter);
        return NULL;
}
