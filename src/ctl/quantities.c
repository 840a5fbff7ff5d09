/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The words of unit files turned into the numbers that systemd's bus interface takes: there, a size is bytes and a
 * time is microseconds. A number that would overflow is refused, never cut.
 */

#include "ctl/quantities.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define CPUS_MAX     8192U

/* Reads digits and moves *text past them. */
static int take_number(const char **text, uint64_t *ret)
{
        const char *p = *text;
        uint64_t number = 0;

        if (!g_ascii_isdigit(*p))
                return -EINVAL;
        for (; g_ascii_isdigit(*p); p++)
                if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
                    __builtin_add_overflow(number, (uint64_t) (*p - '0'), &number))
                        return -ERANGE;
        *text = p;
        *ret = number;
        return 0;
}

static bool is_infinity(const char *text)
{
        return strcmp(text, "infinity") == 0;
}

int quantity_parse_size(const char *text, uint64_t *ret)
{
        static const char suffixes[] = "BKMGTPE";
        const char *suffix;
        uint64_t number;
        int r;

        if (is_infinity(text)) {
                *ret = UINT64_MAX;
                return 0;
        }
        r = take_number(&text, &number);
        if (r < 0)
                return r;
        if (*text) {
                suffix = strchr(suffixes, *text);
                if (!suffix || text[1])
                        return -EINVAL;
                for (; suffix > suffixes; suffix--)
                        if (__builtin_mul_overflow(number, UINT64_C(1024), &number))
                                return -ERANGE;
        }
        *ret = number;
        return 0;
}

int quantity_parse_bytes(const char *text, uint64_t *ret)
{
        static const char suffixes[] = "bkmgtp";
        const char *suffix;
        uint64_t number;
        int r;

        r = take_number(&text, &number);
        if (r < 0)
                return r;
        if (*text) {
                suffix = strchr(suffixes, g_ascii_tolower(*text++));
                if (!suffix)
                        return -EINVAL;
                if (suffix > suffixes && g_ascii_tolower(*text) == 'i' && g_ascii_tolower(text[1]) == 'b')
                        text += 2;
                else if (suffix > suffixes && g_ascii_tolower(*text) == 'b')
                        text++;
                if (*text)
                        return -EINVAL;
                for (; suffix > suffixes; suffix--)
                        if (__builtin_mul_overflow(number, UINT64_C(1024), &number))
                                return -ERANGE;
        }
        *ret = number;
        return 0;
}

int quantity_parse_count(const char *text, uint64_t *ret)
{
        uint64_t number;
        int r;

        if (is_infinity(text)) {
                *ret = UINT64_MAX;
                return 0;
        }
        r = take_number(&text, &number);
        if (r < 0)
                return r;
        if (*text)
                return -EINVAL;
        *ret = number;
        return 0;
}

int quantity_parse_weight(const char *text, uint64_t *ret)
{
        uint64_t number;
        int r;

        r = quantity_parse_count(text, &number);
        if (r < 0)
                return r;
        if (number < 1 || number > 10000)
                return -ERANGE;
        *ret = number;
        return 0;
}

/* Moves *text past a unit of time. A number with no unit is seconds. */
static int take_unit(const char **text, uint64_t *ret)
{
        static const struct {
                const char *word;
                uint64_t usec;
        } units[] = {
                {"us", 1},
                {"usec", 1},
                {"ms", 1000},
                {"msec", 1000},
                {"", USEC_PER_SEC},
                {"s", USEC_PER_SEC},
                {"sec", USEC_PER_SEC},
                {"second", USEC_PER_SEC},
                {"seconds", USEC_PER_SEC},
                {"m", 60 * USEC_PER_SEC},
                {"min", 60 * USEC_PER_SEC},
                {"minute", 60 * USEC_PER_SEC},
                {"minutes", 60 * USEC_PER_SEC},
                {"h", 3600 * USEC_PER_SEC},
                {"hr", 3600 * USEC_PER_SEC},
                {"hour", 3600 * USEC_PER_SEC},
                {"hours", 3600 * USEC_PER_SEC},
                {"d", 86400 * USEC_PER_SEC},
                {"day", 86400 * USEC_PER_SEC},
                {"days", 86400 * USEC_PER_SEC},
                {"w", 604800 * USEC_PER_SEC},
                {"week", 604800 * USEC_PER_SEC},
                {"weeks", 604800 * USEC_PER_SEC},
        };
        size_t length = 0;

        while (g_ascii_isalpha((*text)[length]))
                length++;
        for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
                if (strlen(units[i].word) == length && strncmp(units[i].word, *text, length) == 0) {
                        *text += length;
                        *ret = units[i].usec;
                        return 0;
                }
        return -EINVAL;
}

