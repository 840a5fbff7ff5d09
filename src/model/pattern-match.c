/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * All ways through the steps are gone at once, a character of the text at a time: a list says which steps would take
 * the next one, and no step is in it twice. This is Thompson's way; what tries one way after the other, as PCRE does,
 * can be made to take longer than the daemon may.
 */

#include "model/pattern-private.h"

#define END ((gunichar) -1)

typedef struct Run {
        const Pattern *pattern;
        guint *list; /* the steps that take a character */
        guint n_list;
        guint *stack;  /* those still to look at */
        guint *marks;  /* by step: the round in which it was looked at last */
        bool *in_set;  /* by set: whether the next character is in it */
        guint round;   /* from 1 */
        gunichar last; /* the character before the place where we are, and the one behind it; END: none */
        gunichar next;
} Run;

static bool is_word(gunichar c)
{
        return c < 128 && (g_ascii_isalnum((char) c) || c == '_');
}

static bool holds(const Run *run, StepKind kind)
{
        bool edge = is_word(run->last) != is_word(run->next);

        switch (kind) {
        case STEP_TEXT_START:
                return run->last == END;
        case STEP_TEXT_END:
                return run->next == END;
        case STEP_WORD_EDGE:
                return edge;
        default:
                return !edge;
        }
}

/* Adds what can be come to from a step without a character. Returns whether the end is among it. */
static bool add(Run *run, guint from)
{
        guint n = 0;

        run->stack[n++] = from;
        while (n > 0) {
                guint i = run->stack[--n];
                const Step *step = &g_array_index(run->pattern->steps, Step, i);

                if (run->marks[i] == run->round)
                        continue;
                run->marks[i] = run->round;
                switch (step->kind) {
                case STEP_MATCH:
                        return true;
                case STEP_CHARACTER:
                case STEP_FOLDED_CHARACTER:
                case STEP_SET:
                        run->list[run->n_list++] = i;
                        break;
                case STEP_SPLIT:
                        run->stack[n++] = (guint) ((int) i + step->b);
                        run->stack[n++] = (guint) ((int) i + step->a);
                        break;
                case STEP_JUMP:
                        run->stack[n++] = (guint) ((int) i + step->a);
                        break;
                default:
                        if (holds(run, step->kind))
                                run->stack[n++] = i + 1;
                }
        }
        return false;
}

static bool is_in_ranges(const Set *set, gunichar c)
{
        for (guint i = 0; i < set->ranges->len; i++) {
                const Range *range = &g_array_index(set->ranges, Range, i);

                if (c >= range->first && c <= range->last)
                        return true;
        }
        return false;
}

static bool is_in_set(const Set *set, gunichar c)
{
        bool found =
                is_in_ranges(set, c) ||
                (set->fold && (is_in_ranges(set, g_unichar_tolower(c)) || is_in_ranges(set, g_unichar_toupper(c))));

        return found != set->negated;
}

/* What the next character leads to, into a list of its own. Returns how many. A set may be that of many steps, so each
 * is asked once. */
static guint take(const Run *run, guint *ret)
{
        const Pattern *pattern = run->pattern;
        gunichar lower = g_unichar_tolower(run->next);
        guint n = 0;

        for (guint i = 0; i < pattern->sets->len; i++)
                run->in_set[i] = is_in_set(pattern->sets->pdata[i], run->next);
        for (guint i = 0; i < run->n_list; i++) {
                const Step *step = &g_array_index(pattern->steps, Step, run->list[i]);

                if (step->kind == STEP_SET                ? run->in_set[step->a]
                    : step->kind == STEP_FOLDED_CHARACTER ? lower == (gunichar) step->a
                                                          : run->next == (gunichar) step->a)
                        ret[n++] = run->list[i] + 1;
        }
        return n;
}

static gunichar decode(const char *text)
{
        gunichar c = g_utf8_get_char_validated(text, -1);

        return c == 0 || c >= (gunichar) -2 ? END : c;
}

bool pattern_matches(const Pattern *pattern, const char *text)
{
        guint n = pattern->steps->len, n_from = 0;
        g_autofree guint *list = g_new(guint, n), *from = g_new(guint, n), *marks = g_new0(guint, n);
        /* A step is left once a round, and puts two others at most. */
        g_autofree guint *stack = g_new(guint, 2 * (gsize) n + 1);
        g_autofree bool *in_set = g_new(bool, pattern->sets->len);
        Run run = {.pattern = pattern, .list = list, .stack = stack, .marks = marks, .in_set = in_set, .last = END};

        for (;;) {
                run.next = decode(text);
                run.round++;
                run.n_list = 0;
                for (guint i = 0; i < n_from; i++)
                        if (add(&run, from[i]))
                                return true;
                if (add(&run, 0))
                        return true;
                if (run.next == END)
                        return false;
                n_from = take(&run, from);
                run.last = run.next;
                text = g_utf8_next_char(text);
        }
}

unsigned pattern_get_steps(const Pattern *pattern)
{
        return pattern->steps->len;
}
