/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * PCRE's usual way tries one possibility after the other, so a short expression can take longer than the daemon may.
 * Its other one, which g_regex_match_all_full() takes, goes all ways at once, a character at a time, and is in no state
 * twice. Three things are needed for that to be enough:
 *
 * * It looks for a match at one place. What is before is taken by the expression itself, as is what is behind, or each
 *   end that a match can have would be listed, and each time that the list is too short GLib begins anew.
 * * It does not keep a set of states but compares each with all others, so their number is what counts. A scan adds
 *   them up before anything is compiled.
 * * Assertions, atomic groups, possessive repetitions and recursion make it call itself, as often as it comes there.
 * The scan takes only what it knows, and it knows RE2's syntax, which has none of those.
 */

#include "model/pattern.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD    LETTERS "0123456789_"

/* States that PCRE is in, or goes to once more only to find that it was there, in units of those of a character. They
 * were measured, with texts that need all of them. */
#define STEPS_ALWAYS 8U
#define STEPS_GROUP  4U
#define STEPS_BRANCH 2U
#define STEPS_REPEAT 1U
/* A set is searched one after the other: so many bytes of it are a step. */
#define SET_BYTES_PER_STEP 8U

/* As the scan has seen to it that the brackets are pairs, none of them ends the group around the expression. */
#define ANYWHERE "(?s:.*?)(?:%s)(?s:.*)\\z"

struct Pattern {
        GRegex *regex;
        unsigned steps;
};

typedef struct Scan {
        const char *at;
        unsigned max_steps;
        unsigned last; /* steps of what a repetition would repeat */
        unsigned depth;
        unsigned steps[PATTERN_LENGTH_MAX + 1]; /* by depth: of the group so far */
        char *reason;
} Scan;

static bool __attribute__((format(printf, 2, 3))) refuse(Scan *scan, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        scan->reason = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        return false;
}

static bool add(Scan *scan, unsigned steps)
{
        scan->steps[scan->depth] += steps;
        return scan->steps[scan->depth] <= scan->max_steps || refuse(scan, "is too large");
}

static bool add_atom(Scan *scan, unsigned steps)
{
        scan->last = steps;
        return add(scan, steps);
}

static bool skip_escape(Scan *scan, bool in_set)
{
        char letter = scan->at[1];

        if (!letter)
                return refuse(scan, "ends with a \\");
        if (!g_ascii_isgraph(letter) && letter != ' ')
                return refuse(scan, "has a \\ before a character that it can't stand before");
        if (g_ascii_isalnum(letter) && !strchr(in_set ? "dDsSwWpPafnrtx" : "dDsSwWpPafnrtxAzbB", letter))
                return refuse(scan, "has \\%c%s, which is not known here", letter, in_set ? " between [ and ]" : "");
        scan->at += 2;
        if (strchr("pPx", letter) && *scan->at == '{') {
                scan->at += 1 + strspn(scan->at + 1, "^" WORD);
                if (*scan->at != '}')
                        return refuse(scan, "has a \\%c{ without its }", letter);
                scan->at++;
        }
        return true;
}

/* A set's part like [:alpha:]. */
static bool skip_named_set(Scan *scan)
{
        scan->at += 2;
        scan->at += *scan->at == '^';
        scan->at += strspn(scan->at, LETTERS);
        if (!g_str_has_prefix(scan->at, ":]"))
                return refuse(scan, "has a [: without its :] between [ and ]");
        scan->at += 2;
        return true;
}

static bool scan_set(Scan *scan)
{
        const char *start = scan->at++;

        scan->at += *scan->at == '^';
        scan->at += *scan->at == ']'; /* as the first it is a character */
        while (*scan->at != ']') {
                if (!*scan->at)
                        return refuse(scan, "has a [ without its ]");
                if (*scan->at == '\\') {
                        if (!skip_escape(scan, true))
                                return false;
                } else if (g_str_has_prefix(scan->at, "[:")) {
                        if (!skip_named_set(scan))
                                return false;
                } else {
                        scan->at++;
                }
        }
        scan->at++;
        return add_atom(scan, 1 + (unsigned) (scan->at - start) / SET_BYTES_PER_STEP);
}

/* What is between ( and the group's own beginning: a name, or flags, which may be all that there is. */
static bool skip_group_kind(Scan *scan, bool *ret_flags_only)
{
        const char *kind = scan->at;

        if (*kind == '*')
                return refuse(scan, "has (*, which is not known here");
        *ret_flags_only = false;
        if (*kind != '?')
                return true;
        scan->at += g_str_has_prefix(kind, "?P<") ? 2 : 1;
        if (*scan->at == '<') {
                scan->at += 1 + strspn(scan->at + 1, WORD);
                if (*scan->at == '>')
                        return scan->at++, true;
        } else {
                scan->at += strspn(scan->at, "imsU-");
                *ret_flags_only = *scan->at == ')';
                if (*scan->at == ':' || *scan->at == ')')
                        return scan->at++, true;
        }
        return refuse(scan, "has a group that begins with (%.*s, which is not known here",
                      (int) MIN(strspn(kind, "?<=!>#|&'+-:^" WORD), 3), kind);
}