int quantity_parse_time_span(const char *text, uint64_t *ret)
{
        uint64_t sum = 0, number, unit;
        int r;

        if (is_infinity(text)) {
                *ret = UINT64_MAX;
                return 0;
        }
        do {
                text += strspn(text, " ");
                r = take_number(&text, &number);
                if (r < 0)
                        return r;
                text += strspn(text, " ");
                r = take_unit(&text, &unit);
                if (r < 0)
                        return r;
                if (__builtin_mul_overflow(number, unit, &number) || __builtin_add_overflow(sum, number, &sum))
                        return -ERANGE;
                text += strspn(text, " ");
        } while (*text);
        *ret = sum;
        return 0;
}

int quantity_parse_cpu_quota(const char *text, uint64_t *ret)
{
        uint64_t percent, hundredths = 0;
        int r;

        if (is_infinity(text)) {
                *ret = UINT64_MAX;
                return 0;
        }
        r = take_number(&text, &percent);
        if (r < 0)
                return r;
        if (*text == '.') {
                text++;
                if (!g_ascii_isdigit(*text))
                        return -EINVAL;
                hundredths = (uint64_t) (*text++ - '0') * 10;
                if (g_ascii_isdigit(*text))
                        hundredths += (uint64_t) (*text++ - '0');
        }
        if (strcmp(text, "%") != 0)
                return -EINVAL;
        if (__builtin_mul_overflow(percent, USEC_PER_SEC / 100, &percent) ||
            __builtin_add_overflow(percent, hundredths * (USEC_PER_SEC / 10000), &percent))
                return -ERANGE;
        if (percent == 0)
                return -ERANGE;
        *ret = percent;
        return 0;
}

static int take_cpu_range(const char **text, uint64_t *ret_first, uint64_t *ret_last)
{
        uint64_t first, last;
        int r;

        r = take_number(text, &first);
        if (r < 0)
                return r;
        last = first;
        if (**text == '-') {
                (*text)++;
                r = take_number(text, &last);
                if (r < 0)
                        return r;
        }
        if (last < first)
                return -EINVAL;
        if (last >= CPUS_MAX)
                return -ERANGE;
        *ret_first = first;
        *ret_last = last;
        return 0;
}

int quantity_parse_cpu_list(const char *text, GByteArray **ret)
{
        static const char separators[] = " ,";
        g_autoptr(GByteArray) mask = g_byte_array_new();
        uint64_t first, last;
        int r;

        text += strspn(text, separators);
        do {
                r = take_cpu_range(&text, &first, &last);
                if (r < 0)
                        return r;
                if (*text && !strchr(separators, *text))
                        return -EINVAL;
                while (mask->len <= last / 8)
                        g_byte_array_append(mask, (const guint8 *) "", 1);
                for (; first <= last; first++)
                        mask->data[first / 8] |= (guint8) (1U << (first % 8));
                text += strspn(text, separators);
        } while (*text);
        *ret = g_steal_pointer(&mask);
        return 0;
}

char *quantity_format_size(uint64_t bytes)
{
        static const char suffixes[] = "BKMGTPE";
        uint64_t whole = bytes, rest = 0;
        size_t i = 0;

        for (; whole >= 1024; i++) {
                rest = whole % 1024;
                whole /= 1024;
        }
        /* Cut, not rounded: what is full shows as full only when it is. */
        if (i == 0 || whole >= 100)
                return g_strdup_printf("%" G_GUINT64_FORMAT "%c", whole, suffixes[i]);
        return g_strdup_printf("%" G_GUINT64_FORMAT ".%u%c", whole, (unsigned) (rest * 10 / 1024), suffixes[i]);
}

char *quantity_format_clock(uint64_t usec)
{
        uint64_t seconds = usec / USEC_PER_SEC, hours = seconds / 3600;
        unsigned minutes = (unsigned) (seconds / 60 % 60), rest = (unsigned) (seconds % 60);

        if (hours > 0)
                return g_strdup_printf("%" G_GUINT64_FORMAT ":%02u:%02u", hours, minutes, rest);
        return g_strdup_printf("%u:%02u", minutes, rest);
}
