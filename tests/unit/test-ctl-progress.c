/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How a bar fits into a line, and what sizes and clocks look like.
 */

#include "ctl/progress.h"
#include "ctl/quantities.h"
#include "unit.h"

#define MIB (UINT64_C(1) << 20)
#define SEC ((uint64_t) G_USEC_PER_SEC)

static void test_sizes(void)
{
        static const struct {
                uint64_t bytes;
                const char *text;
        } cases[] = {
                {0, "0B"},        {1023, "1023B"},    {1024, "1.0K"}, {1536, "1.5K"},        {102399, "99.9K"},
                {102400, "100K"}, {MIB - 1, "1023K"}, {MIB, "1.0M"},  {UINT64_MAX, "15.9E"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = quantity_format_size(cases[i].bytes);
                g_assert_cmpstr(text, ==, cases[i].text);
        }
}

static void test_clocks(void)
{
        static const struct {
                uint64_t usec;
                const char *text;
        } cases[] = {
                {0, "0:00"},           {SEC - 1, "0:00"},       {7 * SEC, "0:07"},
                {3599 * SEC, "59:59"}, {3600 * SEC, "1:00:00"}, {36061 * SEC, "10:01:01"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = quantity_format_clock(cases[i].usec);
                g_assert_cmpstr(text, ==, cases[i].text);
        }
}

static void test_bar(void)
{
        static const struct {
                uint64_t done, total, usec;
                unsigned columns;
                const char *expected;
        } cases[] = {
                {0, 100 * MIB, 0, 80,
                 "importing debian:12  [>                      ]    0%     0B/100M           0:00"},
                {50 * MIB, 100 * MIB, 10 * SEC, 80,
                 "importing debian:12  [===========>           ]   50%  50.0M/100M   5.0M/s  0:10"},
                {100 * MIB, 100 * MIB, 10 * SEC, 80,
                 "importing debian:12  [=======================]  100%   100M/100M  10.0M/s  0:10"},
                /* More than there was to be, and wider than a bar gets. */
                {200 * MIB, 100 * MIB, 10 * SEC, 200,
                 "importing debian:12  [============================]  100%   200M/100M  20.0M/s  0:10"},
                {50 * MIB, 0, 10 * SEC, 80,
                 "importing debian:12  [                        <=> ]   50.0M   5.0M/s  0:10"},
                {50 * MIB, 100 * MIB, 10 * SEC, 60, "importing d...  [====>   ]   50%  50.0M/100M   5.0M/s  0:10"},
                {50 * MIB, 100 * MIB, 10 * SEC, 50, "importing deb...   50%  50.0M/100M   5.0M/s  0:10"},
                {50 * MIB, 100 * MIB, 10 * SEC, 30, " 50%  50.0M/100M   5.0M/s ..."},
                {50 * MIB, 100 * MIB, 10 * SEC, 1, ""},
                {50 * MIB, 100 * MIB, 10 * SEC, 0, ""},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = progress_bar("importing debian:12", cases[i].done, cases[i].total,
                                                     cases[i].usec, cases[i].columns);
                g_assert_cmpstr(text, ==, cases[i].expected);
        }
}

/* Whatever is asked for, it is shorter than the terminal is wide, or the next bar would not be drawn over it. */
static void test_bar_width(void)
{
        static const char *const labels[] = {"", "pruning",
                                             "importing registry.example/ä/ö/ü:with-a-long-tag-and-more"};
        static const uint64_t numbers[] = {0, 1, 1000 * MIB + 17, UINT64_MAX};

        for (size_t l = 0; l < G_N_ELEMENTS(labels); l++)
                for (size_t d = 0; d < G_N_ELEMENTS(numbers); d++)
                        for (size_t t = 0; t < G_N_ELEMENTS(numbers); t++)
                                for (unsigned columns = 1; columns < 150; columns++)
                                        for (unsigned usec = 0; usec < 4; usec++) {
                                                g_autofree char *text = progress_bar(labels[l], numbers[d], numbers[t],
                                                                                     usec * 1234567890, columns);
                                                g_assert_true(g_utf8_validate(text, -1, NULL));
                                                g_assert_cmpint(g_utf8_strlen(text, -1), <, columns);
                                        }
}

static void test_line(void)
{
        g_autofree char *known = progress_line("pulling x", 3 * MIB, 4 * MIB),
                        *unknown = progress_line("pulling x", 3 * MIB, 0);

        g_assert_cmpstr(known, ==, "pulling x: 75% (3.0M of 4.0M)");
        g_assert_cmpstr(unknown, ==, "pulling x: 3.0M");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-progress/sizes", test_sizes);
        g_test_add_func("/ctl-progress/clocks", test_clocks);
        g_test_add_func("/ctl-progress/bar", test_bar);
        g_test_add_func("/ctl-progress/bar-width", test_bar_width);
        g_test_add_func("/ctl-progress/line", test_line);
        return g_test_run();
}
