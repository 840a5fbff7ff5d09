/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Regular expressions: what they match, what is refused, and that none takes long. PCRE knows all of their syntax, so
 * it is asked, too, where it can't take long either. */

#include <errno.h>

#include "model/pattern.h"
#include "unit.h"

#define MAX_STEPS 500U

static Pattern *compile_ok(const char *text)
{
        const char *reason = NULL;
        Pattern *pattern = NULL;
        int r = pattern_compile(text, MAX_STEPS, &pattern, &reason);

        if (r < 0)
                g_error("/%s/ %s", text, reason);
        return pattern;
}

static bool pcre_matches(const char *expression, const char *text)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GRegex) regex = g_regex_new(expression, G_REGEX_DOLLAR_ENDONLY | G_REGEX_DOTALL, 0, &error);

        g_assert_no_error(error);
        return g_regex_match(regex, text, 0, NULL);
}

static void test_matches(void)
{
        static const struct {
                const char *expression, *text;
                bool matches;
        } cases[] = {
                {"", "", true},
                {"", "a", true},
                {"a", "cat", true},
                {"a", "dog", false},
                {"^a", "ba", false},
                {"a$", "ab", false},
                {"^$", "", true},
                {"^$", "a", false},
                {"a.c", "abc", true},
                {"a.c", "ac", false},
                {"^a.c$", "a牛c", true},
                {"^(linux/amd64|linux/arm64)$", "linux/arm64", true},
                {"^(linux/amd64|linux/arm64)$", "linux/arm64/v8", false},
                {"^(|a|bc)$", "bc", true},
                {"^(|a|bc)$", "b", false},
                {"a||b", "x", true},
                {"^(a|)+b$", "aab", true},
                {"^ab*c$", "ac", true},
                {"^ab*c$", "abbbc", true},
                {"^ab+c$", "ac", false},
                {"^ab?c$", "abbc", false},
                {"^ab??c$", "abc", true},
                {"^(ab){2}$", "abab", true},
                {"^(ab){2}$", "ab", false},
                {"^(ab){2,}$", "ababab", true},
                {"^(ab){2,3}$", "abababab", false},
                {"^(ab){0,2}?$", "", true},
                {"^a{0}$", "a", false},
                {"^a{,3}$", "a{,3}", true},
                {"^a{b}$", "a{b}", true},
                {"^a{1,2$", "a{1,2", true},
                {"^(a*)*$", "aaa", true},
                {"^()*b$", "b", true},
                {"^(a?){3}a{3}$", "aaa", true},
                {"^[a-c]+$", "abc", true},
                {"^[a-c]+$", "abd", false},
                {"^[^a-c]+$", "xyz", true},
                {"^[^a-c]+$", "xaz", false},
                {"^[]a]+$", "]a", true},
                {"^[^]a]+$", "]", false},
                {"^[a-]+$", "a-", true},
                {"^[-a]+$", "-", true},
                {"^[.*+$]+$", ".*+$", true},
                {"^[\\]\\-\\\\]+$", "]-\\", true},
                {"^[\\d_]+$", "0_9", true},
                {"^[^\\d]+$", "a1", false},
                {"^[\\D]+$", "1", false},
                {"^[ä-ü]$", "ö", true},
                {"^\\d\\D\\w\\W\\s\\S$", "1a_- x", true},
                {"^\\W$", "牛", true},
                {"^\\w$", "é", false},
                {"^\\S+$", "a b", false},
                {"\\bfoo\\b", "a foo b", true},
                {"\\bfoo\\b", "food", false},
                {"\\Boo\\b", "foo", true},
                {"\\Aab\\z", "ab", true},
                {"\\Aab\\z", "abc", false},
                {"^\\.\\*\\/\\_\\t$", ".*/_\t", true},
                {"(?i)^HELLO [a-c]Ä$", "hello Bä", true},
                {"(?i)a(?-i)b", "Ab", true},
                {"(?i)a(?-i)b", "AB", false},
                {"a(?i:b)c", "aBc", true},
                {"a(?i:b)c", "aBC", false},
                {"(a(?i)b)c", "aBC", false},
                {"(?i)[^a]", "A", false},
                {"(?:a|b)(?:c|d)$", "bd", true},
                {"(?s)(?m)a.b", "axb", true},
                {"^(a|b|c|d)+x$", "abcdabcdx", true},
                {"]", "]", true},
                {"}", "}", true},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Pattern) pattern = compile_ok(cases[i].expression);

                g_test_message("/%s/ on '%s'", cases[i].expression, cases[i].text);
                g_assert_true(pattern_matches(pattern, cases[i].text) == cases[i].matches);
                /* As GLib sets it up, \\w is any letter for PCRE. */
                if (g_str_is_ascii(cases[i].text))
                        g_assert_true(pcre_matches(cases[i].expression, cases[i].text) == cases[i].matches);
        }
        g_assert_null(pattern_free(NULL));
}