static bool scan_group_start(Scan *scan)
{
        bool flags_only = false;

        scan->at++;
        if (!skip_group_kind(scan, &flags_only))
                return false;
        if (flags_only)
                return add_atom(scan, 1);
        scan->steps[++scan->depth] = 0;
        return add(scan, STEPS_GROUP);
}

static bool scan_group_end(Scan *scan)
{
        if (scan->depth == 0)
                return refuse(scan, "has a ) without its (");
        scan->at++;
        scan->depth--;
        return add_atom(scan, scan->steps[scan->depth + 1]);
}

static unsigned read_count(Scan *scan)
{
        unsigned count = 0;

        for (; g_ascii_isdigit(*scan->at); scan->at++)
                count = MIN(count * 10 + (unsigned) g_ascii_digit_value(*scan->at), scan->max_steps + 1);
        return count;
}

/* {N}, {N,} or {N,M}. What else braces can mean depends on PCRE's version. */
static bool scan_counts(Scan *scan, unsigned *ret)
{
        bool ok = g_ascii_isdigit(*++scan->at);
        unsigned count = read_count(scan);

        if (*scan->at == ',') {
                unsigned most;

                scan->at++;
                most = read_count(scan);
                count = MAX(count, most);
        }
        if (!ok || *scan->at != '}')
                return refuse(scan, "has a { that begins no repetition; a { itself is \\{");
        *ret = count;
        return true;
}

static bool scan_repetition(Scan *scan)
{
        unsigned count = 1;

        if (*scan->at == '{' && !scan_counts(scan, &count))
                return false;
        scan->at++;
        scan->at += *scan->at == '?'; /* as few as possible: it matches the same texts */
        if (*scan->at && strchr("*+?{", *scan->at))
                return refuse(scan, "repeats a repetition");
        return add(scan, STEPS_REPEAT + scan->last * (MAX(count, 1) - 1));
}

static bool scan_next(Scan *scan)
{
        switch (*scan->at) {
        case '\\':
                return skip_escape(scan, false) && add_atom(scan, 1);
        case '[':
                return scan_set(scan);
        case '(':
                return scan_group_start(scan);
        case ')':
                return scan_group_end(scan);
        case '*':
        case '+':
        case '?':
        case '{':
                return scan_repetition(scan);
        case '|':
                scan->at++;
                return add_atom(scan, STEPS_BRANCH);
        default:
                scan->at = g_utf8_next_char(scan->at);
                return add_atom(scan, 1);
        }
}

static bool scan_all(Scan *scan)
{
        if (strlen(scan->at) > PATTERN_LENGTH_MAX)
                return refuse(scan, "has more than %u bytes", PATTERN_LENGTH_MAX);
        if (!g_utf8_validate(scan->at, -1, NULL))
                return refuse(scan, "is no UTF-8");
        if (!add(scan, STEPS_ALWAYS))
                return false;
        while (*scan->at)
                if (!scan_next(scan))
                        return false;
        return scan->depth == 0 || refuse(scan, "has a ( without its )");
}

static GRegex *compile(const char *text, GError **error)
{
        return g_regex_new(text, G_REGEX_ANCHORED | G_REGEX_DOLLAR_ENDONLY | G_REGEX_DOTALL, 0, error);
}

int pattern_compile(const char *text, unsigned max_steps, Pattern **ret, char **ret_reason)
{
        Scan scan = {.at = text, .max_steps = max_steps};
        g_autofree char *anywhere = g_strdup_printf(ANYWHERE, text);
        g_autoptr(GRegex) alone = NULL, regex = NULL;
        g_autoptr(GError) error = NULL;

        if (!scan_all(&scan)) {
                *ret_reason = scan.reason;
                return -EINVAL;
        }
        alone = compile(text, &error); /* for an error that quotes it as it is */
        if (alone)
                regex = compile(anywhere, &error);
        if (!regex) {
                *ret_reason = g_strdup_printf("does not compile: %s", error->message);
                return -EINVAL;
        }
        *ret = g_new(Pattern, 1);
        (*ret)->regex = g_steal_pointer(&regex);
        (*ret)->steps = scan.steps[0];
        return 0;
}

unsigned pattern_get_steps(const Pattern *pattern)
{
        return pattern->steps;
}

bool pattern_matches(const Pattern *pattern, const char *text)
{
        const char *end;

        (void) g_utf8_validate(text, -1, &end);
        /* It fails only where memory does, or where the scan let pass what it should not have; then nothing matches. */
        return g_regex_match_all_full(pattern->regex, text, end - text, 0, 0, NULL, NULL);
}

Pattern *pattern_free(Pattern *pattern)
{
        if (!pattern)
                return NULL;
        g_regex_unref(pattern->regex);
        g_free(pattern);
        return NULL;
}
