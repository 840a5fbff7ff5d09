/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Regular expressions: what they match, what is refused, and that none takes long. */

#include <errno.h>

#include "model/pattern.h"
#include "unit.h"

#define MAX_STEPS 128U

static Pattern *compile_ok(const char *text)
{
        g_autofree char *reason = NULL;
        Pattern *pattern = NULL;
        int r = pattern_compile(text, MAX_STEPS, &pattern, &reason);

        if (r < 0)
                g_error("/%s/ %s", text, reason);
        return pattern;
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
                {"^\\w$", "牛", true},
                {"^\\w$", "é", true},
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
                {"[[:alpha]", "a [: without"},
                {"a{,3}", "begins no repetition"},
                {"a{b}", "begins no repetition"},
                {"a{1,2", "begins no repetition"},
                {"[b-a]", "does not compile"},
                {"*", "nothing to repeat"},
                {"a|*", "nothing to repeat"},
                {"(+)", "nothing to repeat"},
                {"{2}", "nothing to repeat"},
                {"a**", "repeats a repetition"},
                {"a{2}{3}", "repeats a repetition"},
                {"a{2,1}", "does not compile"},
                {"a{1001}", "too large"},
                {"a{99999999999999999999}", "too large"},
                {"a{1000}", "too large"},
                {"((a{20}){20}){20}", "too large"},
                {"(a{0,400})(a{0,400})", "too large"},
                {"\\", "ends with"},
                {"a\\", "ends with"},
                {"\\1", "\\1"},
                {"\\Qa\\E", "\\Q"},
                {"\\é", "a \\ before"},
                {"(?=a)", "a group that begins with"},
                {"(?<!a)", "a group that begins with"},
                {"(?>a)", "a group that begins with"},
                {"(?R)", "a group that begins with"},
                {"(?x)", "a group that begins with"},
                {"(?", "a group that begins with"},
                {"(*ACCEPT)", "has (*"},
                {"\xff", "no UTF-8"},
        };
        g_autofree char *long_one = g_strnfill(PATTERN_LENGTH_MAX + 1, 'a');
        char *reason = NULL;
        Pattern *pattern = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_assert_cmpint(pattern_compile(cases[i].expression, MAX_STEPS, &pattern, &reason), ==, -EINVAL);
                g_test_message("/%s/ %s", cases[i].expression, reason);
                g_assert_null(pattern);
                if (!strstr(reason, cases[i].part))
                        g_error("'%s' is not in: /%s/ %s", cases[i].part, cases[i].expression, reason);
                g_clear_pointer(&reason, g_free);
        }
        g_assert_cmpint(pattern_compile(long_one, MAX_STEPS, &pattern, &reason), ==, -EINVAL);
        g_assert_nonnull(strstr(reason, "256 bytes"));
        g_free(reason);
}

/* What makes others take longer than the sun will burn. */
static void test_time(void)
{
        static const char *const expressions[] = {"^(a+)+$",
                                                  "^(a|a)*$",
                                                  "^(a|aa)+$",
                                                  "(a*)*b",
                                                  "(.*)(.*)(.*)(.*)(.*)b$",
                                                  "^(a?){14}a{14}$",
                                                  "(x+x+)+y",
                                                  "([a-z]+)*[0-9]",
                                                  "(?i)([A-Z]{1,4}){1,9}!",
                                                  "((a{0,4}){0,4}){0,2}b",
                                                  "(?:a?){0,18}[bc][cd]",
                                                  "(?:|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a)*[bc][cd]",
                                                  "(?:[^\\PL\\PL\\PL]?){0,14}[bc][cd]"};
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
        g_test_add_func("/pattern/time", test_time);
        return g_test_run();
}