static void test_refused(void)
{
        static const struct {
                const char *expression, *part;
        } cases[] = {
                {"(", "a ( without"},
                {"(a|b", "a ( without"},
                {")", "a ) without"},
                {"a)(b", "a ) without"},
                {"[", "a [ without"},
                {"[]", "a [ without"},
                {"[a-", "a [ without"},
                {"[[:alpha:]]", "[: and :]"},
                {"[b-a]", "before its start"},
                {"[a-\\d]", "a \\ before"},
                {"*", "nothing before"},
                {"a|*", "nothing before"},
                {"(+)", "nothing before"},
                {"{2}", "nothing before"},
                {"a**", "repeats a repetition"},
                {"a{2}{3}", "repeats a repetition"},
                {"a{2,1}", "the wrong way round"},
                {"a{1001}", "above 1000"},
                {"a{99999999999999999999}", "above 1000"},
                {"a{1000}", "too large"},
                {"((a{20}){20}){20}", "too large"},
                {"(a{0,400})(a{0,400})", "too large"},
                {"\\", "ends with"},
                {"a\\", "ends with"},
                {"\\1", "a \\ before"},
                {"\\pL", "a \\ before"},
                {"\\Qa\\E", "a \\ before"},
                {"\\é", "a \\ before"},
                {"(?=a)", "a kind"},
                {"(?<!a)", "a kind"},
                {"(?>a)", "a kind"},
                {"(?R)", "a kind"},
                {"(?x)", "a kind"},
                {"(?", "a kind"},
                {"(*ACCEPT)", "nothing before"},
                {"\xff", "no UTF-8"},
        };
        g_autofree char *long_one = g_strnfill(PATTERN_LENGTH_MAX + 1, 'a');
        const char *reason = NULL;
        Pattern *pattern = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_assert_cmpint(pattern_compile(cases[i].expression, MAX_STEPS, &pattern, &reason), ==, -EINVAL);
                g_test_message("/%s/ %s", cases[i].expression, reason);
                g_assert_null(pattern);
                g_assert_nonnull(strstr(reason, cases[i].part));
        }
        g_assert_cmpint(pattern_compile(long_one, MAX_STEPS, &pattern, &reason), ==, -EINVAL);
        g_assert_nonnull(strstr(reason, "256 bytes"));
}

/* Expressions as the dice have them, on short texts: both engines have to agree on all that PCRE takes. */
static void test_against_pcre(void)
{
        static const char *const pieces[] = {"a",  "b",      "c",     ".",    "(",   ")",   "|",    "*",     "+",
                                             "?",  "{2}",    "{1,2}", "{0,}", "[a",  "[^b", "]",    "-c",    "^",
                                             "$",  "\\b",    "\\w",   "(?:",  "a",   "b",   "(?i:", "A",     "\\W",
                                             "a*", "(a|b)*", "[ab]",  "()",   "\\A", "\\z", "(?i)", "[\\d]", "\\B"};
        static const char *const texts[] = {"",    "a", "b",   "ab",  "ba", "abc", "aab",
                                            "cab", "A", "a b", "bbb", "-c", "c]"};
        g_autoptr(GRand) dice = g_rand_new_with_seed(4711);
        unsigned n_compared = 0;

        for (unsigned i = 0; i < 20000; i++) {
                g_autoptr(GString) expression = g_string_new(NULL);
                g_autoptr(GError) error = NULL;
                g_autoptr(Pattern) pattern = NULL;
                g_autoptr(GRegex) regex = NULL;
                const char *reason;

                for (int n = g_rand_int_range(dice, 1, 8); n > 0; n--)
                        g_string_append(expression, pieces[g_rand_int_range(dice, 0, G_N_ELEMENTS(pieces))]);
                if (pattern_compile(expression->str, MAX_STEPS, &pattern, &reason) < 0)
                        continue;
                regex = g_regex_new(expression->str, G_REGEX_DOLLAR_ENDONLY | G_REGEX_DOTALL, 0, &error);
                if (!regex) /* as (?i)*, which repeats nothing */
                        continue;
                n_compared++;
                for (size_t j = 0; j < G_N_ELEMENTS(texts); j++)
                        if (pattern_matches(pattern, texts[j]) != g_regex_match(regex, texts[j], 0, NULL))
                                g_error("/%s/ and '%s': PCRE sees it otherwise", expression->str, texts[j]);
        }
        g_test_message("%u expressions", n_compared);
        g_assert_cmpuint(n_compared, >, 4000);
}

/* What makes others take longer than the sun will burn. */
static void test_time(void)
{
        static const char *const expressions[] = {"^(a+)+$",
                                                  "^(a|a)*$",
                                                  "^(a|aa)+$",
                                                  "(a*)*b",
                                                  "(.*)(.*)(.*)(.*)(.*)b$",
                                                  "^(a?){100}a{100}$",
                                                  "(x+x+)+y",
                                                  "([a-z]+)*[0-9]",
                                                  "(?i)([A-Z]{1,4}){1,30}!",
                                                  "((a{0,9}){0,9}){0,2}b"};
        g_autofree char *text = g_strnfill(255, 'a');
        gint64 slowest = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(expressions); i++) {
                g_autoptr(Pattern) pattern = compile_ok(expressions[i]);
                gint64 before = g_get_monotonic_time();

                (void) pattern_matches(pattern, text);
                slowest = MAX(slowest, g_get_monotonic_time() - before);
        }
        g_test_message("the slowest took %" G_GINT64_FORMAT " us", slowest);
        /* Some thousand times what it takes: this is about those that never end. */
        g_assert_cmpint(slowest, <, 5 * G_USEC_PER_SEC);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/pattern/matches", test_matches);
        g_test_add_func("/pattern/refused", test_refused);
        g_test_add_func("/pattern/against-pcre", test_against_pcre);
        g_test_add_func("/pattern/time", test_time);
        return g_test_run();
}
