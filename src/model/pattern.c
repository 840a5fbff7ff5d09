/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * From an expression to steps: a function for each level of the grammar, each of which appends the steps of what it
 * read. pattern-match.c goes through them.
 */

#include <errno.h>
#include <string.h>

#include "model/pattern-private.h"

#define CHARACTER_MAX 0x10ffffU
#define COUNT_MAX     1000
#define UNBOUNDED     (-1)

typedef struct Compiler {
        Pattern *pattern;
        unsigned max_steps;
        const char *at;
        const char *reason;
        bool fold; /* the flag i, where we are */
} Compiler;

static bool parse_alternation(Compiler *compiler);

static bool refuse(Compiler *compiler, const char *reason)
{
        compiler->reason = reason;
        return false;
}

static guint length(const Compiler *compiler)
{
        return compiler->pattern->steps->len;
}

static bool insert(Compiler *compiler, guint where, StepKind kind, int a, int b)
{
        const Step step = {.kind = kind, .a = a, .b = b};

        if (length(compiler) >= compiler->max_steps)
                return refuse(compiler, "is too large");
        g_array_insert_val(compiler->pattern->steps, where, step);
        return true;
}

static bool append(Compiler *compiler, StepKind kind, int a, int b)
{
        return insert(compiler, length(compiler), kind, a, b);
}

static void free_set(gpointer data)
{
        Set *set = data;

        g_array_unref(set->ranges);
        g_free(set);
}

static Set *append_set(Compiler *compiler)
{
        Set *set;

        if (!append(compiler, STEP_SET, (int) compiler->pattern->sets->len, 0))
                return NULL;
        set = g_new0(Set, 1);
        set->fold = compiler->fold;
        set->ranges = g_array_new(FALSE, FALSE, sizeof(Range));
        g_ptr_array_add(compiler->pattern->sets, set);
        return set;
}

static void add_range(Set *set, gunichar first, gunichar last)
{
        const Range range = {first, last};

        g_array_append_val(set->ranges, range);
}

/* Adds \d, \s or \w, or with a capital letter all that is not in it. */
static void add_letter_set(Set *set, char letter)
{
        /* Pairs of a first and a last character. */
        const char *pairs = g_ascii_tolower(letter) == 'd'   ? "09"
                            : g_ascii_tolower(letter) == 's' ? "\t\n\f\r  "
                                                             : "09AZ__az";
        gunichar next = 0;

        for (; *pairs; pairs += 2) {
                gunichar first = (guchar) pairs[0], last = (guchar) pairs[1];

                if (g_ascii_islower(letter))
                        add_range(set, first, last);
                else
                        add_range(set, next, first - 1);
                next = last + 1;
        }
        if (g_ascii_isupper(letter))
                add_range(set, next, CHARACTER_MAX);
}

static bool append_character(Compiler *compiler, gunichar c)
{
        return compiler->fold ? append(compiler, STEP_FOLDED_CHARACTER, (int) g_unichar_tolower(c), 0)
                              : append(compiler, STEP_CHARACTER, (int) c, 0);
}

static gunichar read_character(Compiler *compiler)
{
        gunichar c = g_utf8_get_char(compiler->at);

        compiler->at = g_utf8_next_char(compiler->at);
        return c;
}

/* An escaped character: the \ is where we are. */
static bool read_escape(Compiler *compiler, gunichar *ret)
{
        static const char letters[] = "afnrtv", meanings[] = "\a\f\n\r\t\v";
        gunichar c;
        const char *letter;

        compiler->at++;
        if (!*compiler->at)
                return refuse(compiler, "ends with a \\");
        c = read_character(compiler);
        letter = c < 128 ? strchr(letters, (char) c) : NULL;
        if (!letter && (c >= 128 || g_ascii_isalnum((char) c)))
                return refuse(compiler, "has a \\ before a character that it can't stand before");
        *ret = letter ? (gunichar) meanings[letter - letters] : c;
        return true;
}

static bool is_letter_set(const char *at)
{
        return at[0] == '\\' && at[1] && strchr("dDsSwW", at[1]);
}

static bool read_set_character(Compiler *compiler, gunichar *ret)
{
        if (!*compiler->at)
                return refuse(compiler, "has a [ without its ]");
        if (*compiler->at == '\\')
                return read_escape(compiler, ret);
        *ret = read_character(compiler);
        return true;
}

static bool parse_set_range(Compiler *compiler, Set *set)
{
        gunichar first, last;

        if (!read_set_character(compiler, &first))
                return false;
        last = first;
        if (compiler->at[0] == '-' && compiler->at[1] != ']') {
                compiler->at++;
                if (!read_set_character(compiler, &last))
                        return false;
        }
        if (last < first)
                return refuse(compiler, "has a range whose end is before its start");
        add_range(set, first, last);
        return true;
}

static bool parse_set(Compiler *compiler)
{
        Set *set = append_set(compiler);
        bool first = true;

        if (!set)
                return false;
        compiler->at++;
        set->negated = *compiler->at == '^';
        compiler->at += set->negated;
        for (; first || *compiler->at != ']'; first = false)
                if (is_letter_set(compiler->at)) {
                        add_letter_set(set, compiler->at[1]);
                        compiler->at += 2;
                } else if (g_str_has_prefix(compiler->at, "[:")) {
                        return refuse(compiler, "has a set of sets between [: and :], which is not known here");
                } else if (!parse_set_range(compiler, set)) {
                        return false;
                }
        compiler->at++;
        return true;
}

static bool parse_escaped(Compiler *compiler)
{
        static const struct {
                char letter;
                StepKind kind;
        } places[] = {{'A', STEP_TEXT_START}, {'z', STEP_TEXT_END}, {'b', STEP_WORD_EDGE}, {'B', STEP_NO_WORD_EDGE}};
        gunichar c;

        for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
                if (compiler->at[1] == places[i].letter) {
                        compiler->at += 2;
                        return append(compiler, places[i].kind, 0, 0);
                }
        if (is_letter_set(compiler->at)) {
                Set *set = append_set(compiler);

                if (!set)
                        return false;
                add_letter_set(set, compiler->at[1]);
                compiler->at += 2;
                return true;
        }
        return read_escape(compiler, &c) && append_character(compiler, c);
}

/* "(?" and flags. Returns whether the group goes on: else they hold for the rest of the one around it. */
static bool parse_flags(Compiler *compiler)
{
        bool value = true;

        for (compiler->at += 2; *compiler->at; compiler->at++)
                if (*compiler->at == 'i')
                        compiler->fold = value;
                else if (*compiler->at == '-' && value)
                        value = false;
                else if (*compiler->at == ':' || *compiler->at == ')')
                        return *compiler->at++ == ':';
                else if (!strchr("msU", *compiler->at)) /* on one line these make no difference to whether it matches */
                        break;
        return refuse(compiler, "has a group of a kind that is not known here");
}

static bool parse_group(Compiler *compiler)
{
        bool fold = compiler->fold;

        if (g_str_has_prefix(compiler->at, "(?")) {
                if (!parse_flags(compiler))
                        return compiler->reason == NULL;
        } else {
                compiler->at++;
        }
        if (!parse_alternation(compiler))
                return false;
        if (*compiler->at != ')')
                return refuse(compiler, "has a ( without its )");
        compiler->at++;
        compiler->fold = fold;
        return true;
}

static bool parse_dot(Compiler *compiler)
{
        Set *set = append_set(compiler);

        if (!set)
                return false;
        compiler->at++;
        set->negated = true; /* all but nothing */
        return true;
}

static bool parse_atom(Compiler *compiler)
{
        switch (*compiler->at) {
        case '(':
                return parse_group(compiler);
        case '[':
                return parse_set(compiler);
        case '\\':
                return parse_escaped(compiler);
        case '.':
                return parse_dot(compiler);
        case '^':
                compiler->at++;
                return append(compiler, STEP_TEXT_START, 0, 0);
        case '$':
                compiler->at++;
                return append(compiler, STEP_TEXT_END, 0, 0);
        default:
                return append_character(compiler, read_character(compiler));
        }
}

static bool read_count(const char **at, int *ret)
{
        int count = 0;
        const char *c = *at;

        for (; g_ascii_isdigit(*c); c++)
                count = MIN(count * 10 + g_ascii_digit_value(*c), COUNT_MAX + 1);
        if (c == *at)
                return false;
        *at = c;
        *ret = count;
        return true;
}

/* Reads how often something is there. Returns whether it says so at all: braces with anything else are characters. */
static bool take_counts(Compiler *compiler, int *ret_min, int *ret_max)
{
        const char *at = compiler->at;
        int min = 0, max = UNBOUNDED;

        if (*at == '{') {
                at++;
                if (!read_count(&at, &min))
                        return false;
                if (*at != ',')
                        max = min;
                else if (*++at != '}' && !read_count(&at, &max))
                        return false;
                if (*at != '}')
                        return false;
        } else if (*at == '+') {
                min = 1;
        } else if (*at == '?') {
                max = 1;
        } else if (*at != '*') {
                return false;
        }
        compiler->at = at + 1;
        *ret_min = min;
        *ret_max = max;
        return true;
}

static bool append_piece(Compiler *compiler, const GArray *piece)
{
        if (length(compiler) + piece->len > compiler->max_steps)
                return refuse(compiler, "is too large");
        g_array_append_vals(compiler->pattern->steps, piece->data, piece->len);
        return true;
}

/* Has what was appended since `from` there min to max times. */
static bool repeat(Compiler *compiler, guint from, int min, int max)
{
        GArray *steps = compiler->pattern->steps;
        g_autoptr(GArray) piece = g_array_new(FALSE, FALSE, sizeof(Step));
        int size, left;

        g_array_append_vals(piece, &g_array_index(steps, Step, from), length(compiler) - from);
        g_array_set_size(steps, from);
        size = (int) piece->len;

        for (int i = 0; i < min; i++)
                if (!append_piece(compiler, piece))
                        return false;
        if (max == UNBOUNDED && min > 0)
                return append(compiler, STEP_SPLIT, -size, 1);
        if (max == UNBOUNDED)
                return append(compiler, STEP_SPLIT, 1, size + 2) && append_piece(compiler, piece) &&
                       append(compiler, STEP_JUMP, -size - 1, 0);
        for (left = max - min; left > 0; left--)
                if (!append(compiler, STEP_SPLIT, 1, left * (size + 1)) || !append_piece(compiler, piece))
                        return false;
        return true;
}

static bool parse_repetition(Compiler *compiler)
{
        guint from = length(compiler);
        int min, max;

        if (take_counts(compiler, &min, &max))
                return refuse(compiler, "repeats something where there is nothing before");
        if (!parse_atom(compiler))
                return false;
        if (!take_counts(compiler, &min, &max))
                return true;
        if (min > COUNT_MAX || max > COUNT_MAX || (max != UNBOUNDED && max < min))
                return refuse(compiler, "has counts in braces that are above 1000, or the wrong way round");
        if (*compiler->at == '?')
                compiler->at++; /* as few as possible: it matches the same texts */
        if (!repeat(compiler, from, min, max))
                return false;
        return !take_counts(compiler, &min, &max) || refuse(compiler, "repeats a repetition");
}

/* One after the other, and then another way behind a |, which goes the whole way again. */
static bool parse_alternation(Compiler *compiler)
{
        guint from = length(compiler), jump;

        while (*compiler->at && *compiler->at != '|' && *compiler->at != ')')
                if (!parse_repetition(compiler))
                        return false;
        if (*compiler->at != '|')
                return true;
        compiler->at++;

        if (!insert(compiler, from, STEP_SPLIT, 1, (int) (length(compiler) - from) + 2))
                return false;
        jump = length(compiler);
        if (!append(compiler, STEP_JUMP, 0, 0) || !parse_alternation(compiler))
                return false;
        g_array_index(compiler->pattern->steps, Step, jump).a = (int) (length(compiler) - jump);
        return true;
}

static bool parse_all(Compiler *compiler)
{
        if (!parse_alternation(compiler))
                return false;
        if (*compiler->at)
                return refuse(compiler, "has a ) without its (");
        return append(compiler, STEP_MATCH, 0, 0);
}

int pattern_compile(const char *text, unsigned max_steps, Pattern **ret, const char **ret_reason)
{
        g_autoptr(Pattern) pattern = g_new0(Pattern, 1);
        Compiler compiler = {.pattern = pattern, .max_steps = max_steps, .at = text};

        pattern->steps = g_array_new(FALSE, FALSE, sizeof(Step));
        pattern->sets = g_ptr_array_new_with_free_func(free_set);
        if (strlen(text) > PATTERN_LENGTH_MAX)
                (void) refuse(&compiler, "has more than 256 bytes");
        else if (!g_utf8_validate(text, -1, NULL))
                (void) refuse(&compiler, "is no UTF-8");
        else
                (void) parse_all(&compiler);
        if (compiler.reason) {
                *ret_reason = compiler.reason;
                return -EINVAL;
        }
        *ret = g_steal_pointer(&pattern);
        return 0;
}

Pattern *pattern_free(Pattern *pattern)
{
        if (!pattern)
                return NULL;
        g_array_unref(pattern->steps);
        g_ptr_array_unref(pattern->sets);
        g_free(pattern);
        return NULL;
}
